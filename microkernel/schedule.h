// Which thread a hart runs next. Round robin within a priority; a message's receiver runs at
// once on the sender's hart and time slice (direct switch). Guarded by the kernel lock.
#ifndef MICROKERNEL_SCHEDULE_H
#define MICROKERNEL_SCHEDULE_H

#include "microkernel/arch.h"
#include "microkernel/space.h"
#include "microkernel/stats.h"
#include "microkernel/thread.h"

#define SLICES_A_SECOND 100u  // preemption

// Makes a thread ready: at the tail of this hart's queue. A hart that idles is woken to take it
// if it still waits after OFFER_DELAY: mostly this hart itself is about to wait, and a message to
// another costs more than the thread's turn.
#define OFFERS_A_SECOND 1000u  // 1 / OFFER_DELAY
void schedule_ready(struct thread *thread);
// Likewise at the head.
void schedule_ready_first(struct thread *thread);
// Whether a thread waits here while another hart idles, and waking that hart.
bool schedule_has_offer(void);
void schedule_offer(void);
// Takes a READY thread out of its queue.
void schedule_remove(struct thread *thread);
// The current thread cannot go on (its state says why): the best ready thread, here or from
// another hart, or the idle thread. Dispatched.
struct thread *schedule_next(void);
// After an interrupt: the current thread, or a better one. `expired`: its time slice is over.
struct thread *schedule_preempt(bool expired);
// What an idle hart does, on its own stack, with the kernel lock held; returns the thread to run.
struct thread *schedule_idle(void);

// dispatch on a machine of several harts.
struct thread *dispatch_among_harts(struct thread *to);

// Makes `to` the running thread of this hart. => not in a queue
static inline struct thread *dispatch(struct thread *to) {
  struct thread *from = current;
  struct hart *hart = from->hart;
  if (UNLIKELY(hart->shares_kernel)) return dispatch_among_harts(to);
  to->state = THREAD_RUNNING;
  if (from->translation != to->translation) {
    hart->stat[STAT_SWITCHES]++;
    arch_switch_translation(to->translation);
  }
  if (UNLIKELY(from->fp_used)) return arch_fp_leave(from, to);
  return to;
}

#endif
