#include "servers/fs/work.h"

#include <stddef.h>

#include "servers/fs/fiber.h"

// Fibers that calls may use.
enum { CALL_FIBERS = FIBER_COUNT - 3 };

struct work_queue {
  struct work *head, *tail;
};

static struct work_queue queues[WORK_CLASSES];
static unsigned calls_running;

static struct work *pop(enum work_class kind) {
  struct work *work = queues[kind].head;
  if (work != NULL) queues[kind].head = work->next;
  return work;
}

// Takes what comes next, and accounts for it.
static struct work *take(bool *is_call) {
  struct work *work = pop(WORK_PAGES);
  *is_call = false;
  if (work == NULL && calls_running < CALL_FIBERS) {
    work = pop(WORK_CALL);
    *is_call = work != NULL;
  }
  if (*is_call) calls_running++;
  return work;
}

static void run(void *unused) {
  (void)unused;
  struct work *work;
  bool is_call;
  while ((work = take(&is_call)) != NULL) {
    work->run(work);
    if (is_call) calls_running--;
  }
}

void work_submit(struct work *work, enum work_class kind) {
  struct work_queue *queue = &queues[kind];
  work->next = NULL;
  if (queue->head != NULL) {
    queue->tail->next = work;
  } else {
    queue->head = work;
  }
  queue->tail = work;
  // Without a free fiber, one that ends its work takes this. One that finds nothing ends at once.
  if (kind == WORK_PAGES || calls_running < CALL_FIBERS) fiber_start(run, NULL);
}
