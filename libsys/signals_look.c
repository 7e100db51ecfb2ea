#include <stddef.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/signals.h"

void (*signals_deliver)(bool message);
uint64_t signals_counts;
uint32_t signals_held;

// The process's bits may be set at any time by proc.
int signals_first(uint64_t set) {
  uint64_t due = signals_page()->pending & set;
  return due ? __builtin_ctzll(due) + 1 : 0;
}

void signals_taken(int signal) {
  uint64_t others = ~SIGNAL_BIT((uint32_t)signal);
  __atomic_fetch_and(&signals_page()->pending, others, __ATOMIC_SEQ_CST);
}

int signals_take(uint64_t set) {
  int signal = signals_first(set);
  if (signal) signals_taken(signal);
  return signal;
}

void signals_default(int signal) {
  signals_counts += SIGNALS_TAKEN;
  int64_t pid = kcall_call(HANDLE_PROC, PROC_GETPID, 0, 0, 0, 0, 0).status;
  kcall_call(HANDLE_PROC, PROC_KILL, (uint64_t)pid, (uint64_t)signal, 0, 0, 0);
}

void signals_look(bool message) {
  volatile struct signal_page *page = signals_page();
  if (signals_deliver) {
    signals_deliver(message);
    return;
  }
  for (int signal; (signal = signals_take(~page->mask)) != 0;) signals_default(signal);
}
