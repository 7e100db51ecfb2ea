// Time: processes that wait for it, their alarms, and the clock.
#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"

#define NANOSECONDS 1000000000u
#define LOOK_FIRST 1000000u  // nanoseconds until a second look; then twice as long each time
#define LOOK_LAST 64000000u

// The kernel's timer follows the earliest deadline.
static void update_timer(void) {
  uint64_t deadline = timer_heap_deadline(&processes.timers);
  if (deadline == processes.timer) return;
  processes.timer = deadline;
  outside_timer(deadline);
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

// A process's deadlines.
static uint32_t wait_timer(const struct process *process) { return 2u * process_slot(process); }
static uint32_t alarm_timer(const struct process *process) {
  return 2u * process_slot(process) + 1u;
}

static void look_after(uint32_t nanoseconds) {
  processes.look_after = nanoseconds;
  timer_heap_remove(&processes.timers, TIMER_LOOK);
  timer_heap_add(&processes.timers, TIMER_LOOK, later(outside_now(), nanoseconds));
}

void processes_look_later(void) {
  look_after(LOOK_FIRST);
  update_timer();
}

static void look(void) {
  uint32_t next = processes.look_after < LOOK_LAST ? 2 * processes.look_after : LOOK_LAST;
  if (processes_look()) look_after(next);
}

static void stop_timer(uint32_t id) {
  if (!timer_heap_has(&processes.timers, id)) return;
  timer_heap_remove(&processes.timers, id);
  update_timer();
}

void process_unpark(struct process *process) {
  if (process->park != PARK_NONE) stop_timer(wait_timer(process));
  process->park = PARK_NONE;
}

void process_disarm(struct process *process) { stop_timer(alarm_timer(process)); }

// Nanoseconds from now until a deadline, 0 for none or one that has passed.
static uint64_t left(uint64_t deadline) {
  uint64_t now = outside_now(), timebase = outside_timebase();
  if (deadline == TIMER_NEVER || deadline <= now) return 0;
  uint64_t ticks = deadline - now;
  return ticks / timebase * NANOSECONDS + ticks % timebase * NANOSECONDS / timebase;
}

static void park(const struct request *request, enum process_park park, uint64_t nanoseconds) {
  struct process *caller = request->caller;
  if (nanoseconds != TIMER_NEVER) {
    timer_heap_add(&processes.timers, wait_timer(caller), later(outside_now(), nanoseconds));
  }
  caller->park = (uint8_t)park;
  caller->token = request->token;
  update_timer();
}

void op_sleep(const struct request *request, struct answer *answer) {
  uint64_t nanoseconds = request->argument[0];
  if (nanoseconds == 0) return;
  if (process_signal_due(request->caller)) {
    answer->status = -EINTR;
    answer->word[0] = nanoseconds;
    return;
  }
  park(request, PARK_SLEEP, nanoseconds);
  answer->status = ANSWER_LATER;
}

void op_pause(const struct request *request, struct answer *answer) {
  uint64_t nanoseconds = request->argument[0], set = request->argument[1];
  const volatile struct signal_page *page = process_signals(request->caller);
  if (page->pending & (~page->mask | set)) return;
  if (nanoseconds == 0) {
    answer->status = -EAGAIN;
    return;
  }
  park(request, PARK_PAUSE, nanoseconds);
  request->caller->wait_set = set;
  answer->status = ANSWER_LATER;
}

void process_wake(struct process *process) {
  uint64_t rest = left(timer_heap_of(&processes.timers, wait_timer(process)));
  int64_t status = process->park == PARK_PAUSE ? 0 : -EINTR;
  process_unpark(process);
  outside_answer(process->token, status, rest);
}

// --- Alarms ---

void op_itimer(const struct request *request, struct answer *answer) {
  uint64_t nanoseconds = request->argument[0];
  uint32_t id = alarm_timer(request->caller);
  volatile struct signal_page *page = process_signals(request->caller);
  answer->word[0] = left(timer_heap_of(&processes.timers, id));
  // Its time may be over: it comes all the same, or is taken back.
  if (answer->word[0] == 0 && timer_heap_has(&processes.timers, id)) answer->word[0] = 1;
  answer->word[1] = page->interval;
  if (nanoseconds == PROC_ITIMER_ASK) return;
  page->interval = request->argument[1];
  timer_heap_remove(&processes.timers, id);
  if (nanoseconds != 0) {
    timer_heap_add(&processes.timers, id, later(outside_now(), nanoseconds));
  }
  update_timer();
}

// The next one of a series; those that were missed are left out.
static void go_on(struct process *process, uint64_t deadline) {
  const volatile struct signal_page *page = process_signals(process);
  uint64_t interval = page->interval;
  if (interval == 0) return;
  if (interval < SIGNAL_INTERVAL_MIN) interval = SIGNAL_INTERVAL_MIN;
  uint64_t now = outside_now(), next = later(deadline, interval);
  if (next <= now) next = later(now, interval);
  timer_heap_add(&processes.timers, alarm_timer(process), next);
}

static void expired(uint32_t id, uint64_t deadline) {
  if (id == TIMER_LOOK) {
    look();
    return;
  }
  struct process *process = &processes.table.process[id / 2];
  if (id == alarm_timer(process)) {
    go_on(process, deadline);
    process_signal(process, SIGNAL_ALRM, &(struct signal_cause){.sender = 0});
    return;
  }
  int64_t status = process->park == PARK_PAUSE ? -EAGAIN : 0;
  process->park = PARK_NONE;
  outside_answer(process->token, status, 0);
}

void processes_tick(void) {
  processes.timer = TIMER_NEVER;  // it goes off once
  uint64_t now = outside_now();
  for (;;) {
    uint64_t deadline = timer_heap_deadline(&processes.timers);
    uint32_t id = timer_heap_expire(&processes.timers, now);
    if (id == 0) break;
    expired(id, deadline);
  }
  update_timer();
}

void op_clock(const struct request *request, struct answer *answer) {
  (void)request;
  answer->status = (int64_t)outside_timebase();
  answer->word[0] = outside_epoch();
}
