// Interrupts and timers turned into notifications. Guarded by the kernel lock.
#ifndef MICROKERNEL_INTERRUPT_H
#define MICROKERNEL_INTERRUPT_H

#include "microkernel/endpoint.h"
#include "microkernel/handle_table.h"

#define IRQ_MAX 128u  // interrupt numbers 1..IRQ_MAX-1

// Interrupt `irq` notifies through this endpoint handle from now on. EINVAL
int irq_bind(uint32_t irq, const struct handle *endpoint);
// An interrupt has come: notifies, and keeps it masked until acknowledged. Unbound ones are
// completed at once.
void irq_deliver(uint32_t irq);

// Arms (or, with ~0, turns off) an endpoint's timer.
void timer_arm(struct endpoint *endpoint, uint64_t deadline);
void timer_disarm(struct endpoint *endpoint);
// The hart's timer interrupt: notifies those whose deadline has passed and arms the next tick.
void timer_expire(void);
// This hart begins to run threads: preemption ticks. Or idles: only deadlines.
void timer_tick_start(void);
void timer_idle_start(void);

// Handles what is pending on this hart without a trap (an idle hart keeps interrupts masked).
void interrupt_poll(void);

extern uint64_t timer_tick;  // in timebase ticks

#endif
