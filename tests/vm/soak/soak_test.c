// The whole system for some minutes: exercisers, fsx, shells and programs that need much memory,
// all at once and killed at random. What is not killed must end well, and in time. That nothing
// leaks and that the disk is clean, the harness looks at.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness/cases.h"
#include "tests/vm/random.h"

#ifndef HOG_MEGABYTES
#define HOG_MEGABYTES 6u
#endif

#define PAGE 4096ul

enum {
  AT_ONCE = 5,
  EXERCISERS_MAX = 3,
  ROUND_SECONDS = 45,  // during which jobs are started
  JOB_SECONDS = 60,    // that one may take before it counts as hung
  KILL_PERCENT = 30,
  PAUSE_US = 10000,
};

// A program and what it reads. It says "@fail" if something is wrong.
struct job {
  const char *path, *argument, *command, *input;
};

static const struct job jobs[] = {
    {"/bin/exerciser_test_program", NULL, NULL, "run Exerciser.OneWorld\nexit 0\n"},
    {"/bin/fsx_test_program", NULL, NULL, "run Fsx.OneProcess\nexit 0\n"},
    {"/bin/fsx_test_program", NULL, NULL, "run Fsx.TwoProcessesShareTheFilesPages\nexit 0\n"},
    {"/bin/sh", "-c", "ls -l /bin | wc; cat /bin/sh | wc -c; ps | grep sh; free; sync", ""},
    {NULL, NULL, NULL, NULL},  // a hog
};

struct running {
  pid_t pid;  // 0: none
  const struct job *job;
  time_t started;
  uint32_t kill_after;  // pauses; 0: never
};

static struct random rng = {1};
static struct running running[AT_ONCE];

static const char *place(int slot, const char *name) {
  static char path[2][64];
  static int next;
  char *text = path[next++ % 2];
  snprintf(text, sizeof path[0], "/tmp/soak%d%s", slot, name);
  return text;
}

// Writes to much memory, in no order, and looks at it again.
static void hog(uint32_t seed) {
  struct random own = {seed};
  size_t pages = (1 + random_below(&own, HOG_MEGABYTES)) * (1ul << 20) / PAGE;
  uint32_t *memory =
      mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) _exit(errno == ENOMEM ? 0 : 1);
  for (size_t i = 0; i < 8 * pages; i++) {
    size_t page = random_below(&own, (uint32_t)pages);
    uint32_t *word = memory + page * (PAGE / sizeof *memory);
    if (*word != 0 && *word != seed + page) {
      printf("@fail hog: page %lu has 0x%x\n", (unsigned long)page, (unsigned)*word);
      fflush(stdout);
      _exit(1);
    }
    *word = seed + (uint32_t)page;
  }
  _exit(0);
}

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return;
  if (write(fd, text, strlen(text)) < 0) case_failed(__FILE__, __LINE__, "%s", path);
  close(fd);
}

static void become(int slot, const struct job *job, uint32_t seed) {
  char number[16];
  snprintf(number, sizeof number, "%u", (unsigned)seed);
  setenv("TEST_TMPDIR", place(slot, ""), 1);
  setenv("EXERCISER_SEED", number, 1);
  setenv("EXERCISER_ROUNDS", "1", 1);
  setenv("EXERCISER_STEPS", "400", 1);
  setenv("FSX_SEED", number, 1);
  setenv("FSX_OPERATIONS", "1500", 1);
  setpgid(0, 0);
  int in = open(place(slot, "/in"), O_RDONLY);
  int out = open(place(slot, "/out"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(in, 0);
  dup2(out, 1);
  close(in);
  close(out);
  if (!job->path) hog(seed);
  execl(job->path, job->path, job->argument, job->command, (char *)NULL);
  _exit(126);
}

// Of exercisers not more than there are pipes for.
static const struct job *draw_job(void) {
  int exercisers = 0;
  for (int i = 0; i < AT_ONCE; i++) exercisers += running[i].pid && running[i].job == &jobs[0];
  uint32_t first = exercisers < EXERCISERS_MAX ? 0 : 1;
  return &jobs[first + random_below(&rng, sizeof jobs / sizeof jobs[0] - first)];
}

static void start(int slot) {
  struct running *r = &running[slot];
  const struct job *job = draw_job();
  uint32_t seed = (uint32_t)random_next(&rng) % 1000000000;
  bool victim = random_chance(&rng, KILL_PERCENT);
  *r = (struct running){.job = job, .started = time(NULL)};
  if (victim) r->kill_after = 1 + random_below(&rng, 100);
  mkdir(place(slot, ""), 0755);
  write_file(place(slot, "/in"), job->input ? job->input : "");
  fflush(stdout);
  r->pid = fork();
  if (r->pid == 0) become(slot, job, seed);
  if (r->pid < 0) {
    case_failed(__FILE__, __LINE__, "fork: %s", strerror(errno));
    r->pid = 0;
  }
}

// Shows what a job has put out that was to end well and did not.
static void report(int slot, int status) {
  char text[1500];
  const struct job *job = running[slot].job;
  int fd = open(place(slot, "/out"), O_RDONLY);
  ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  text[n > 0 ? n : 0] = 0;
  if (fd >= 0) close(fd);
  if (status == 0 && !strstr(text, "@fail")) return;
  // The runner takes lines that begin with '@' for its own.
  for (char *at = text; (at = strchr(at, '@'));) *at = '!';
  printf("%s: wait status 0x%x\n%s\n", job->path ? job->path : "hog", (unsigned)status, text);
  case_failed(__FILE__, __LINE__, "%s: wait status 0x%x", job->path ? job->path : "hog",
              (unsigned)status);
}

static void look_after(int slot, bool more) {
  struct running *r = &running[slot];
  if (r->pid == 0) {
    if (more) start(slot);
    return;
  }
  int status;
  if (waitpid(r->pid, &status, WNOHANG) == r->pid) {
    // Of one that was killed nothing is known: by this, or because memory is short.
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) report(slot, status);
    r->pid = 0;
  } else if (r->kill_after > 0 && --r->kill_after == 0) {
    kill(-r->pid, SIGKILL);
    kill(r->pid, SIGKILL);  // it may not have its group yet
  } else if (time(NULL) > r->started + JOB_SECONDS) {
    case_failed(__FILE__, __LINE__, "%s hangs", r->job->path ? r->job->path : "hog");
    kill(-r->pid, SIGKILL);
    r->started = time(NULL);
  }
}

static void round_of(uint32_t seed) {
  rng.state = seed;
  time_t end = time(NULL) + ROUND_SECONDS;
  for (;;) {
    bool more = time(NULL) < end && !case_has_failed(), busy = false;
    for (int slot = 0; slot < AT_ONCE; slot++) {
      look_after(slot, more);
      busy = busy || running[slot].pid != 0;
    }
    if (!more && !busy) break;
    usleep(PAUSE_US);
  }
}

CASE(Soak, First) { round_of(1); }

CASE(Soak, Second) { round_of(2); }

CASE(Soak, Third) { round_of(3); }

CASE(Soak, Fourth) { round_of(4); }
