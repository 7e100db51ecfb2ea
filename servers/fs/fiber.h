// Fibers: cooperative threads of control inside the server, for operations that wait for the disk.
//
// The event loop runs on the server's own stack and is no fiber. A fiber runs until it suspends
// itself; nothing is preempted, so data needs no lock unless it must stay the same over a wait.
#ifndef SERVERS_FS_FIBER_H_
#define SERVERS_FS_FIBER_H_

#include <stdbool.h>
#include <stddef.h>

struct fiber;

#ifndef FIBER_STACK_BYTES
#define FIBER_STACK_BYTES 8192  // some three times of what has been seen in use
#endif

enum { FIBER_COUNT = 8 };

// Fibers that wait for one thing, first come, first served. All zero is the empty queue.
struct fiber_queue {
  struct fiber *head, *tail;
};

// Gives a free fiber something to do; it runs at the next fibers_run.
// => false: all FIBER_COUNT are in use.
bool fiber_start(void (*run)(void *), void *argument);

// Waits until somebody wakes this fiber. => called in a fiber.
void fiber_wait(struct fiber_queue *queue);

// Lets the first or all of those who wait go on, at the next fibers_run.
void fiber_wake_one(struct fiber_queue *queue);
void fiber_wake_all(struct fiber_queue *queue);

// Fibers that go on at the next fibers_run; to be read by fibers_ready alone.
extern struct fiber_queue fibers_ready_queue;

static inline bool fibers_ready(void) { return fibers_ready_queue.head != NULL; }

// Runs fibers until all of them wait or are free. => called outside of fibers.
void fibers_run(void);

// A lock held over waits; handed over in the order of asking. All zero is free.
struct fiber_lock {
  bool held;
  struct fiber_queue waiting;
};

void fiber_lock_acquire(struct fiber_lock *lock);
void fiber_lock_release(struct fiber_lock *lock);

#endif  // SERVERS_FS_FIBER_H_
