#include "microkernel/thread.h"

#include <errno.h>

#include "microkernel/arch.h"
#include "microkernel/endpoint.h"
#include "microkernel/frame.h"
#include "microkernel/lock.h"
#include "microkernel/schedule.h"
#include "microkernel/space.h"

struct hart *harts[HARTS_MAX];
uint32_t hart_count_running;

// Messages of ended threads. A new thread's sequence numbers start here, so that in one frame no
// token comes twice before so many messages that the number wraps.
static uint64_t ended_messages;

void thread_create(struct thread *thread, struct space *space) {
  thread->hart = this_hart();
  thread->space = space;
  thread->stamp = thread->first_stamp = ended_messages << 40 | (uint64_t)arch_address_frame(thread)
                                                                   << 8;
  thread->badge = space->badge;
  thread->serial = space->serial;
  thread->priority = 1;
  space->threads++;
}

void thread_set_start(struct thread *thread, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1) {
  for (uint32_t i = 0; i < 32; i++) thread->x[i] = 0;
  thread->x[REG_PC] = pc;
  thread->x[REG_SP] = sp;
  thread->x[REG_A0] = a0;
  thread->x[REG_A0 + 1] = a1;
  thread->resume = RESUME_ALL;
  thread->fp_used = false;
}

static int activate(struct thread *thread) {
  if (thread->state != THREAD_INACTIVE) return -EBUSY;
  if (!thread->space->translation) return -EINVAL;
  thread->translation = thread->space->translation;
  thread->dying = false;  // whoever wanted to end it gave up
  return 0;
}

int thread_start(struct thread *thread, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1) {
  int error = activate(thread);
  if (error) return error;
  thread_set_start(thread, pc, sp, a0, a1);
  schedule_ready(thread);
  return 0;
}

int thread_clone(struct thread *thread, const struct thread *of, uint64_t a0) {
  if (of->state != THREAD_REPLY || token_kind(of->token) != EVENT_CALL) return -EBUSY;
  int error = activate(thread);
  if (error) return error;
  registers_copy(thread->x, of->x);
  thread->x[REG_A0] = a0;
  thread->resume = of->resume;
  thread->fp_used = of->fp_used;
  if (of->fp_used)
    for (uint32_t i = 0; i < 33; i++) thread->fp[i] = of->fp[i];
  schedule_ready(thread);
  return 0;
}

// Looks, without the lock, how long a thread that was told to stop still runs.
#define LOOKS 10000u

#define LOOK(what) __atomic_load_n(&(what), __ATOMIC_RELAXED)

// A thread that runs on another hart was asked to do something before it goes back to user mode
// (dying, upcall_due).
static bool is_asked(const struct thread *thread) {
  return LOOK(thread->state) == THREAD_RUNNING && (LOOK(thread->dying) | LOOK(thread->upcall_due));
}

int thread_wait_for_hart(struct thread *thread, bool yields) {
  const struct frame *frame = frame_entry(arch_address_frame(thread));
  uint32_t before = frame->type_generation;
  while (is_asked(thread)) {
    if (current->dying || (yields && current->upcall_due)) return -EAGAIN;
    arch_interrupt_hart(thread->hart->id);
    kernel_unlock();
    for (uint32_t i = 0; i < LOOKS && is_asked(thread) && LOOK(frame->type_generation) == before &&
                         !LOOK(current->dying) && !LOOK(current->upcall_due);
         i++) {
    }
    kernel_lock();
    if (frame->type_generation != before) return -EBADF;  // another hart was quicker
  }
  return 0;
}

void thread_end_wait(struct thread *thread) {
  struct thread *receiver = thread->receiver;
  if (frame_type(arch_address_frame(receiver)) == OBJECT_THREAD && receiver->caller == thread)
    receiver->caller = NULL;
}

int thread_kill(struct thread *thread) {
  if (thread == current) return -EBUSY;
  thread->dying = true;
  int error = thread_wait_for_hart(thread, false);
  if (error) return error;
  if (thread->state == THREAD_READY)
    schedule_remove(thread);
  else if (thread->state == THREAD_SENDING || thread->state == THREAD_RECEIVING)
    endpoint_forget(thread);
  if (thread->state == THREAD_REPLY) thread_end_wait(thread);
  thread->state = THREAD_DEAD;
  if (thread->buffer) frame_entry(arch_address_frame(thread->buffer))->count--;
  thread->space->threads--;
  ended_messages += (thread->stamp - thread->first_stamp) >> 40;
  frame_release(arch_address_frame(thread));
  return 0;
}
