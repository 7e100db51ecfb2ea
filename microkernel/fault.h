// Traps turned into messages.
#ifndef MICROKERNEL_FAULT_H
#define MICROKERNEL_FAULT_H

#include "microkernel/thread.h"

// A page fault of the current thread. access: PTE_R, PTE_W or PTE_X. Returns the thread to run.
struct thread *fault_page(uaddr_t address, uint64_t access);
// Any other exception of the current thread.
struct thread *fault_exception(uint64_t cause, uint64_t value);

#endif
