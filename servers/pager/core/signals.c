#include "servers/pager/core/signals.h"

#include "protocols/server.h"
#include "protocols/signal.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/state.h"

static volatile struct signal_page *page_of_signals(struct pager *pager, struct space *space) {
  return signal_page_in(pager_message(pager, space));
}

uint64_t signals_fault(struct pager *pager, struct space *space, enum outcome outcome,
                       uint64_t address) {
  static const struct {
    uint8_t signal, code;
  } what[] = {
      [OUTCOME_WAIT] = {SIGNAL_BUS, SIGNAL_NO_ADDRESS},
      [OUTCOME_UNMAPPED] = {SIGNAL_SEGV, SIGNAL_NOT_MAPPED},
      [OUTCOME_PROTECTED] = {SIGNAL_SEGV, SIGNAL_NOT_ALLOWED},
      [OUTCOME_STACK] = {SIGNAL_SEGV, SIGNAL_NOT_MAPPED},
      [OUTCOME_BEYOND_END] = {SIGNAL_BUS, SIGNAL_NO_ADDRESS},
      [OUTCOME_BROKEN] = {SIGNAL_BUS, SIGNAL_NO_ADDRESS},
  };
  volatile struct signal_page *page = page_of_signals(pager, space);
  if (outcome == OUTCOME_NO_MEMORY || space->slot < SLOT_FIRST_PROGRAM) return 0;
  uint64_t guard = page->guard;
  if (__builtin_expect(guard != 0, 0) && page->busy == 0 && pager_upcall(pager, space) == 0)
    return guard;
  if (!signal_take_over(page, what[outcome].signal, what[outcome].code, address)) return 0;
  return page->entry;
}

static inline uint64_t count_error(struct pager *pager, struct space *space, uint64_t entry) {
  space->faults++;
  pager->counts.faults++;
  pager->counts.faults_error++;
  return entry;
}

__attribute__((noinline)) static uint64_t forbidden_any(struct pager *pager, struct space *space,
                                                        uint64_t address) {
  uint64_t entry = signals_fault(pager, space, OUTCOME_PROTECTED, address);
  return entry ? count_error(pager, space, entry) : 0;
}

// Programs that handle many such faults have a handler at hand: that alone goes fast.
uint64_t signals_forbidden(struct pager *pager, struct space *space, uint64_t address) {
  volatile struct signal_page *page =
      signal_page_in(frame_pointer(pager, pager->message[space->slot]));
  if (space->slot < SLOT_FIRST_PROGRAM || page->guard ||
      !signal_take_over(page, SIGNAL_SEGV, SIGNAL_NOT_ALLOWED, address)) {
    return forbidden_any(pager, space, address);
  }
  return count_error(pager, space, page->entry);
}

void signals_refused(struct pager *pager, struct space *space) {
  signal_take_back(page_of_signals(pager, space));
}

int64_t pager_upcall(struct pager *pager, struct space *space) {
  if (space->slot < SLOT_FIRST_PROGRAM) return -EINVAL;
  int error = kops_thread_buffer(space->slot, pager->message[space->slot]);
  return error == -EEXIST ? 0 : error;
}

int64_t pager_interrupt(struct pager *pager, uint32_t badge) {
  struct space *space = pager_space(pager, badge);
  if (!space || space->slot < SLOT_FIRST_PROGRAM) return -ESRCH;
  volatile struct signal_page *page = page_of_signals(pager, space);
  uint64_t entry = page->entry;
  if (entry == 0) return -EINVAL;
  if (__atomic_exchange_n(&page->busy, 1, __ATOMIC_SEQ_CST) != 0) return 0;
  page->signal = 0;
  int error = kops_thread_upcall(space->slot, entry);
  if (error < 0) signal_take_back(page);
  if (error == -EBUSY && signal_due(page) && provider_interrupt(space->provider)) return 0;
  return error;
}

int signals_fork(struct pager *pager, struct space *parent, struct space *child) {
  const volatile struct signal_page *from = page_of_signals(pager, parent);
  volatile struct signal_page *to = page_of_signals(pager, child);
  to->mask = from->mask;
  to->ignored = from->ignored;
  if (from->entry == 0) return 0;
  int error = kops_thread_buffer(child->slot, pager->message[child->slot]);
  if (error < 0) return error;
  to->handled = from->handled;
  to->entry = from->entry;
  return 0;
}

void signals_exec(struct pager *pager, struct space *space) {
  volatile struct signal_page *page = page_of_signals(pager, space);
  page->handled = page->entry = page->busy = 0;
}
