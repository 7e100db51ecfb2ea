#include "microkernel/upcall.h"

#include <errno.h>

#include "microkernel/endpoint.h"
#include "microkernel/schedule.h"

#define UPCALL_FP 32  // where upcall_registers.fp is

_Static_assert(UPCALL_OFFSET + UPCALL_BYTES <= PAGE_SIZE, "it is in the buffer");
_Static_assert(sizeof(struct upcall_registers) == UPCALL_BYTES, "all of it");
_Static_assert(sizeof((struct thread *)0)->x == UPCALL_FP * sizeof(uint64_t) && REG_PC == 0,
               "copied as a whole");

static uint64_t *saved_registers(const struct thread *thread) {
  return (uint64_t *)(void *)((char *)thread->buffer + UPCALL_OFFSET);
}

void upcall_save(struct thread *thread, uaddr_t pc) {
  uint64_t *saved = saved_registers(thread);
  registers_copy(saved, thread->x);
  saved[UPCALL_FP] = thread->fp_used;
  thread->x[REG_PC] = pc;
}

struct thread *upcall_begin(struct thread *thread, uaddr_t pc) {
  upcall_save(thread, pc);
  return dispatch(thread);
}

struct thread *upcall_end(void) {
  if (!current->buffer) return NULL;
  const uint64_t *saved = saved_registers(current);
  uaddr_t pc = __atomic_load_n(&saved[REG_PC], __ATOMIC_RELAXED);
  return pc < USER_END ? arch_resume(saved, pc) : NULL;
}

// A thread that runs on another hart is sent there by that hart. True if nothing is left to do.
static bool send_elsewhere(struct thread *thread, uaddr_t pc, int *error) {
  thread->upcall_pc = pc;
  thread->upcall_due = true;
  *error = thread_wait_for_hart(thread, true);
  if (*error == -EBADF) return true;
  bool taken = !thread->upcall_due;
  thread->upcall_due = false;
  if (taken) *error = 0;
  return taken || *error;
}

COLD int upcall_send(struct thread *thread, uaddr_t pc) {
  int error = 0;
  if (pc >= USER_END || !thread->buffer) return -EINVAL;
  if (thread == current) return -EBUSY;
  if (thread->upcall_due) return -EAGAIN;
  if (thread->state == THREAD_RUNNING && send_elsewhere(thread, pc, &error)) return error;
  bool sends = thread->state == THREAD_SENDING && thread->kind != EVENT_CALL;
  bool waits = thread->state == THREAD_REPLY && token_kind(thread->token) != EVENT_CALL;
  if (!sends && !waits && thread->state != THREAD_READY) return -EBUSY;
  if (sends) endpoint_forget(thread);
  if (waits) thread_end_wait(thread);
  upcall_save(thread, pc);
  if (sends || waits) schedule_ready(thread);
  return 0;
}
