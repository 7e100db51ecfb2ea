// Time: sleeping processes and the clock.
#include "protocols/proc.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"

#define NANOSECONDS 1000000000u

// The kernel's timer follows the earliest deadline.
static void update_timer(void) {
  uint64_t deadline = timer_heap_deadline(&processes.sleepers);
  if (deadline == processes.timer) return;
  processes.timer = deadline;
  outside_timer(deadline);
}

void process_unpark(struct process *process) {
  if (process->park == PARK_SLEEP) {
    timer_heap_remove(&processes.sleepers, process_slot(process));
    update_timer();
  }
  process->park = PARK_NONE;
}

// The first tick that is at least so much later. A timebase is below 2^32, so that the products
// stay below 2^64.
static uint64_t later(uint64_t now, uint64_t nanoseconds) {
  uint64_t seconds = nanoseconds / NANOSECONDS;
  uint64_t rest = nanoseconds % NANOSECONDS;
  uint64_t ticks = (rest * outside_timebase() + NANOSECONDS - 1) / NANOSECONDS;
  uint64_t deadline;
  if (__builtin_mul_overflow(seconds, outside_timebase(), &seconds)) return TIMER_NEVER;
  if (__builtin_add_overflow(now, seconds, &deadline)) return TIMER_NEVER;
  if (__builtin_add_overflow(deadline, ticks, &deadline)) return TIMER_NEVER;
  return deadline;
}

void op_sleep(const struct request *request, struct answer *answer) {
  struct process *caller = request->caller;
  if (request->argument[0] == 0) return;
  timer_heap_add(&processes.sleepers, process_slot(caller),
                 later(outside_now(), request->argument[0]));
  caller->park = PARK_SLEEP;
  caller->token = request->token;
  update_timer();
  answer->status = ANSWER_LATER;
}

void processes_tick(void) {
  uint32_t slot;
  processes.timer = TIMER_NEVER;  // it goes off once
  while ((slot = timer_heap_expire(&processes.sleepers, outside_now())) != 0) {
    struct process *sleeper = &processes.table.process[slot];
    sleeper->park = PARK_NONE;
    outside_answer(sleeper->token, 0, 0);
  }
  update_timer();
}

void op_clock(const struct request *request, struct answer *answer) {
  (void)request;
  answer->status = (int64_t)outside_timebase();
  answer->word[0] = outside_epoch();
}
