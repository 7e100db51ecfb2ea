#include "servers/fs/fiber.h"

#include <stdint.h>

#include "libsys/server_rt/panic.h"

#define CANARY 0x66696265727374ull

// What fiber_switch keeps besides the stack pointer, below it: ra and s0..s11.
enum { SAVED_WORDS = 14, SAVED_RA = 0, STACK_WORDS = FIBER_STACK_BYTES / 8 };

struct fiber {
  uint64_t sp;
  struct fiber *next;  // in the free list, the ready queue or the queue it waits in
  void (*run)(void *);
  void *argument;
};

// In assembly. Saves the registers that calls preserve, stores the stack pointer to *from and goes
// on at `to`.
void fiber_switch(uint64_t *from, uint64_t to);
// Where a new fiber goes on: calls fiber_main.
void fiber_entry(void);
_Noreturn void fiber_main(void);

static _Alignas(16) uint64_t stacks[FIBER_COUNT][STACK_WORDS];
static struct fiber fibers[FIBER_COUNT];
static unsigned fibers_made;
static struct fiber *free_fibers;
struct fiber_queue fibers_ready_queue;
static struct fiber *current;
static uint64_t loop_sp;

static void push(struct fiber_queue *queue, struct fiber *fiber) {
  fiber->next = NULL;
  if (queue->head != NULL) {
    queue->tail->next = fiber;
  } else {
    queue->head = fiber;
  }
  queue->tail = fiber;
}

static struct fiber *pop(struct fiber_queue *queue) {
  struct fiber *fiber = queue->head;
  if (fiber != NULL) queue->head = fiber->next;
  return fiber;
}

static void switch_to_loop(void) { fiber_switch(&current->sp, loop_sp); }

void fiber_main(void) {
  for (;;) {
    current->run(current->argument);
    current->next = free_fibers;
    free_fibers = current;
    switch_to_loop();
  }
}

static struct fiber *take_free(void) {
  struct fiber *fiber = free_fibers;
  if (fiber != NULL) {
    free_fibers = fiber->next;
    return fiber;
  }
  if (fibers_made == FIBER_COUNT) return NULL;
  uint64_t *stack = stacks[fibers_made];
  fiber = &fibers[fibers_made++];
  uint64_t *saved = stack + STACK_WORDS - SAVED_WORDS;
  stack[0] = CANARY;
  saved[SAVED_RA] = (uint64_t)(uintptr_t)fiber_entry;
  fiber->sp = (uint64_t)(uintptr_t)saved;
  return fiber;
}

bool fiber_start(void (*run)(void *), void *argument) {
  struct fiber *fiber = take_free();
  if (fiber == NULL) return false;
  fiber->run = run;
  fiber->argument = argument;
  push(&fibers_ready_queue, fiber);
  return true;
}

void fiber_wait(struct fiber_queue *queue) {
  if (current == NULL) panic("fs: the event loop may not wait");
  push(queue, current);
  switch_to_loop();
}

void fiber_wake_one(struct fiber_queue *queue) {
  struct fiber *fiber = pop(queue);
  if (fiber != NULL) push(&fibers_ready_queue, fiber);
}

void fiber_wake_all(struct fiber_queue *queue) {
  while (queue->head != NULL) fiber_wake_one(queue);
}

void fibers_run(void) {
  while ((current = pop(&fibers_ready_queue)) != NULL) {
    fiber_switch(&loop_sp, current->sp);
    if (stacks[current - fibers][0] != CANARY) panic("fs: a fiber's stack has overflowed");
  }
}

void fiber_lock_acquire(struct fiber_lock *lock) {
  if (lock->held) {
    fiber_wait(&lock->waiting);  // the one who wakes us leaves the lock held, for us
  } else {
    lock->held = true;
  }
}

void fiber_lock_release(struct fiber_lock *lock) {
  if (lock->waiting.head != NULL) {
    fiber_wake_one(&lock->waiting);
  } else {
    lock->held = false;
  }
}
