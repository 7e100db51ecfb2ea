// Which thread a hart runs next. Round robin within a priority; a message's receiver runs at
// once on the sender's hart and time slice (direct switch). Guarded by the kernel lock.
#ifndef MICROKERNEL_SCHEDULE_H
#define MICROKERNEL_SCHEDULE_H

#include "microkernel/arch.h"
#include "microkernel/space.h"
#include "microkernel/stats.h"
#include "microkernel/thread.h"

#define TICKS_A_SECOND 100u  // preemption

// Makes a thread ready: at the tail of this hart's queue; a hart that idles is woken to take it.
void schedule_ready(struct thread *thread);
// Likewise at the head.
void schedule_ready_first(struct thread *thread);
// Takes a READY thread out of its queue.
void schedule_remove(struct thread *thread);
// The current thread cannot go on (its state says why): the best ready thread, here or from
// another hart, or the idle thread. Dispatched.
struct thread *schedule_next(void);
// After an interrupt: the current thread, or a better one. `expired`: its time slice is over.
struct thread *schedule_preempt(bool expired);
// What an idle hart does, on its own stack, with the kernel lock held; returns the thread to run.
struct thread *schedule_idle(void);

// Makes `to` the running thread of this hart. => not in a queue
static inline struct thread *dispatch(struct thread *to) {
  struct thread *from = current;
  struct hart *hart = from->hart;
  to->state = THREAD_RUNNING;
  if (UNLIKELY(to->hart != hart)) {
    to->hart = hart;
    to->space->hart_mask |= hart->bit;
    arch_fence_instructions();  // this hart may have missed some while it did not count (S4)
  }
  if (from->translation != to->translation) {
    hart->stat[STAT_SWITCHES]++;
    arch_switch_translation(to->translation);
  }
  if (UNLIKELY(from->fp_used)) return arch_fp_leave(from, to);
  return to;
}

#endif
