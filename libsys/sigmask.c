// Which signals are blocked.
#include <errno.h>
#include <signal.h>

#include "libsys/guarded.h"
#include "libsys/signal_actions.h"
#include "libsys/signals.h"

static int change_mask(int how, const sigset_t *set, sigset_t *old) {
  volatile struct signal_page *page = signals_page();
  uint64_t mask = page->mask, given = 0, wanted = mask;
  if (set && guarded_copy(&given, set, sizeof given)) return EFAULT;
  if (set && how == SIG_BLOCK) {
    wanted = mask | given;
  } else if (set && how == SIG_UNBLOCK) {
    wanted = mask & ~given;
  } else if (set && how == SIG_SETMASK) {
    wanted = given;
  } else if (set) {
    return EINVAL;
  }
  if (set) {
    page->mask = wanted & ~SIGNALS_ALWAYS;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    signals_check(false);
  }
  return old && guarded_copy(old, &mask, sizeof mask) ? EFAULT : 0;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old) {
  int error = change_mask(how, set, old);
  if (!error) return 0;
  errno = error;
  return -1;
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old) {
  return change_mask(how, set, old);
}

int sigpending(sigset_t *set) {
  uint64_t pending = signals_page()->pending & signals_page()->mask;
  return guarded_copy(set, &pending, sizeof pending);
}
