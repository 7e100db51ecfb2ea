// Upcalls: a thread's registers go to its call buffer (struct upcall_registers, at UPCALL_OFFSET)
// and it goes on at an address of the caller's choice; SYS_RESUME brings them back. What is in the
// buffer is its program's business: the kernel takes any numbers for registers.
// Guarded by the kernel lock.
#ifndef MICROKERNEL_UPCALL_H
#define MICROKERNEL_UPCALL_H

#include "microkernel/thread.h"

// Whether a thread that waits for an answer can be answered with an upcall to pc: it has a buffer
// and waits with a fault or exception, so that it can go on with all its registers.
static inline bool upcall_fits(const struct thread *thread, uaddr_t pc) {
  return LIKELY(pc < USER_END && thread->buffer && thread->resume == RESUME_ALL);
}

// Sends a thread to pc. => its buffer is there, x[] holds its registers
void upcall_save(struct thread *thread, uaddr_t pc);
// The same for a thread that runs now: dispatched. => as of dispatch
struct thread *upcall_begin(struct thread *thread, uaddr_t pc);
// The running thread goes on with the registers in its buffer: arch_resume. NULL: it has no buffer,
// or the pc there is beyond USER_END
struct thread *upcall_end(void);
// Sends a thread to pc that runs, is ready, or waits for the answer to a fault or exception.
// EINVAL: no buffer, or the pc; EBUSY: the caller, or one that waits for something else, or has not
// started; EAGAIN: it or the caller is being sent one from another hart, or the caller must end
// first; EBADF: another hart has ended it meanwhile
int upcall_send(struct thread *thread, uaddr_t pc);

#endif
