// The kernel lock: one ticket lock around everything (docs/decisions/one_kernel_lock.md). Taken
// on entry, released before user registers are loaded; trap_entry.S does the same inline.
#ifndef MICROKERNEL_LOCK_H
#define MICROKERNEL_LOCK_H

#include <stdint.h>

struct ticket_lock {
  uint32_t next;   // ticket of the next to come
  uint32_t owner;  // ticket that holds it
};

extern struct ticket_lock kernel_ticket_lock;

static inline void kernel_lock(void) {
  uint32_t ticket = __atomic_fetch_add(&kernel_ticket_lock.next, 1, __ATOMIC_RELAXED);
  while (__atomic_load_n(&kernel_ticket_lock.owner, __ATOMIC_ACQUIRE) != ticket) {
  }
}

static inline void kernel_unlock(void) {
  __atomic_store_n(&kernel_ticket_lock.owner, kernel_ticket_lock.owner + 1, __ATOMIC_RELEASE);
}

#endif
