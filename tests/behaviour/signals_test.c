// Signals that are sent: dispositions, masks, what handlers are told, fork and exec, ends of
// children, and signals at any moment of a computation.
#include <setjmp.h>
#include <sys/time.h>

#include "tests/behaviour/support.h"

static volatile struct {
  int count, signal, code, status;
  pid_t pid;
  sigset_t mask;
} seen;

static void note(int signal, siginfo_t *info, void *context) {
  (void)context;
  seen.signal = signal;
  seen.code = info->si_code;
  seen.pid = info->si_pid;
  if (signal == SIGCHLD) seen.status = info->si_status;
  sigprocmask(SIG_SETMASK, NULL, (sigset_t *)&seen.mask);
  ++seen.count;
}

static void handle_with(int signal, void (*handler)(int, siginfo_t *, void *), int flags,
                        int also_masked) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  if (also_masked) sigaddset(&action.sa_mask, also_masked);
  seen.count = 0;
  if (sigaction(signal, &action, NULL)) case_failed(__FILE__, __LINE__, "sigaction");
}

static void handle(int signal, int flags) { handle_with(signal, note, flags, 0); }

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

static bool is_pending(int signal) {
  sigset_t set;
  return sigpending(&set) == 0 && sigismember(&set, signal) == 1;
}

// --- dispositions ------------------------------------------------------------------------------

CASE(Sigaction, ReportsWhatWasSet) {
  struct sigaction old;
  CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
  CHECK(old.sa_handler == SIG_DFL);
  handle_with(SIGUSR1, note, SA_RESTART | SA_NODEFER, SIGUSR2);
  CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
  CHECK(old.sa_sigaction == note);
  CHECK_EQ(old.sa_flags & (SA_SIGINFO | SA_RESTART | SA_NODEFER | SA_ONSTACK),
           SA_SIGINFO | SA_RESTART | SA_NODEFER);
  CHECK_EQ(sigismember(&old.sa_mask, SIGUSR2), 1);
  CHECK_EQ(sigismember(&old.sa_mask, SIGUSR1), 0);
  CHECK(signal(SIGUSR1, SIG_IGN) == (void (*)(int))(uintptr_t)note);
  CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
}

CASE(Sigaction, RefusesWhatIsNotPossible) {
  struct sigaction action = {.sa_handler = SIG_IGN};
  for (int i = 0; i < 2; ++i) {
    int number = i ? SIGKILL : SIGSTOP;
    CHECK_ERRNO(sigaction(number, &action, NULL), EINVAL);
    CHECK_EQ(sigaction(number, NULL, &action), 0);
    CHECK(signal(number, SIG_IGN) == SIG_ERR);
  }
  CHECK_ERRNO(sigaction(0, &action, NULL), EINVAL);
  CHECK_ERRNO(sigaction(65, &action, NULL), EINVAL);
  CHECK_ERRNO(sigaction(-1, NULL, &action), EINVAL);
  CHECK_ERRNO(kill(getpid(), 65), EINVAL);
  CHECK_ERRNO(kill(getpid(), -1), EINVAL);
}

CASE(Sigset, Operations) {
  sigset_t set;
  CHECK_EQ(sigemptyset(&set), 0);
  for (int signal = 1; signal <= 31; ++signal) {
    CHECK_EQ(sigismember(&set, signal), 0);
    CHECK_EQ(sigaddset(&set, signal), 0);
    CHECK_EQ(sigismember(&set, signal), 1);
    CHECK_EQ(sigdelset(&set, signal), 0);
    CHECK_EQ(sigismember(&set, signal), 0);
  }
  CHECK_EQ(sigfillset(&set), 0);
  CHECK_EQ(sigismember(&set, SIGTERM), 1);
  CHECK_EQ(sigismember(&set, SIGRTMAX), 1);
  CHECK_ERRNO(sigaddset(&set, 0), EINVAL);
  CHECK_ERRNO(sigdelset(&set, 65), EINVAL);
  CHECK_ERRNO(sigismember(&set, -1), EINVAL);
  CHECK_ERRNO(sigprocmask(99, &set, NULL), EINVAL);
}

CASE(Handler, IsToldWhoSentTheSignal) {
  handle(SIGUSR1, 0);
  CHECK_EQ(kill(getpid(), SIGUSR1), 0);
  CHECK_EQ(seen.count, 1);
  CHECK_EQ(seen.signal, SIGUSR1);
  CHECK_EQ(seen.code, SI_USER);
  CHECK_EQ(seen.pid, getpid());
  signal(SIGUSR1, SIG_DFL);
}

static volatile int got;
static void count_signal(int signal) { got += signal; }

CASE(Handler, SetBySignalStays) {
  got = 0;
  CHECK(signal(SIGUSR2, count_signal) == SIG_DFL);
  raise(SIGUSR2);
  raise(SIGUSR2);
  CHECK_EQ(got, 2 * SIGUSR2);
  CHECK(signal(SIGUSR2, SIG_DFL) == count_signal);
}

CASE(Handler, ResetsOnce) {
  struct sigaction old;
  handle(SIGUSR1, (int)SA_RESETHAND);
  raise(SIGUSR1);
  CHECK_EQ(seen.count, 1);
  CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
  CHECK(old.sa_handler == SIG_DFL);
}

CASE(Handler, EachNumberThatCanBeHandled) {
  for (int number = 1; number <= 31; ++number) {
    if (number == SIGKILL || number == SIGSTOP) continue;
    handle(number, 0);
    raise(number);
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(seen.signal, number);
    signal(number, SIG_DFL);
  }
  handle(SIGRTMIN, 0);
  raise(SIGRTMIN);
  CHECK_EQ(seen.signal, SIGRTMIN);
  signal(SIGRTMIN, SIG_DFL);
}

// --- masks -------------------------------------------------------------------------------------

CASE(Mask, KeepsSignalsPending) {
  handle(SIGUSR1, 0);
  block(SIGUSR1);
  CHECK(!is_pending(SIGUSR1));
  raise(SIGUSR1);
  raise(SIGUSR1);
  CHECK_EQ(seen.count, 0);
  CHECK(is_pending(SIGUSR1));
  unblock(SIGUSR1);
  CHECK_EQ(seen.count, 1);
  CHECK(!is_pending(SIGUSR1));
  signal(SIGUSR1, SIG_DFL);
}

CASE(Mask, IgnoringDropsWhatIsPending) {
  block(SIGUSR1);
  raise(SIGUSR1);
  CHECK(is_pending(SIGUSR1));
  signal(SIGUSR1, SIG_IGN);
  CHECK(!is_pending(SIGUSR1));
  unblock(SIGUSR1);
  signal(SIGUSR1, SIG_DFL);
}

CASE(Mask, IsThatOfTheHandlerWhileItRuns) {
  sigset_t before, after;
  block(SIGHUP);
  sigprocmask(SIG_SETMASK, NULL, &before);
  handle_with(SIGUSR1, note, 0, SIGUSR2);
  raise(SIGUSR1);
  CHECK_EQ(sigismember((sigset_t *)&seen.mask, SIGUSR1), 1);
  CHECK_EQ(sigismember((sigset_t *)&seen.mask, SIGUSR2), 1);
  CHECK_EQ(sigismember((sigset_t *)&seen.mask, SIGHUP), 1);
  CHECK_EQ(sigismember((sigset_t *)&seen.mask, SIGTERM), 0);
  sigprocmask(SIG_SETMASK, NULL, &after);
  CHECK_EQ(memcmp(&before, &after, 8), 0);
  handle(SIGUSR1, SA_NODEFER);
  raise(SIGUSR1);
  CHECK_EQ(sigismember((sigset_t *)&seen.mask, SIGUSR1), 0);
  unblock(SIGHUP);
  signal(SIGUSR1, SIG_DFL);
}

static int order[8], orders;

static void send_other(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  order[orders++] = signal;
  if (signal == SIGUSR1) raise(SIGUSR2);
  order[orders++] = -signal;
}

CASE(Mask, DelaysSignalsUntilTheHandlerReturns) {
  orders = 0;
  handle_with(SIGUSR1, send_other, 0, SIGUSR2);
  handle_with(SIGUSR2, send_other, 0, 0);
  raise(SIGUSR1);
  CHECK_EQ(orders, 4);
  CHECK(order[0] == SIGUSR1 && order[1] == -SIGUSR1 && order[2] == SIGUSR2);
  orders = 0;
  handle_with(SIGUSR1, send_other, 0, 0);
  raise(SIGUSR1);
  CHECK_EQ(orders, 4);
  CHECK(order[0] == SIGUSR1 && order[1] == SIGUSR2 && order[3] == -SIGUSR1);
  signal(SIGUSR1, SIG_DFL);
  signal(SIGUSR2, SIG_DFL);
}

CASE(Mask, CannotHoldSigkill) {
  sigset_t set;
  sigfillset(&set);
  sigprocmask(SIG_SETMASK, &set, NULL);
  sigprocmask(SIG_SETMASK, NULL, &set);
  CHECK_EQ(sigismember(&set, SIGKILL), 0);
  CHECK_EQ(sigismember(&set, SIGSTOP), 0);
  CHECK_EQ(sigismember(&set, SIGTERM), 1);
  sigemptyset(&set);
  sigprocmask(SIG_SETMASK, &set, NULL);
}

static sigjmp_buf jump;

static void jump_out(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  siglongjmp(jump, 1);
}

CASE(Mask, ComesBackWithSiglongjmp) {
  handle_with(SIGUSR1, jump_out, 0, SIGUSR2);
  for (volatile int i = 0; i < 50; ++i) {
    if (sigsetjmp(jump, 1) == 0) raise(SIGUSR1);
    CHECK_EQ(seen.count, i + 1);
  }
  signal(SIGUSR1, SIG_DFL);
}

// --- ends --------------------------------------------------------------------------------------

static void raise_it(void *number) { raise(*(int *)number); }

static void abort_blocked(void *unused) {
  (void)unused;
  signal(SIGABRT, SIG_IGN);
  block(SIGABRT);
  abort();
}

static void abort_handled(void *unused) {
  (void)unused;
  handle(SIGABRT, 0);
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
  block(SIGTERM);
  raise(SIGTERM);
  CHILD_CHECK(is_pending(SIGTERM));
  unblock(SIGTERM);
  _exit(0);
}

static void raise_term(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  raise(SIGTERM);
}

static void end_after_handler(void *unused) {
  (void)unused;
  handle_with(SIGUSR1, raise_term, 0, SIGTERM);
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
  handle(SIGPIPE, 0);
  CHECK_ERRNO(write(fds[1], "x", 1), EPIPE);
  CHECK_EQ(seen.count, 1);
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
  handle(SIGCHLD, 0);
  pid_t child = fork();
  if (child == 0) _exit(7);
  wait_until(&seen.count, 1);
  CHECK_EQ(seen.code, CLD_EXITED);
  CHECK_EQ(seen.status, 7);
  CHECK_EQ(seen.pid, child);
  CHECK_EQ(waitpid(child, &status, 0), child);
  child = fork();
  if (child == 0) {
    signal(SIGTERM, SIG_DFL);
    raise(SIGTERM);
  }
  wait_until(&seen.count, 2);
  CHECK_EQ(seen.code, CLD_KILLED);
  CHECK_EQ(seen.status, SIGTERM);
  CHECK_EQ(waitpid(child, &status, 0), child);
  signal(SIGCHLD, SIG_DFL);
}

CASE(Sigchld, IgnoredLeavesNoZombies) {
  for (int way = 0; way < 2; ++way) {
    if (way == 0) {
      signal(SIGCHLD, SIG_IGN);
    } else {
      handle(SIGCHLD, SA_NOCLDWAIT);
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
  CHILD_CHECK(!is_pending(SIGHUP));
  CHILD_CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_sigaction == note);
  CHILD_CHECK(sigaction(SIGUSR2, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
  seen.count = 0;
  raise(SIGUSR1);
  raise(SIGUSR2);
  CHILD_CHECK(seen.count == 1);
  raise(SIGHUP);
  CHILD_CHECK(is_pending(SIGHUP));
}

CASE(Fork, InheritsDispositionsAndMaskButNothingPending) {
  handle(SIGUSR1, 0);
  signal(SIGUSR2, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  block(SIGHUP);
  signal(SIGHUP, SIG_DFL);
  raise(SIGHUP);
  CHECK(is_pending(SIGHUP));
  CHECK_EQ(in_child(check_inherited, NULL), 0);
  signal(SIGHUP, SIG_IGN);
  unblock(SIGHUP);
  signal(SIGHUP, SIG_DFL);
  signal(SIGUSR1, SIG_DFL);
  signal(SIGUSR2, SIG_DFL);
}

static volatile pid_t born;

static void fork_inside(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  born = fork();
}

CASE(Fork, InsideAHandlerThatBothReturnFrom) {
  for (int way = 0; way < 2; ++way) {
    int status;
    handle_with(SIGUSR1, fork_inside, way ? (int)SA_RESETHAND : 0, 0);
    raise(SIGUSR1);
    if (born == 0) _exit(seen.count == 1 ? 23 : 1);
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
      handle(SIGTERM, 0);
    } else if (strcmp(what, "ignored") == 0) {
      signal(SIGTERM, SIG_IGN);
    } else if (strcmp(what, "pending") == 0) {
      block(SIGTERM);
      raise(SIGTERM);
    } else if (strcmp(what, "blocked") == 0) {
      block(SIGTERM);
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

// --- at any moment -----------------------------------------------------------------------------

// Some arithmetic whose result depends on every step.
static double compute(uint64_t *state, unsigned steps) {
  double sum = 1;
  uint64_t x = *state;
  for (unsigned i = 0; i < steps; ++i) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum = sum * 0.75 + (double)(x & 0xffff) * 0.125;
  }
  *state = x;
  return sum;
}

static volatile double handler_result;

static void disturb(int signal, siginfo_t *info, void *context) {
  uint64_t state = (uint64_t)signal;
  handler_result = compute(&state, 50);
  note(signal, info, context);
}

// Until so many signals have come, the same computation must give the same result.
static bool results_stay(int signals) {
  uint64_t first = 88172645463325252ull, state = first;
  double result = compute(&state, 2000);
  uint64_t end = state;
  while (seen.count < signals) {
    state = first;
    if (compute(&state, 2000) != result || state != end) return false;
  }
  return true;
}

CASE(Stress, AnotherProcessSendsWhileThisComputes) {
  enum { SIGNALS = 300 };
  int status;
  handle_with(SIGUSR1, disturb, 0, 0);
  handle_with(SIGUSR2, disturb, 0, 0);
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    for (unsigned i = 0;; ++i) {
      if (kill(parent, i % 3 ? SIGUSR1 : SIGUSR2)) _exit(0);
      if (i % 8 == 0) usleep(200);
    }
  }
  CHECK(results_stay(SIGNALS));
  kill(child, SIGKILL);
  CHECK_EQ(waitpid(child, &status, 0), child);
  signal(SIGUSR1, SIG_IGN);
  signal(SIGUSR2, SIG_IGN);
  signal(SIGUSR1, SIG_DFL);
  signal(SIGUSR2, SIG_DFL);
}

static int noisy[2];

// A handler that makes calls with paths and data of its own.
static void make_calls(int signal, siginfo_t *info, void *context) {
  struct stat status;
  char byte;
  int error = errno;
  if (stat("/nowhere/at/all", &status) == 0 || write(noisy[1], "y", 1) != 1 ||
      read(noisy[0], &byte, 1) != 1 || byte != 'y') {
    _exit(1);
  }
  errno = error;
  note(signal, info, context);
}

CASE(Stress, CallsAreNotDisturbedByHandlersThatCall) {
  int fds[2], status;
  char sent[600], received[600];
  CHECK_EQ(pipe(fds), 0);
  CHECK_EQ(pipe(noisy), 0);
  handle_with(SIGALRM, make_calls, SA_RESTART, 0);
  struct itimerval often = {{0, 700}, {0, 700}}, never = {{0, 0}, {0, 0}};
  CHECK_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
  for (int round = 0; seen.count < 50; ++round) {
    struct stat root;
    memset(sent, round, sizeof sent);
    CHECK_EQ(write(fds[1], sent, sizeof sent), sizeof sent);
    CHECK_EQ(read(fds[0], received, sizeof received), sizeof received);
    CHECK_EQ(memcmp(sent, received, sizeof sent), 0);
    CHECK_EQ(stat("/", &root), 0);
    CHECK(S_ISDIR(root.st_mode));
    CHECK_ERRNO(open("/nowhere", O_RDONLY), ENOENT);
  }
  CHECK_EQ(setitimer(ITIMER_REAL, &never, NULL), 0);
  pid_t child = fork();
  if (child == 0) _exit(0);
  CHECK_EQ(waitpid(child, &status, 0), child);
  signal(SIGALRM, SIG_DFL);
  for (int i = 0; i < 2; ++i) close(fds[i]), close(noisy[i]);
}
