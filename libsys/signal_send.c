// Sending signals.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/signals.h"

int kill(pid_t pid, int signal) {
  return (int)result(call_proc(PROC_KILL, (uint64_t)pid, (uint64_t)signal).status);
}

int killpg(pid_t group, int signal) {
  if (group < 0 || group == 1) {
    errno = group < 0 ? EINVAL : EPERM;
    return -1;
  }
  return kill(-group, signal);
}

int raise(int signal) { return kill(getpid(), signal); }

// A handler may see it, but cannot prevent the end.
void abort(void) {
  volatile struct signal_page *page = signals_page();
  const uint64_t bit = SIGNAL_BIT(SIGABRT);
  page->mask &= ~bit;
  raise(SIGABRT);
  page->handled &= ~bit;
  page->ignored &= ~bit;
  page->mask &= ~bit;
  raise(SIGABRT);
  _exit(127);
}
