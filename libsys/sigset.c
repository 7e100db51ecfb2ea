// Sets of signals.
#include <errno.h>
#include <signal.h>

#include "libsys/signal_actions.h"

static int bad_signal(int signal) {
  if (signal_valid(signal)) return 0;
  errno = EINVAL;
  return -1;
}

int sigemptyset(sigset_t *set) {
  *set = 0;
  return 0;
}

int sigfillset(sigset_t *set) {
  *set = ~(sigset_t)0;
  return 0;
}

int sigaddset(sigset_t *set, int signal) {
  if (bad_signal(signal)) return -1;
  *set |= SIGNAL_BIT((uint32_t)signal);
  return 0;
}

int sigdelset(sigset_t *set, int signal) {
  if (bad_signal(signal)) return -1;
  *set &= ~SIGNAL_BIT((uint32_t)signal);
  return 0;
}

int sigismember(const sigset_t *set, int signal) {
  if (bad_signal(signal)) return -1;
  return (*set & SIGNAL_BIT((uint32_t)signal)) != 0;
}
