#include "servers/pager/core/pending.h"

#include "servers/pager/core/calls.h"
#include "servers/pager/core/fault.h"
#include "servers/pager/core/state.h"

static void append(struct pending *pending, struct pending **list) {
  pending->list = list;
  pending->next = NULL;
  while (*list) list = &(*list)->next;
  *list = pending;
}

static void link_to_space(struct pending *pending) {
  struct space *space = pending->space;
  pending->space_prev = NULL;
  pending->space_next = space ? space->pending : NULL;
  if (pending->space_next) pending->space_next->space_prev = pending;
  if (space) space->pending = pending;
}

struct pending *pending_park(struct pager *pager, struct pending *pending, struct pending **list) {
  if (!pending->parked) {
    struct pending *copy = slab_take(pager, SLAB_PENDING);
    if (!copy) return NULL;
    *copy = *pending;
    copy->parked = true;
    link_to_space(copy);
    if (copy->object) copy->object->waiters++;
    pending = copy;
  }
  pending->error = 0;
  append(pending, list);
  return pending;
}

void pending_free(struct pager *pager, struct pending *pending) {
  struct object *object = pending->object;
  pending_unlink(pending);
  slab_put(pager, SLAB_PENDING, pending);
  if (!object) return;
  object->waiters--;
  object_reap(pager, object);
}

static int64_t run(struct pager *pager, struct pending *pending) {
  switch (pending->kind) {
    case PENDING_READ:
    case PENDING_WRITE:
      return copy_run(pager, pending);
    case PENDING_SWAPOFF:
      return swapoff_run(pager, pending);
    case PENDING_SYNC:
      return sync_run(pager, pending);
    case PENDING_POPULATE:
      return populate_run(pager, pending);
    case PENDING_MEMORY:
    case PENDING_CALL:
      return memory_run(pager, pending);
    default:
      return flush_run(pager, pending);
  }
}

static bool is_copy(const struct pending *pending) {
  return pending->kind == PENDING_READ || pending->kind == PENDING_WRITE;
}

static void run_again(struct pager *pager, struct pending *pending, int32_t error, bool alone) {
  pending->error = error;
  pending->alone = alone;
  pending->list = NULL;
  if (pending->kind == PENDING_FAULT) {
    fault_run(pager, pending);
    if (!pending->list) pending_free(pager, pending);
    return;
  }
  int64_t result = run(pager, pending);
  if (result == PAGER_PARKED) {
    // A call that was made again may wait on its own.
    if (!pending->list) pending_free(pager, pending);
    return;
  }
  if (pending->kind == PENDING_FLUSH || pending->kind == PENDING_SWAPOFF) {
    kops_flushed(pending->token, pending->result, result);
  } else if (is_copy(pending) && result != (int64_t)pending->length) {
    kops_moved(pending->token, pending->result, result, pending->offset, pending->length);
  } else {
    kops_reply(pending->token, (uint64_t)result, 0);
  }
  pending_free(pager, pending);
}

// The list is taken over first: who waits again may wait in the same one.
void pending_wake(struct pager *pager, struct pending **list, int32_t error, bool alone) {
  struct pending *first = *list;
  *list = NULL;
  for (struct pending *p = first; p; p = p->next) p->list = &first;
  while (first) {
    struct pending *pending = first;
    first = pending->next;
    run_again(pager, pending, error, alone);
  }
}

void pending_wake_one(struct pager *pager, struct pending **list) {
  struct pending *pending = *list;
  *list = pending->next;
  run_again(pager, pending, 0, pending->alone);
}

static void remove_from_list(struct pending *pending) {
  struct pending **at = pending->list;
  while (*at != pending) at = &(*at)->next;
  *at = pending->next;
}

void pending_cancel(struct pager *pager, struct space *space) {
  while (space->pending) {
    struct pending *pending = space->pending;
    remove_from_list(pending);
    pending_free(pager, pending);
  }
}
