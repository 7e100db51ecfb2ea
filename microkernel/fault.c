#include "microkernel/fault.h"

#include "abi/handle.h"
#include "microkernel/boot.h"
#include "microkernel/endpoint.h"
#include "microkernel/panic.h"
#include "microkernel/pte.h"
#include "microkernel/schedule.h"

// There is no endpoint for the message: the thread stops; if it is the first process's, so does the
// machine.
static COLD struct thread *nobody_decides(uint8_t kind, uint64_t what) {
  if (current->space == boot_space) {
    panic_print("\nfirst process: ");
    panic_print(kind == EVENT_FAULT ? "page fault at " : "exception ");
    panic_print_hex(what);
    panic("pc", current->x[REG_PC]);
  }
  current->state = THREAD_DEAD;
  return schedule_next();
}

// Sends the message of a page fault.
static inline __attribute__((always_inline)) struct thread *send_fault(uint64_t w0, uint64_t w1,
                                                                       uint64_t w3) {
  const struct handle *handle = &current->space->handles_inline[HANDLE_PAGER];
  if (UNLIKELY(!handle_may_call(handle))) return nobody_decides(EVENT_FAULT, w0);
  return endpoint_send(handle_named(handle), EVENT_FAULT, handle->badge, w0, w1, current->x[REG_PC],
                       w3, 0, 0);
}

// A fault on an entry that allows the access.
static __attribute__((noinline)) struct thread *absorb(uaddr_t address, uint64_t access,
                                                       uint64_t entry) {
  hart_count(STAT_SPURIOUS);
  space_absorb(current->space, address, access, entry);
  return current;
}

// A fault where something is mapped.
static __attribute__((noinline)) struct thread *fault_present(uaddr_t address, uint64_t access,
                                                              uint64_t entry) {
  if (entry & access) return absorb(address, access, entry);
  hart_count(STAT_FAULTS);
  return send_fault(address, access >> 1 | FAULT_PRESENT, entry >> PTE_FRAME_SHIFT);
}

// The first fault in a leaf table, or one where there is none.
static __attribute__((noinline)) struct thread *fault_elsewhere(uaddr_t address, uint64_t access) {
  uint64_t entry = space_block(current->space, address);
  if (pte_is_table(entry)) {
    uint64_t *table = arch_table_address(entry);
    thread_keep_leaf(current, address, table);
    entry = pte_load(table, pte_index(address, 0));
  } else {
    entry = pte_large_page(entry, address);
  }
  if (entry & PTE_V) return fault_present(address, access, entry);
  hart_count(STAT_FAULTS);
  return send_fault(address, access >> 1, 0);
}

struct thread *fault_page(uaddr_t address, uint64_t access) {
  _Static_assert(
      PTE_R >> 1 == FAULT_READ && PTE_W >> 1 == FAULT_WRITE && PTE_X >> 1 == FAULT_EXECUTE,
      "shift");
  if (UNLIKELY(current->leaf_key != space_leaf_key(current->space, address)))
    return fault_elsewhere(address, access);
  uint64_t entry = pte_load(current->leaf, pte_index(address, 0));
  if (entry & PTE_V) return fault_present(address, access, entry);
  hart_count(STAT_FAULTS);
  return send_fault(address, access >> 1, 0);
}

struct thread *fault_exception(uint64_t cause, uint64_t value) {
  const struct handle *handle = &current->space->handles_inline[HANDLE_EXCEPTION];
  hart_count(STAT_CALLS);
  if (!handle_may_call(handle)) return nobody_decides(EVENT_EXCEPTION, cause);
  struct message message = {
      handle->badge, EVENT_EXCEPTION, {cause, value, current->x[REG_PC], 0, 0, 0}};
  return endpoint_send_any(handle_named(handle), &message);
}
