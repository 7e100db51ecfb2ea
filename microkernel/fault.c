#include "microkernel/fault.h"

#include "abi/handle.h"
#include "microkernel/boot.h"
#include "microkernel/endpoint.h"
#include "microkernel/panic.h"
#include "microkernel/pte.h"
#include "microkernel/schedule.h"

// There is no endpoint for the message: the thread stops; if it is the first process's, so does the
// machine.
static __attribute__((noinline, cold)) struct thread *nobody_decides(
    const struct message *message) {
  if (current->space == boot_space) {
    panic_print("\nfirst process: ");
    panic_print(message->kind == EVENT_FAULT ? "page fault at " : "exception ");
    panic_print_hex(message->word[0]);
    panic("pc", message->word[2]);
  }
  current->state = THREAD_DEAD;
  return schedule_next();
}

// Sends the message through a slot of the thread's own space.
static inline struct thread *send_through(handle_t slot, struct message *message) {
  struct handle *handle = endpoint_handle(slot, RIGHT_CALL);
  if (UNLIKELY(!handle)) return nobody_decides(message);
  message->via = handle->badge;
  return endpoint_send(arch_frame_address(handle->object), message);
}

struct thread *fault_page(uaddr_t address, uint64_t access) {
  uint64_t entry = space_lookup(current->space, address);
  if (entry & PTE_V) {
    if (space_absorb(current->space, address, access, entry)) {
      hart_count(STAT_SPURIOUS);
      return current;
    }
  }
  hart_count(STAT_FAULTS);
  struct message message;
  message.kind = EVENT_FAULT;
  message.word[0] = address;
  message.word[1] = access == PTE_R ? FAULT_READ : access == PTE_W ? FAULT_WRITE : FAULT_EXECUTE;
  message.word[2] = current->x[REG_PC];
  message.word[3] = 0;
  message.word[4] = 0;
  message.word[5] = 0;
  if (entry & PTE_V) {
    message.word[1] |= FAULT_PRESENT;
    message.word[3] = pte_frame(entry);
  }
  return send_through(HANDLE_PAGER, &message);
}

struct thread *fault_exception(uint64_t cause, uint64_t value) {
  struct message message = {.kind = EVENT_EXCEPTION,
                            .word = {cause, value, current->x[REG_PC]}};
  return send_through(HANDLE_EXCEPTION, &message);
}
