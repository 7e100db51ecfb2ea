// Waiting for signals.
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/guarded.h"
#include "libsys/signal_actions.h"
#include "libsys/signal_frame.h"
#include "libsys/signals.h"

#define NANOSECONDS 1000000000ull
#define FOR_EVER UINT64_MAX

// Until a signal of `set` or one that is not masked is pending. Handlers are held off.
static int64_t wait_for(uint64_t nanoseconds, uint64_t set) {
  return kcall_call(HANDLE_PROC, PROC_PAUSE, nanoseconds, set, 0, 0, 0).status;
}

// Deals with what has no handler. => whether a signal is due that has one
static bool handler_due(void) {
  volatile struct signal_page *page = signals_page();
  int signal;
  while ((signal = signals_take(~page->mask & ~page->handled)) != 0) signals_default(signal);
  return signal_due(page);
}

// The handlers run with the mask in force; afterwards it is `mask`.
static void run_handlers(uint64_t mask) {
  signals_after.mask = mask;
  signals_after.set = true;
  signals_self(false);
}

int sigsuspend(const sigset_t *set) {
  volatile struct signal_page *page = signals_page();
  uint64_t before = page->mask, wanted;
  if (guarded_copy(&wanted, set, sizeof wanted)) return -1;
  signals_held = 1;
  page->mask = wanted & ~SIGNALS_ALWAYS;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  while (!handler_due()) wait_for(FOR_EVER, 0);
  run_handlers(before);
  errno = EINTR;
  return -1;
}

int pause(void) {
  sigset_t mask = signals_page()->mask;
  return sigsuspend(&mask);
}

// A signal of the set, 0 when time is over, or EINTR negative.
static int wait_in(uint64_t set, uint64_t nanoseconds, siginfo_t *taken) {
  for (;;) {
    int signal = signals_take_info(set, taken);
    if (signal) return signal;
    if (handler_due()) return -EINTR;
    if (wait_for(nanoseconds, set) == -EAGAIN) return signals_take_info(set, taken);
  }
}

static int64_t duration(const struct timespec *limit) {
  if (limit->tv_sec < 0 || limit->tv_nsec < 0 || limit->tv_nsec >= (long)NANOSECONDS) return -1;
  uint64_t nanoseconds;
  if (__builtin_mul_overflow((uint64_t)limit->tv_sec, NANOSECONDS, &nanoseconds)) return INT64_MAX;
  if (nanoseconds > INT64_MAX - NANOSECONDS) return INT64_MAX;
  return (int64_t)nanoseconds + limit->tv_nsec;
}

int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                 const struct timespec *restrict limit) {
  volatile struct signal_page *page = signals_page();
  struct timespec given = {0, 0};
  uint64_t wanted;
  if (guarded_copy(&wanted, set, sizeof wanted)) return -1;
  if (limit && guarded_copy(&given, limit, sizeof given)) return -1;
  int64_t nanoseconds = duration(&given);
  if (nanoseconds < 0) {
    errno = EINVAL;
    return -1;
  }
  siginfo_t taken = {0};
  signals_held = 1;
  int signal = wait_in(wanted & ~SIGNALS_ALWAYS, limit ? (uint64_t)nanoseconds : FOR_EVER, &taken);
  if (signal == -EINTR) {
    run_handlers(page->mask);
  } else {
    signals_held = 0;
    signals_check(false);
  }
  if (signal > 0 && info && guarded_copy(info, &taken, sizeof taken)) return -1;
  if (signal > 0) return signal;
  errno = signal == 0 ? EAGAIN : EINTR;
  return -1;
}

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info) {
  return sigtimedwait(set, info, NULL);
}

int sigwait(const sigset_t *restrict set, int *restrict signal) {
  int taken;
  do {
    taken = sigwaitinfo(set, NULL);
  } while (taken < 0 && errno == EINTR);
  if (taken < 0) return errno;
  *signal = taken;
  return 0;
}
