// For MAP_ANONYMOUS.
#define _GNU_SOURCE

#include "tests/vm/exerciser/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vm/exerciser/world.h"
#include "tests/vm/features.h"

enum { SECONDS_MAX = 90 };  // that a session may take before it counts as hung

static struct world world;

struct record *record_new(void) {
  struct record *record =
      mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return record == MAP_FAILED ? NULL : record;
}

void record_delete(struct record *record) { munmap(record, sizeof *record); }

// The steps come from `random`, or else are in the record.
static void run(struct record *record, const char *name, struct random *random, uint32_t steps) {
  static const struct step check = {.kind = STEP_CHECK};
  bool ok = world_begin(&world, name);
  for (record->count = 0; ok && record->count < steps;) {
    struct step *step = &record->step[record->count++];
    if (random) *step = world_draw(&world, random);
    ok = world_step(&world, step);
  }
  if (ok) world_step(&world, &check);
  memcpy(record->failure, world.failure, sizeof record->failure);
  world_end(&world);
}

static pid_t start(struct record *record, const char *name, struct random *random, uint32_t steps) {
  strcpy(record->failure, "did not start");
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
#if HAVE_SIGACTION
    alarm(SECONDS_MAX);
#endif
    strcpy(record->failure, "crashed, or hung");
    run(record, name, random, steps);
    _exit(0);
  }
  return pid;
}

pid_t session_start(struct record *record, const char *name, uint64_t seed, uint32_t steps) {
  struct random random = {seed};
  return start(record, name, &random, steps < SESSION_STEPS_MAX ? steps : SESSION_STEPS_MAX);
}

bool session_wait(struct record *record, pid_t pid) {
  int status;
  if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0) return record->failure[0] == 0;
  if (!record->failure[0]) strcpy(record->failure, "ended in an unusual way");
  return false;
}

bool session_replay(struct record *record, const char *name, const struct step *steps,
                    uint32_t count) {
  memcpy(record->step, steps, count * sizeof *steps);
  return session_wait(record, start(record, name, NULL, count));
}
