// What a signal does to a process. What the process wants done with it is in its signal page
// (protocols/signal.h), which may say anything at any time: each word is read once.
#include <stddef.h>

#include "protocols/signal.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"
#include "servers/proc/signal_action.h"

// One that is pending already is the same one: what is known of it stays until the process, which
// may be reading that, has taken it.
static void add_pending(volatile struct signal_page *page, uint32_t signal,
                        const struct signal_cause *cause) {
  if (__atomic_load_n(&page->pending, __ATOMIC_SEQ_CST) & SIGNAL_BIT(signal)) return;
  page->sender[signal - 1] = (uint16_t)cause->sender;
  if (signal == SIGNAL_CHLD) page->child_status = cause->child_status;
  __atomic_fetch_or(&page->pending, SIGNAL_BIT(signal), __ATOMIC_SEQ_CST);
}

static bool ends(const struct process *process, uint32_t signal, uint64_t ignored) {
  return !(ignored & SIGNAL_BIT(signal)) && signal_default(signal) == SIGNAL_ENDS &&
         process->pid != PID_INIT;
}

// A program without handlers cannot be made to look. A signal ends it that was blocked when it
// came, or handled by the program before exec, and is neither now. => the signal, or 0
static uint32_t fatal_signal(const struct process *process) {
  const volatile struct signal_page *page = process_signals(process);
  uint64_t left = page->pending & ~page->mask;
  for (; left != 0; left &= left - 1) {
    uint32_t signal = (uint32_t)__builtin_ctzll(left) + 1;
    if (ends(process, signal, page->ignored)) return page->entry == 0 ? signal : 0;
  }
  return 0;
}

// => false: it is in a call that ends soon; then it looks itself, or has to be told. Or it is to
// end.
static bool interrupt(struct process *process) {
  if (fatal_signal(process)) return false;
  if (process->park != PARK_NONE) {
    process_wake(process);
    return true;
  }
  return outside_pager_interrupt(process->badge) != -EBUSY ||
         outside_fs_interrupt(process->badge) > 0 || outside_console_interrupt(process->badge) > 0;
}

// A process that is about to be answered finds out itself.
static void tell(struct process *process, const struct signal_cause *cause) {
  if (process == cause->answered || interrupt(process)) return;
  process->unaware = true;
  processes_look_later();
}

bool processes_look(void) {
  struct process_table *table = &processes.table;
  bool some = false;
  for (struct process *at = table_from_slot(table, 0); at;
       at = table_from_slot(table, process_slot(at) + 1u)) {
    if (!at->unaware) continue;
    uint32_t fatal = at->state == PROCESS_LIVE ? fatal_signal(at) : 0;
    if (fatal) process_end(at, status_signaled(fatal));
    at->unaware = at->state == PROCESS_LIVE && process_signal_due(at) && !interrupt(at);
    some = some || at->unaware;
  }
  return some;
}

void process_signal(struct process *process, uint32_t signal, const struct signal_cause *cause) {
  if (process->state != PROCESS_LIVE) return;
  if (signal == SIGNAL_KILL) {
    process_end(process, status_signaled(signal));
    return;
  }
  volatile struct signal_page *page = process_signals(process);
  uint64_t bit = SIGNAL_BIT(signal);
  if (page->mask & bit) {
    add_pending(page, signal, cause);
    // It may have taken the signal out of its mask meanwhile, which it does before it looks.
    if (process->park == PARK_PAUSE && (process->wait_set & bit)) process_wake(process);
    if (!(page->mask & bit)) tell(process, cause);
  } else if (page->handled & bit) {
    add_pending(page, signal, cause);
    tell(process, cause);
  } else if (ends(process, signal, page->ignored)) {
    process_end(process, status_signaled(signal));
  }
}

bool process_upcall(const struct process *process, token_t token, uint32_t signal, int32_t code,
                    uint64_t address) {
  volatile struct signal_page *page = process_signals(process);
  if (!signal_take_over(page, signal, code, address)) return false;
  if (outside_reply_upcall(token, page->entry) >= 0) return true;
  signal_take_back(page);
  return false;
}
