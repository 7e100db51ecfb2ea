// Waiting and signals: what ends with EINTR and what goes on, alarms, waiting for signals.
#include <sys/time.h>
#include <time.h>

#include "tests/behaviour/support.h"

static volatile int count, last;
static volatile pid_t sender;

static void note(int signal, siginfo_t *info, void *context) {
  (void)context;
  last = signal;
  sender = info->si_pid;
  ++count;
}

static void handle(int signal, int flags) {
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  count = 0;
  if (sigaction(signal, &action, NULL)) case_failed(__FILE__, __LINE__, "sigaction");
}

static sigset_t only(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

static void block(int signal) {
  sigset_t set = only(signal);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

static void unblock(int signal) {
  sigset_t set = only(signal);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void alarm_after(long microseconds) {
  struct itimerval value = {{0, 0}, {microseconds / 1000000, microseconds % 1000000}};
  if (setitimer(ITIMER_REAL, &value, NULL)) case_failed(__FILE__, __LINE__, "setitimer");
}

// Again and again, as the first one may come before the call that it is to interrupt.
static void alarm_every(long microseconds) {
  struct itimerval value = {{0, microseconds}, {0, microseconds}};
  if (setitimer(ITIMER_REAL, &value, NULL)) case_failed(__FILE__, __LINE__, "setitimer");
}

static void stop_alarm(void) {
  alarm_after(0);
  signal(SIGALRM, SIG_IGN);
  signal(SIGALRM, SIG_DFL);
}

// --- interrupted calls -------------------------------------------------------------------------

CASE(Alarm, InterruptsAReadOfAPipe) {
  int fds[2];
  char byte;
  CHECK_EQ(pipe(fds), 0);
  handle(SIGALRM, 0);
  alarm_every(3000);
  for (int i = 1; i <= 5; ++i) {
    CHECK_ERRNO(read(fds[0], &byte, 1), EINTR);
    CHECK(count >= i);
  }
  stop_alarm();
  close(fds[0]);
  close(fds[1]);
}

CASE(Alarm, InterruptsAWriteToAFullPipe) {
  static char data[4096];
  int fds[2];
  CHECK_EQ(pipe(fds), 0);
  handle(SIGALRM, 0);
  CHECK_EQ(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
  while (write(fds[1], data, sizeof data) > 0) {
  }
  CHECK_EQ(fcntl(fds[1], F_SETFL, 0), 0);
  alarm_every(3000);
  CHECK_ERRNO(write(fds[1], data, sizeof data), EINTR);
  CHECK(count >= 1);
  stop_alarm();
  close(fds[0]);
  close(fds[1]);
}

static pid_t writer_after(int fd, useconds_t microseconds, int signals) {
  pid_t parent = getpid(), child = fork();
  if (child != 0) return child;
  for (int i = 0; i < signals; ++i) {
    usleep(microseconds);
    kill(parent, SIGUSR1);
  }
  usleep(microseconds);
  _exit(write(fd, "z", 1) != 1);
}

CASE(Restart, ReadsGoOn) {
  int fds[2], status;
  char byte = 0;
  CHECK_EQ(pipe(fds), 0);
  handle(SIGUSR1, SA_RESTART);
  pid_t child = writer_after(fds[1], 3000, 4);
  CHECK_EQ(read(fds[0], &byte, 1), 1);
  CHECK_EQ(byte, 'z');
  CHECK(count >= 1);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  CHECK_EQ(status, 0);
  signal(SIGUSR1, SIG_DFL);
  close(fds[0]);
  close(fds[1]);
}

CASE(Restart, IgnoredSignalsDoNotInterrupt) {
  int fds[2], status;
  char byte = 0;
  CHECK_EQ(pipe(fds), 0);
  signal(SIGUSR1, SIG_IGN);
  pid_t child = writer_after(fds[1], 3000, 3);
  CHECK_EQ(read(fds[0], &byte, 1), 1);
  CHECK_EQ(waitpid(child, &status, 0), child);
  signal(SIGUSR1, SIG_DFL);
  close(fds[0]);
  close(fds[1]);
}

static pid_t sleeping_child(void) {
  pid_t child = fork();
  if (child != 0) return child;
  signal(SIGALRM, SIG_DFL);
  for (;;) pause();
}

// Answers each byte some time later.
static pid_t answer_late(const int *from, const int *to) {
  pid_t pid = fork();
  if (pid) return pid;
  char byte;
  close(from[1]);
  while (read(from[0], &byte, 1) == 1) {
    usleep(2000);
    CHILD_CHECK(write(to[1], &byte, 1) == 1);
  }
  _exit(0);
}

CASE(Alarm, InterruptsNoCallThatBeginsAfterTheHandler) {
  enum { ROUNDS = 150 };
  int there[2], back[2], own[2], status;
  char byte = 0;
  CHECK_EQ(pipe(there), 0);
  CHECK_EQ(pipe(back), 0);
  CHECK_EQ(pipe(own), 0);
  pid_t pid = answer_late(there, back);
  CHECK(pid > 0);
  handle(SIGALRM, 0);
  for (int i = 0; i < ROUNDS && !case_has_failed(); ++i) {
    count = 0;
    CHECK_EQ(write(there[1], &byte, 1), 1);
    alarm_after(100 + i % 10 * 20);
    // Calls that do not wait, so that it comes in one of them or between two.
    while (count == 0) {
      CHECK_EQ(write(own[1], &byte, 1), 1);
      CHECK_EQ(read(own[0], &byte, 1), 1);
    }
    CHECK_EQ(read(back[0], &byte, 1), 1);
  }
  stop_alarm();
  close(there[1]);
  CHECK_EQ(waitpid(pid, &status, 0), pid);
  CHECK_EQ(status, 0);
  close(there[0]);
  for (int i = 0; i < 2; ++i) {
    close(back[i]);
    close(own[i]);
  }
}

CASE(Alarm, InterruptsWait) {
  int status;
  pid_t child = sleeping_child();
  handle(SIGALRM, 0);
  alarm_every(3000);
  CHECK_ERRNO(waitpid(child, &status, 0), EINTR);
  CHECK(count >= 1);
  handle(SIGALRM, SA_RESTART);
  kill(child, SIGKILL);
  CHECK_EQ(waitpid(child, &status, 0), child);
  stop_alarm();
}

CASE(Alarm, InterruptsSleepWhichTellsTheRest) {
  handle(SIGALRM, SA_RESTART);
  alarm_every(5000);
  struct timespec rest = {0, 0};
  CHECK_ERRNO(nanosleep(&(struct timespec){1000, 0}, &rest), EINTR);
  CHECK(count >= 1);
  CHECK(rest.tv_sec >= 900 && rest.tv_sec < 1000);
  unsigned left = sleep(1000);
  CHECK(left > 900 && left <= 1000);
  CHECK(count >= 2);
  stop_alarm();
}

CASE(Alarm, SaysWhatWasLeft) {
  struct itimerval value;
  CHECK_EQ(alarm(0), 0);
  CHECK_EQ(alarm(1000), 0);
  CHECK_EQ(alarm(500), 1000);
  CHECK_EQ(getitimer(ITIMER_REAL, &value), 0);
  CHECK(value.it_value.tv_sec >= 499 && value.it_value.tv_sec <= 500);
  CHECK_EQ(value.it_interval.tv_sec, 0);
  struct itimerval wanted = {{7, 250000}, {300, 500000}};
  CHECK_EQ(setitimer(ITIMER_REAL, &wanted, &value), 0);
  CHECK(value.it_value.tv_sec >= 499);
  CHECK_EQ(getitimer(ITIMER_REAL, &value), 0);
  CHECK_EQ(value.it_interval.tv_sec, 7);
  CHECK_EQ(value.it_interval.tv_usec, 250000);
  CHECK(value.it_value.tv_sec >= 299 && value.it_value.tv_sec <= 300);
  CHECK(alarm(0) > 290);
  wanted.it_value.tv_usec = 1000000;
  CHECK_ERRNO(setitimer(ITIMER_REAL, &wanted, NULL), EINVAL);
  wanted.it_value.tv_usec = -1;
  CHECK_ERRNO(setitimer(ITIMER_REAL, &wanted, NULL), EINVAL);
  CHECK_ERRNO(setitimer(77, &wanted, NULL), EINVAL);
  CHECK_ERRNO(getitimer(77, &value), EINVAL);
}

static void check_no_alarm(void *unused) {
  (void)unused;
  struct itimerval value;
  CHILD_CHECK(getitimer(ITIMER_REAL, &value) == 0);
  CHILD_CHECK(value.it_value.tv_sec == 0 && value.it_value.tv_usec == 0);
}

CASE(Alarm, IsNotInherited) {
  alarm(1000);
  CHECK_EQ(in_child(check_no_alarm, NULL), 0);
  CHECK(alarm(0) > 990);
}

static void alarmed(void *unused) {
  (void)unused;
  alarm_after(2000);
  for (;;) {
  }
}

CASE(Alarm, EndsWhoDoesNotHandleIt) { CHECK(killed_by(in_child(alarmed, NULL), SIGALRM)); }

CASE(Timer, ComesAgainAndAgain) {
  handle(SIGALRM, 0);
  alarm_every(1000);
  while (count < 20) {
  }
  alarm_after(0);
  int stopped = count;
  usleep(5000);
  CHECK_EQ(count, stopped);
  signal(SIGALRM, SIG_DFL);
}

// --- waiting for signals -----------------------------------------------------------------------

CASE(Pause, ReturnsAfterAHandler) {
  handle(SIGALRM, SA_RESTART);
  alarm_every(1000);
  for (int i = 0; i < 20; ++i) CHECK_ERRNO(pause(), EINTR);
  CHECK(count >= 20);
  stop_alarm();
}

// The signal may come at any moment, but only sigsuspend lets it in: none is lost.
CASE(Sigsuspend, MissesNothing) {
  sigset_t none, mask;
  sigemptyset(&none);
  handle(SIGALRM, 0);
  block(SIGALRM);
  for (int i = 1; i <= 200; ++i) {
    alarm_after(1 + i * 7 % 300);
    for (volatile int spin = 0; spin < i * 50; ++spin) {
    }
    CHECK_EQ(count, i - 1);
    CHECK_ERRNO(sigsuspend(&none), EINTR);
    CHECK_EQ(count, i);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    CHECK_EQ(sigismember(&mask, SIGALRM), 1);
  }
  unblock(SIGALRM);
  signal(SIGALRM, SIG_DFL);
}

CASE(Sigsuspend, LeavesOthersPending) {
  sigset_t set, pending;
  handle(SIGUSR1, 0);
  handle(SIGUSR2, 0);
  block(SIGUSR1);
  block(SIGUSR2);
  raise(SIGUSR1);
  raise(SIGUSR2);
  sigprocmask(SIG_SETMASK, NULL, &set);
  sigdelset(&set, SIGUSR2);
  CHECK_ERRNO(sigsuspend(&set), EINTR);
  CHECK_EQ(count, 1);
  CHECK_EQ(last, SIGUSR2);
  CHECK_EQ(sigpending(&pending), 0);
  CHECK_EQ(sigismember(&pending, SIGUSR1), 1);
  CHECK_EQ(sigismember(&pending, SIGUSR2), 0);
  unblock(SIGUSR1);
  CHECK_EQ(count, 2);
  unblock(SIGUSR2);
  signal(SIGUSR1, SIG_DFL);
  signal(SIGUSR2, SIG_DFL);
}

CASE(Sigwait, TakesASignalWithoutHandler) {
  sigset_t set = only(SIGUSR1);
  siginfo_t info;
  int number = 0;
  handle(SIGUSR1, 0);
  block(SIGUSR1);
  raise(SIGUSR1);
  CHECK_EQ(sigwait(&set, &number), 0);
  CHECK_EQ(number, SIGUSR1);
  CHECK_EQ(sigtimedwait(&set, &info, &(struct timespec){0, 0}), -1);
  CHECK_EQ(errno, EAGAIN);
  kill(getpid(), SIGUSR1);
  CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
  CHECK_EQ(info.si_signo, SIGUSR1);
  CHECK_EQ(info.si_code, SI_USER);
  CHECK_EQ(info.si_pid, getpid());
  CHECK_EQ(count, 0);
  unblock(SIGUSR1);
  CHECK_EQ(count, 0);
  signal(SIGUSR1, SIG_DFL);
}

CASE(Sigwait, WaitsForAnotherProcess) {
  sigset_t set = only(SIGUSR1);
  siginfo_t info;
  int status;
  block(SIGUSR1);
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    usleep(3000);
    _exit(kill(parent, SIGUSR1) != 0);
  }
  CHECK_EQ(sigtimedwait(&set, &info, &(struct timespec){1000, 0}), SIGUSR1);
  CHECK_EQ(info.si_pid, child);
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(sigtimedwait(&set, &info, &(struct timespec){0, 2000000}), -1);
  CHECK_EQ(errno, EAGAIN);
  unblock(SIGUSR1);
}

CASE(Sigwait, IsInterruptedByHandlersOfOthers) {
  sigset_t set = only(SIGUSR1);
  block(SIGUSR1);
  handle(SIGALRM, SA_RESTART);
  alarm_every(3000);
  CHECK_ERRNO(sigtimedwait(&set, NULL, &(struct timespec){1000, 0}), EINTR);
  CHECK(count >= 1);
  stop_alarm();
  CHECK_ERRNO(sigtimedwait(&set, NULL, &(struct timespec){0, 1000000000}), EINVAL);
  CHECK_ERRNO(sigtimedwait(&set, NULL, &(struct timespec){-1, 0}), EINVAL);
  unblock(SIGUSR1);
}

// Two processes send each other signals in turn; none may be lost.
CASE(Sigsuspend, PingPong) {
  enum { ROUNDS = 100 };
  sigset_t none;
  int status;
  sigemptyset(&none);
  handle(SIGUSR1, 0);
  block(SIGUSR1);
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    for (int i = 1; i <= ROUNDS; ++i) {
      while (count < i) sigsuspend(&none);
      CHILD_CHECK(sender == parent);
      CHILD_CHECK(kill(parent, SIGUSR1) == 0);
    }
    _exit(0);
  }
  for (int i = 1; i <= ROUNDS; ++i) {
    CHECK_EQ(kill(child, SIGUSR1), 0);
    while (count < i) sigsuspend(&none);
    CHECK_EQ(sender, child);
  }
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  unblock(SIGUSR1);
  signal(SIGUSR1, SIG_DFL);
}
