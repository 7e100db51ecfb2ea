#include "microkernel/interrupt.h"

#include <errno.h>

#include "microkernel/arch.h"
#include "microkernel/schedule.h"

static struct handle irq_table[IRQ_MAX];
static struct endpoint *timers;  // in order of deadlines
uint64_t timer_tick;

int irq_bind(uint32_t irq, const struct handle *endpoint) {
  if (irq == 0 || irq >= IRQ_MAX) return -EINVAL;
  irq_table[irq] = *endpoint;
  arch_irq_enable(irq);
  return 0;
}

void irq_deliver(uint32_t irq) {
  struct handle *handle = irq < IRQ_MAX ? &irq_table[irq] : NULL;
  if (!handle || frame_table[handle->object].type_generation != handle->call) {
    arch_irq_complete(irq);
    return;
  }
  endpoint_notify(handle_named(handle), 1ull << (handle->badge & 63));
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
  if (deadline == ~0ull) return;
  struct endpoint **link = &timers;
  while (*link && (*link)->deadline <= deadline) link = &(*link)->next_timer;
  endpoint->deadline = deadline;
  endpoint->next_timer = *link;
  endpoint->timer_armed = true;
  *link = endpoint;
  if (timers == endpoint) timer_tick_start();
}

static void expire_endpoints(uint64_t now) {
  while (timers && timers->deadline <= now) {
    struct endpoint *endpoint = timers;
    timer_disarm(endpoint);
    endpoint_notify(endpoint, NOTIFY_TIMER);
  }
}

void timer_tick_start(void) {
  uint64_t deadline = arch_time() + timer_tick;
  if (timers && timers->deadline < deadline) deadline = timers->deadline;
  arch_timer_set(deadline);
}

void timer_idle_start(void) { arch_timer_set(timers ? timers->deadline : ~0ull); }

void timer_expire(void) {
  expire_endpoints(arch_time());
  timer_tick_start();
}
