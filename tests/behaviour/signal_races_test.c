// Signals that come at the very moment when something ends, begins or is taken back.
#include <sys/time.h>

#include "tests/behaviour/signal_support.h"

// --- alarms that are taken back ----------------------------------------------------------------

static struct itimerval alarm_set(long microseconds, long interval) {
  struct itimerval value = {{0, interval}, {0, microseconds}}, old;
  if (setitimer(ITIMER_REAL, &value, &old)) case_failed(__FILE__, __LINE__, "setitimer");
  return old;
}

static bool is_on(const struct itimerval *alarm) {
  return alarm->it_value.tv_sec != 0 || alarm->it_value.tv_usec != 0;
}

static void spin(long steps) {
  for (volatile long i = 0; i < steps; ++i) {
  }
}

// What is taken back before it comes does not come. The time is sought at which it is as likely to
// have come as not.
CASE(Alarm, ThatIsTakenBackDoesNotCome) {
  long steps = 1000;
  signal_handle(SIGALRM, signal_note, 0, 0);
  for (int i = 0; i < 400; ++i) {
    const long interval = i % 2 ? 300000 : 0;
    int before = signal_seen.count;
    alarm_set(100, interval);
    spin(steps);
    struct itimerval old = alarm_set(0, 0);
    int came = signal_seen.count - before;
    CHECK_EQ(old.it_interval.tv_sec, 0);
    CHECK_EQ(old.it_interval.tv_usec, interval);
    if (interval == 0 && is_on(&old)) CHECK_EQ(came, 0);
    steps += (came ? -steps : steps) / 16;
  }
  signal(SIGALRM, SIG_DFL);
}

// --- processes that begin and end --------------------------------------------------------------

static volatile pid_t *shared_pid(void) {
  void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? NULL : page;
}

static volatile pid_t *told;

static void tell_pid(int signal) {
  (void)signal;
  *told = getpid();
}

CASE(Fork, TheFirstHandlerOfTheChildIsTheChilds) {
  int status;
  told = shared_pid();
  CHECK(told != NULL);
  signal(SIGUSR1, tell_pid);
  getpid();
  for (int i = 0; i < 100; ++i) {
    *told = 0;
    pid_t child = fork();
    if (child == 0) {
      while (*told == 0) {
      }
      _exit(0);
    }
    CHECK_EQ(kill(child, SIGUSR1), 0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(*told, child);
  }
  signal(SIGUSR1, SIG_DFL);
  munmap((void *)told, PAGE);
}

CASE(Sigchld, HasComeWhenWaitTellsOfTheChild) {
  int status;
  signal_handle(SIGCHLD, signal_note, SA_RESTART, 0);
  for (int i = 1; i <= 200; ++i) {
    pid_t child = fork();
    if (child == 0) _exit(i % 100);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(WEXITSTATUS(status), i % 100);
    CHECK_EQ(signal_seen.count, i);
    CHECK_EQ(signal_seen.pid, child);
    CHECK_EQ(signal_seen.status, i % 100);
  }
  signal(SIGCHLD, SIG_DFL);
}

// --- writes that are under way -----------------------------------------------------------------

static char much[1 << 18];

// Sends a signal once something was written, and, if it is to be sent again, each millisecond. What
// is left is not read until the writer says that it is done, or does not for a long time.
static void disturb_writer(int data, int done, pid_t writer, bool again) {
  char byte;
  CHILD_CHECK(read(data, &byte, 1) == 1);
  CHILD_CHECK(kill(writer, SIGUSR1) == 0);
  CHILD_CHECK(fcntl(done, F_SETFL, O_NONBLOCK) == 0);
  for (int i = 0; i < 2000; ++i) {
    if (read(done, &byte, 1) == 0) _exit(0);
    usleep(1000);
    if (again) kill(writer, SIGUSR1);
  }
  while (read(data, much, sizeof much) > 0) {
  }
  _exit(1);
}

static void write_disturbed(int flags) {
  int data[2], done[2], status;
  CHECK_EQ(pipe(data), 0);
  CHECK_EQ(pipe(done), 0);
  signal_handle(SIGUSR1, signal_note, flags, 0);
  pid_t writer = getpid(), child = fork();
  if (child == 0) {
    close(data[1]);
    close(done[1]);
    disturb_writer(data[0], done[0], writer, flags != 0);
  }
  close(data[0]);
  close(done[0]);
  ssize_t written = write(data[1], much, sizeof much);
  CHECK(written > 0 && written < (ssize_t)sizeof much);
  CHECK(signal_seen.count >= 1);
  close(data[1]);
  close(done[1]);
  pid_t ended;
  while ((ended = waitpid(child, &status, 0)) < 0 && errno == EINTR) {
  }
  CHECK_EQ(ended, child);
  CHECK_EQ(status, 0);
  signal(SIGUSR1, SIG_DFL);
}

// One that comes while the data moves, too: afterwards the writer would wait for ever.
CASE(Write, ThatASignalInterruptsTellsHowMuchWasWritten) {
  for (int i = 0; i < 40 && !case_has_failed(); ++i) write_disturbed(0);
  for (int i = 0; i < 5 && !case_has_failed(); ++i) write_disturbed(SA_RESTART);
}

// --- descriptors that become others ------------------------------------------------------------

static volatile int target, written_by_handler;

static void write_to_target(int signal) {
  (void)signal;
  int error = errno;
  if (write(target, "h", 1) == 1) ++written_by_handler;
  ++signal_seen.count;
  errno = error;
}

// What the descriptor is, a handler may be the first to know.
CASE(Dup2, HandlersWriteToWhatIsThere) {
  enum { SIGNALS = 100 };
  static char data[4 * SIGNALS];
  const struct itimerval often = {{0, 100}, {0, 100}};
  struct sigaction action = {.sa_handler = write_to_target, .sa_flags = SA_RESTART};
  int fds[2], file = make_file("dup2", 0);
  CHECK(file >= 0);
  CHECK_EQ(pipe(fds), 0);
  target = dup(file);
  CHECK(target >= 0);
  signal_seen.count = written_by_handler = 0;
  sigaction(SIGALRM, &action, NULL);
  CHECK_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
  while (signal_seen.count < SIGNALS) {
    CHECK_EQ(dup2(fds[1], target), target);
    CHECK_EQ(dup2(file, target), target);
  }
  alarm_set(0, 0);
  CHECK_EQ(written_by_handler, signal_seen.count);
  CHECK_EQ(write(fds[1], "h", 1), 1);  // so that reading does not wait
  ssize_t in_pipe = read(fds[0], data, sizeof data);
  ssize_t in_file = pread(file, data + in_pipe, sizeof data - (size_t)in_pipe, 0);
  CHECK_EQ(in_pipe + in_file, written_by_handler + 1);
  for (ssize_t i = 0; i < in_pipe + in_file; ++i) CHECK_EQ(data[i], 'h');
  signal(SIGALRM, SIG_DFL);
  for (int i = 0; i < 2; ++i) close(fds[i]);
  close(target);
  close(file);
}
