// Signals that are sent: dispositions, masks, what handlers are told, and signals at any moment of
// a computation.
#include <setjmp.h>
#include <sys/time.h>

#include "tests/behaviour/signal_support.h"

// --- dispositions ------------------------------------------------------------------------------

CASE(Sigaction, ReportsWhatWasSet) {
  struct sigaction old;
  CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
  CHECK(old.sa_handler == SIG_DFL);
  signal_handle(SIGUSR1, signal_note, SA_RESTART | SA_NODEFER, SIGUSR2);
  CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
  CHECK(old.sa_sigaction == signal_note);
  CHECK_EQ(old.sa_flags & (SA_SIGINFO | SA_RESTART | SA_NODEFER | SA_ONSTACK),
           SA_SIGINFO | SA_RESTART | SA_NODEFER);
  CHECK_EQ(sigismember(&old.sa_mask, SIGUSR2), 1);
  CHECK_EQ(sigismember(&old.sa_mask, SIGUSR1), 0);
  CHECK(signal(SIGUSR1, SIG_IGN) == (void (*)(int))(uintptr_t)signal_note);
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
  signal_handle(SIGUSR1, signal_note, 0, 0);
  CHECK_EQ(kill(getpid(), SIGUSR1), 0);
  CHECK_EQ(signal_seen.count, 1);
  CHECK_EQ(signal_seen.signal, SIGUSR1);
  CHECK_EQ(signal_seen.code, SI_USER);
  CHECK_EQ(signal_seen.pid, getpid());
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
  signal_handle(SIGUSR1, signal_note, (int)SA_RESETHAND, 0);
  raise(SIGUSR1);
  CHECK_EQ(signal_seen.count, 1);
  CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
  CHECK(old.sa_handler == SIG_DFL);
}

CASE(Handler, EachNumberThatCanBeHandled) {
  for (int number = 1; number <= 31; ++number) {
    if (number == SIGKILL || number == SIGSTOP) continue;
    signal_handle(number, signal_note, 0, 0);
    raise(number);
    CHECK_EQ(signal_seen.count, 1);
    CHECK_EQ(signal_seen.signal, number);
    signal(number, SIG_DFL);
  }
  signal_handle(SIGRTMIN, signal_note, 0, 0);
  raise(SIGRTMIN);
  CHECK_EQ(signal_seen.signal, SIGRTMIN);
  signal(SIGRTMIN, SIG_DFL);
}

// --- masks -------------------------------------------------------------------------------------

CASE(Mask, KeepsSignalsPending) {
  signal_handle(SIGUSR1, signal_note, 0, 0);
  signal_block(SIGUSR1);
  CHECK(!signal_is_pending(SIGUSR1));
  raise(SIGUSR1);
  raise(SIGUSR1);
  CHECK_EQ(signal_seen.count, 0);
  CHECK(signal_is_pending(SIGUSR1));
  signal_unblock(SIGUSR1);
  CHECK_EQ(signal_seen.count, 1);
  CHECK(!signal_is_pending(SIGUSR1));
  signal(SIGUSR1, SIG_DFL);
}

CASE(Mask, IgnoringDropsWhatIsPending) {
  signal_block(SIGUSR1);
  raise(SIGUSR1);
  CHECK(signal_is_pending(SIGUSR1));
  signal(SIGUSR1, SIG_IGN);
  CHECK(!signal_is_pending(SIGUSR1));
  signal_unblock(SIGUSR1);
  signal(SIGUSR1, SIG_DFL);
}

CASE(Mask, IsThatOfTheHandlerWhileItRuns) {
  sigset_t before, after;
  signal_block(SIGHUP);
  sigprocmask(SIG_SETMASK, NULL, &before);
  signal_handle(SIGUSR1, signal_note, 0, SIGUSR2);
  raise(SIGUSR1);
  CHECK_EQ(sigismember((sigset_t *)&signal_seen.mask, SIGUSR1), 1);
  CHECK_EQ(sigismember((sigset_t *)&signal_seen.mask, SIGUSR2), 1);
  CHECK_EQ(sigismember((sigset_t *)&signal_seen.mask, SIGHUP), 1);
  CHECK_EQ(sigismember((sigset_t *)&signal_seen.mask, SIGTERM), 0);
  sigprocmask(SIG_SETMASK, NULL, &after);
  CHECK_EQ(memcmp(&before, &after, 8), 0);
  signal_handle(SIGUSR1, signal_note, SA_NODEFER, 0);
  raise(SIGUSR1);
  CHECK_EQ(sigismember((sigset_t *)&signal_seen.mask, SIGUSR1), 0);
  signal_unblock(SIGHUP);
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
  signal_handle(SIGUSR1, send_other, 0, SIGUSR2);
  signal_handle(SIGUSR2, send_other, 0, 0);
  raise(SIGUSR1);
  CHECK_EQ(orders, 4);
  CHECK(order[0] == SIGUSR1 && order[1] == -SIGUSR1 && order[2] == SIGUSR2);
  orders = 0;
  signal_handle(SIGUSR1, send_other, 0, 0);
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
  signal_note(signal, info, context);
  siglongjmp(jump, 1);
}

CASE(Mask, ComesBackWithSiglongjmp) {
  signal_handle(SIGUSR1, jump_out, 0, SIGUSR2);
  for (volatile int i = 0; i < 50; ++i) {
    if (sigsetjmp(jump, 1) == 0) raise(SIGUSR1);
    CHECK_EQ(signal_seen.count, i + 1);
  }
  signal(SIGUSR1, SIG_DFL);
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
  signal_note(signal, info, context);
}

// Until so many signals have come, the same computation must give the same result.
static bool results_stay(int signals) {
  uint64_t first = 88172645463325252ull, state = first;
  double result = compute(&state, 2000);
  uint64_t end = state;
  while (signal_seen.count < signals) {
    state = first;
    if (compute(&state, 2000) != result || state != end) return false;
  }
  return true;
}

CASE(Stress, AnotherProcessSendsWhileThisComputes) {
  enum { SIGNALS = 300 };
  int status;
  signal_handle(SIGUSR1, disturb, 0, 0);
  signal_handle(SIGUSR2, disturb, 0, 0);
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
  signal_note(signal, info, context);
}

CASE(Stress, CallsAreNotDisturbedByHandlersThatCall) {
  int fds[2], status;
  char sent[600], received[600];
  CHECK_EQ(pipe(fds), 0);
  CHECK_EQ(pipe(noisy), 0);
  signal_handle(SIGALRM, make_calls, SA_RESTART, 0);
  struct itimerval often = {{0, 700}, {0, 700}}, never = {{0, 0}, {0, 0}};
  CHECK_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
  for (int round = 0; signal_seen.count < 50; ++round) {
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
