#include "servers/proc/signal_action.h"

#include <signal.h>

enum signal_action signal_default(uint64_t signal) {
  if (signal == 0 || signal > SIGNAL_MAX) return SIGNAL_INVALID;
  switch (signal) {
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return SIGNAL_INVALID;
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
      return SIGNAL_IGNORED;
    default:
      return SIGNAL_ENDS;
  }
}

// Exception codes: RISC-V privileged specification, scause.
int signal_of_exception(uint64_t scause) {
  switch (scause) {
    case 2:
      return SIGILL;
    case 3:
      return SIGTRAP;
    case 0:  // misaligned: fetch, load, store
    case 4:
    case 6:
    case 1:  // access fault: fetch, load, store
    case 5:
    case 7:
      return SIGBUS;
    default:
      return SIGKILL;
  }
}
