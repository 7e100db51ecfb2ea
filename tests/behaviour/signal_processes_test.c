// What signals do to processes: default actions, broken pipes, ends of children, fork and exec.
#include "tests/behaviour/signal_support.h"

// --- ends --------------------------------------------------------------------------------------

static void raise_it(void *number) { raise(*(int *)number); }

static void abort_blocked(void *unused) {
  (void)unused;
  signal(SIGABRT, SIG_IGN);
  signal_block(SIGABRT);
  abort();
}

static void abort_handled(void *unused) {
  (void)unused;
  signal_handle(SIGABRT, signal_note, 0, 0);
  abort();
}

CASE(Default, EndsTheProcess) {
  static const int numbers[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGABRT, SIGFPE, SIGKILL,
                                SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
    int number = numbers[i];
    CHECK(killed_by(in_child(raise_it, &number), number));
  }
  CHECK(killed_by(in_child(abort_blocked, NULL), SIGABRT));
  CHECK(killed_by(in_child(abort_handled, NULL), SIGABRT));
}

CASE(Default, MayBeNothing) {
  static const int numbers[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
    int number = numbers[i];
    CHECK_EQ(in_child(raise_it, &number), 0);
  }
}

// A child that computes, and does not want to be ended.
static pid_t stubborn_child(void) {
  int ready[2];
  char byte;
  if (pipe(ready)) return -1;
  pid_t child = fork();
  if (child == 0) {
    sigset_t all;
    for (int number = 1; number < 32; ++number) signal(number, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) {
    }
  }
  if (read(ready[0], &byte, 1) != 1) child = -1;
  close(ready[0]);
  close(ready[1]);
  return child;
}

CASE(Default, SigkillEndsEverybody) {
  int status;
  pid_t child = stubborn_child();
  CHECK(child > 0);
  CHECK_EQ(kill(child, SIGTERM), 0);
  CHECK_EQ(waitpid(child, &status, WNOHANG), 0);
  CHECK_EQ(kill(child, SIGKILL), 0);
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(killed_by(status, SIGKILL));
}

// Default action of a signal that was pending when it came out of the mask.
static void end_when_unblocked(void *unused) {
  (void)unused;
  signal_block(SIGTERM);
  raise(SIGTERM);
  CHILD_CHECK(signal_is_pending(SIGTERM));
  signal_unblock(SIGTERM);
  _exit(0);
}

static void raise_term(int signal, siginfo_t *info, void *context) {
  signal_note(signal, info, context);
  raise(SIGTERM);
}

static void end_after_handler(void *unused) {
  (void)unused;
  signal_handle(SIGUSR1, raise_term, 0, SIGTERM);
  raise(SIGUSR1);
  for (;;) {
  }
}

CASE(Default, ActsWhenTheMaskAllowsIt) {
  CHECK(killed_by(in_child(end_when_unblocked, NULL), SIGTERM));
  CHECK(killed_by(in_child(end_after_handler, NULL), SIGTERM));
}

// --- pipes, children, fork, exec ---------------------------------------------------------------

CASE(Sigpipe, HandledOrIgnored) {
  int fds[2];
  CHECK_EQ(pipe(fds), 0);
  close(fds[0]);
  signal_handle(SIGPIPE, signal_note, 0, 0);
  CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
  CHECK_EQ(signal_seen.count, 1);
  signal(SIGPIPE, SIG_IGN);
  CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
  signal(SIGPIPE, SIG_DFL);
  close(fds[1]);
}

static void wait_until(volatile int *count, int value) {
  while (*count < value) usleep(100);
}

CASE(Sigchld, TellsHowAChildEnded) {
  int status;
  signal_handle(SIGCHLD, signal_note, 0, 0);
  pid_t child = fork();
  if (child == 0) _exit(7);
  wait_until(&signal_seen.count, 1);
  CHECK_EQ(signal_seen.code, CLD_EXITED);
  CHECK_EQ(signal_seen.status, 7);
  CHECK_EQ(signal_seen.pid, child);
  CHECK_EQ(waitpid(child, &status, 0), child);
  child = fork();
  if (child == 0) {
    signal(SIGTERM, SIG_DFL);
    raise(SIGTERM);
  }
  wait_until(&signal_seen.count, 2);
  CHECK_EQ(signal_seen.code, CLD_KILLED);
  CHECK_EQ(signal_seen.status, SIGTERM);
  CHECK_EQ(waitpid(child, &status, 0), child);
  signal(SIGCHLD, SIG_DFL);
}

CASE(Sigchld, IgnoredLeavesNoZombies) {
  for (int way = 0; way < 2; ++way) {
    if (way == 0) {
      signal(SIGCHLD, SIG_IGN);
    } else {
      signal_handle(SIGCHLD, signal_note, SA_NOCLDWAIT, 0);
    }
    pid_t child = fork();
    if (child == 0) _exit(0);
    CHECK(child > 0);
    pid_t result;
    do {
      result = waitpid(child, NULL, 0);
    } while (result < 0 && errno == EINTR);
    CHECK_EQ(result, -1);
    CHECK_EQ(errno, ECHILD);
    signal(SIGCHLD, SIG_DFL);
  }
}

static void check_inherited(void *unused) {
  (void)unused;
  struct sigaction action;
  CHILD_CHECK(!signal_is_pending(SIGHUP));
  CHILD_CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_sigaction == signal_note);
  CHILD_CHECK(sigaction(SIGUSR2, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
  signal_seen.count = 0;
  raise(SIGUSR1);
  raise(SIGUSR2);
  CHILD_CHECK(signal_seen.count == 1);
  raise(SIGHUP);
  CHILD_CHECK(signal_is_pending(SIGHUP));
}

CASE(Fork, InheritsDispositionsAndMaskButNothingPending) {
  signal_handle(SIGUSR1, signal_note, 0, 0);
  signal(SIGUSR2, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal_block(SIGHUP);
  signal(SIGHUP, SIG_DFL);
  raise(SIGHUP);
  CHECK(signal_is_pending(SIGHUP));
  CHECK_EQ(in_child(check_inherited, NULL), 0);
  signal(SIGHUP, SIG_IGN);
  signal_unblock(SIGHUP);
  signal(SIGHUP, SIG_DFL);
  signal(SIGUSR1, SIG_DFL);
  signal(SIGUSR2, SIG_DFL);
}

static volatile pid_t born;

static void fork_inside(int signal, siginfo_t *info, void *context) {
  signal_note(signal, info, context);
  born = fork();
}

CASE(Fork, InsideAHandlerThatBothReturnFrom) {
  for (int way = 0; way < 2; ++way) {
    int status;
    signal_handle(SIGUSR1, fork_inside, way ? (int)SA_RESETHAND : 0, 0);
    raise(SIGUSR1);
    if (born == 0) _exit(signal_seen.count == 1 ? 23 : 1);
    CHECK(born > 0);
    CHECK_EQ(waitpid(born, &status, 0), born);
    CHECK_EQ(WEXITSTATUS(status), 23);
    signal(SIGUSR1, SIG_DFL);
  }
}

// /bin/sh -c 'kill -TERM $$; exit 3' with SIGTERM as told.
static int run_shell(const char *what) {
  pid_t child = fork();
  if (child == 0) {
    if (strcmp(what, "handled") == 0) {
      signal_handle(SIGTERM, signal_note, 0, 0);
    } else if (strcmp(what, "ignored") == 0) {
      signal(SIGTERM, SIG_IGN);
    } else if (strcmp(what, "pending") == 0) {
      signal_block(SIGTERM);
      raise(SIGTERM);
    } else if (strcmp(what, "blocked") == 0) {
      signal_block(SIGTERM);
    }
    execl("/bin/sh", "sh", "-c", "kill -TERM $$; exit 3", (char *)NULL);
    _exit(127);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

CASE(Exec, KeepsWhatIsIgnoredAndBlocked) {
  CHECK(killed_by(run_shell("handled"), SIGTERM));
  CHECK_EQ(WEXITSTATUS(run_shell("ignored")), 3);
  CHECK_EQ(WEXITSTATUS(run_shell("blocked")), 3);
  CHECK_EQ(WEXITSTATUS(run_shell("pending")), 3);
}
