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
// The hart's timer interrupt: notifies those whose deadline has passed, offers waiting threads to
// idle harts. True if the running thread's time slice is over.
bool timer_expire(void);
// The hart's timer is set for: a new time slice; a thread that became ready while others idle;
// nothing but deadlines, as it idles.
void timer_slice_start(void);
void timer_offer_start(void);
void timer_idle_start(void);

// Handles what is pending on this hart without a trap (an idle hart keeps interrupts masked).
void interrupt_poll(void);

// In ticks of the timebase.
extern uint64_t timer_slice;
extern uint64_t timer_offer;

#endif
