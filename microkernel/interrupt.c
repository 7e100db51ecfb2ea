#include "microkernel/interrupt.h"

#include <errno.h>

#include "microkernel/arch.h"
#include "microkernel/schedule.h"

static struct handle irq_table[IRQ_MAX];
static struct endpoint *timers;  // in order of deadlines
uint64_t timer_slice;
uint64_t timer_offer;

int irq_bind(uint32_t irq, const struct handle *endpoint) {
  if (irq == 0 || irq >= IRQ_MAX) return -EINVAL;
  irq_table[irq] = *endpoint;
  arch_irq_enable(irq);
  return 0;
}

void irq_deliver(uint32_t irq) {
  struct handle *handle = irq < IRQ_MAX ? &irq_table[irq] : NULL;
  if (!handle || !handle_is_object(handle)) {
    arch_irq_complete(irq);
    return;
  }
  endpoint_notify(handle_named(handle), 1ull << (handle->badge & 63));
}

// Sets this hart's timer unless it is set for earlier.
static void set_timer(uint64_t deadline) {
  struct hart *hart = this_hart();
  if (hart->alarm <= deadline && hart->alarm != ~0ull) return;
  hart->alarm = deadline;
  arch_timer_set(deadline);
}

void timer_disarm(struct endpoint *endpoint) {
  if (!endpoint->timer_armed) return;
  struct endpoint **link = &timers;
  while (*link != endpoint) link = &(*link)->next_timer;
  *link = endpoint->next_timer;
  endpoint->timer_armed = false;
}

void timer_arm(struct endpoint *endpoint, uint64_t deadline) {
  timer_disarm(endpoint);
  if (deadline == TIMER_OFF) return;
  struct endpoint **link = &timers;
  while (*link && (*link)->deadline <= deadline) link = &(*link)->next_timer;
  endpoint->deadline = deadline;
  endpoint->next_timer = *link;
  endpoint->timer_armed = true;
  *link = endpoint;
  if (timers == endpoint) set_timer(deadline);
}

static void expire_endpoints(uint64_t now) {
  while (timers && timers->deadline <= now) {
    struct endpoint *endpoint = timers;
    timer_disarm(endpoint);
    endpoint_notify(endpoint, NOTIFY_TIMER);
  }
}

void timer_slice_start(void) {
  struct hart *hart = this_hart();
  uint64_t now = arch_time();
  uint64_t deadline = hart->slice_end = now + timer_slice;
  if (timers && timers->deadline < deadline) deadline = timers->deadline;
  if (schedule_has_offer() && now + timer_offer < deadline) deadline = now + timer_offer;
  hart->alarm = ~0ull;
  set_timer(deadline);
}

void timer_offer_start(void) { set_timer(arch_time() + timer_offer); }

void timer_idle_start(void) {
  this_hart()->alarm = ~0ull;
  set_timer(timers ? timers->deadline : ~0ull);
}

bool timer_expire(void) {
  struct hart *hart = this_hart();
  uint64_t now = arch_time();
  expire_endpoints(now);
  if (schedule_has_offer()) schedule_offer();
  hart->alarm = ~0ull;
  set_timer(timers && timers->deadline < hart->slice_end ? timers->deadline : hart->slice_end);
  return now >= hart->slice_end;
}
