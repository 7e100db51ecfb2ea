#include "microkernel/schedule.h"

#include "microkernel/bits.h"
#include "microkernel/interrupt.h"
#include "microkernel/lock.h"
#include "microkernel/upcall.h"

uint32_t kernel_lock_word;

static uint64_t idle_mask;  // harts in schedule_idle

struct thread *dispatch_among_harts(struct thread *to) {
  struct thread *from = current;
  struct hart *hart = from->hart;
  to->state = THREAD_RUNNING;
  to->hart = hart;
  hart->current = to;
  if (from->translation != to->translation) {
    space_enter(to->space);
    hart->stat[STAT_SWITCHES]++;
    arch_switch_translation(to->translation);
  }
  return UNLIKELY(from->fp_used) ? arch_fp_leave(from, to) : to;
}

bool schedule_has_offer(void) {
  const struct hart *hart = this_hart();
  if (LIKELY(!(idle_mask & ~hart->bit))) return false;
  for (uint32_t p = 0; p < PRIORITIES; p++)
    if (hart->ready[p].head) return true;
  return false;
}

void schedule_offer(void) {
  uint64_t others = idle_mask & ~this_hart()->bit;
  uint32_t hart = lowest_bit(others);
  idle_mask &= ~(1ull << hart);
  arch_interrupt_hart(hart);
}

void schedule_ready(struct thread *thread) {
  thread->state = THREAD_READY;
  thread->queue = this_hart();
  queue_append(&thread->queue->ready[thread->priority], thread);
  if (UNLIKELY(idle_mask)) timer_offer_start();
}

void schedule_ready_first(struct thread *thread) {
  thread->state = THREAD_READY;
  thread->queue = this_hart();
  queue_prepend(&thread->queue->ready[thread->priority], thread);
  if (UNLIKELY(idle_mask)) timer_offer_start();
}

void schedule_remove(struct thread *thread) {
  queue_remove(&thread->queue->ready[thread->priority], thread);
}

// The best ready thread of one hart from priority `lowest` up, taken out of its queue, or NULL.
static struct thread *take(struct hart *hart, uint32_t lowest) {
  for (uint32_t p = PRIORITIES; p-- > lowest;) {
    struct thread *thread = hart->ready[p].head;
    if (thread) {
      queue_remove(&hart->ready[p], thread);
      return thread;
    }
  }
  return NULL;
}

static struct thread *take_any(void) {
  struct thread *thread = take(this_hart(), 0);
  for (uint32_t i = 0; !thread && i < hart_count_running; i++) thread = take(harts[i], 0);
  return thread;
}

struct thread *schedule_next(void) {
  struct thread *thread = take_any();
  return dispatch(thread ? thread : &this_hart()->idle);
}

struct thread *schedule_preempt(bool expired) {
  struct thread *thread = current;
  if (UNLIKELY(thread->dying)) {
    thread->state = THREAD_INACTIVE;  // thread_kill waits for this
    return schedule_next();
  }
  if (UNLIKELY(thread->upcall_due)) {
    thread->upcall_due = false;
    upcall_save(thread, thread->upcall_pc);
  }
  if (expired) timer_slice_start();
  struct thread *better = take(this_hart(), expired ? thread->priority : thread->priority + 1u);
  if (!better) return thread;
  schedule_ready(thread);
  return dispatch(better);
}

struct thread *schedule_idle(void) {
  struct hart *hart = this_hart();
  for (;;) {
    interrupt_poll();
    struct thread *thread = take_any();
    if (thread) {
      idle_mask &= ~hart->bit;
      timer_slice_start();
      return dispatch(thread);
    }
    idle_mask |= hart->bit;
    timer_idle_start();
    uint64_t before = arch_instret();
    kernel_unlock();
    arch_idle();
    kernel_lock();
    hart->stat[STAT_IDLE_INSTRET] += arch_instret() - before;
  }
}
