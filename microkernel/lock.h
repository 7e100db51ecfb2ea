// The kernel lock: one test-and-set lock around everything. Taken on entry, released before user
// registers are loaded; trap_entry.S does the same inline. Operations are bounded and short, and
// harts are few; a lock that hands itself on in order stalls all of them whenever the next in
// line is a hart that its host does not run (docs/decisions).
#ifndef MICROKERNEL_LOCK_H
#define MICROKERNEL_LOCK_H

#include <stdint.h>

extern uint32_t kernel_lock_word;  // 1: held

static inline void kernel_lock(void) {
  do {
    while (__atomic_load_n(&kernel_lock_word, __ATOMIC_RELAXED)) {
    }
  } while (__atomic_exchange_n(&kernel_lock_word, 1, __ATOMIC_ACQUIRE));
}

static inline void kernel_unlock(void) { __atomic_store_n(&kernel_lock_word, 0, __ATOMIC_RELEASE); }

#endif
