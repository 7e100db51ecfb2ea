#include "servers/proc/signal_action.h"

#include "protocols/signal.h"

enum signal_action signal_default(uint64_t signal) {
  if (signal == 0 || signal > SIGNALS_MAX) return SIGNAL_INVALID;
  switch (signal) {
    case SIGNAL_STOP:
      return SIGNAL_INVALID;
    case SIGNAL_TSTP:  // these would stop it
    case SIGNAL_TTIN:
    case SIGNAL_TTOU:
    case SIGNAL_CHLD:
    case SIGNAL_CONT:
    case SIGNAL_URG:
    case SIGNAL_WINCH:
      return SIGNAL_IGNORED;
    default:
      return SIGNAL_ENDS;
  }
}

// Exception codes: RISC-V privileged specification, scause.
struct exception_signal signal_of_exception(uint64_t scause) {
  switch (scause) {
    case 2:
      return (struct exception_signal){SIGNAL_ILL, SIGNAL_ILLEGAL_OPCODE};
    case 3:
      return (struct exception_signal){SIGNAL_TRAP, SIGNAL_BREAKPOINT};
    case 0:  // misaligned: fetch, load, store
    case 4:
    case 6:
      return (struct exception_signal){SIGNAL_BUS, SIGNAL_MISALIGNED};
    case 1:  // access fault: fetch, load, store
    case 5:
    case 7:
      return (struct exception_signal){SIGNAL_BUS, SIGNAL_NO_ADDRESS};
    default:
      return (struct exception_signal){SIGNAL_KILL, 0};
  }
}
