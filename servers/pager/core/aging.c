#include "servers/pager/core/aging.h"

#include "servers/pager/core/state.h"

#define PERCENT 100u

void aging_set_limit(struct pager *pager) {
  uint64_t percent = pager->option[PAGER_DIRTY_LIMIT];
  pager->aging.limit = (uint32_t)(pager->frames_total * percent / PERCENT);
}

// Arms the timer for the object that has been in the list for the longest time.
static void arm(struct pager *pager) {
  const struct object *oldest = pager->aging.head;
  uint32_t age = pager->option[PAGER_DIRTY_AGE];
  if (oldest && age > 0) timer_wake_at(pager, oldest->aging_since + timer_ticks(pager, age));
}

void aging_age_changed(struct pager *pager) { arm(pager); }

// --- the list -----------------------------------------------------------------------------------

static void append(struct pager *pager, struct object *object) {
  struct aging *aging = &pager->aging;
  if (object->is_aging) return;
  object->is_aging = true;
  object->aging_since = kops_now();
  object->aging_next = NULL;
  object->aging_prev = aging->tail;
  if (aging->tail) {
    aging->tail->aging_next = object;
  } else {
    aging->head = object;
  }
  aging->tail = object;
  if (aging->head == object) arm(pager);
}

static void take_out(struct pager *pager, struct object *object) {
  struct aging *aging = &pager->aging;
  if (!object->is_aging) return;
  object->is_aging = false;
  if (object->aging_prev) {
    object->aging_prev->aging_next = object->aging_next;
  } else {
    aging->head = object->aging_next;
  }
  if (object->aging_next) {
    object->aging_next->aging_prev = object->aging_prev;
  } else {
    aging->tail = object->aging_prev;
  }
}

void aging_dirtied(struct pager *pager, struct object *object) { append(pager, object); }

void aging_rested(struct pager *pager, struct object *object) {
  if (object->writeback.active || object->dead) return;
  if (object->dirty > 0 || object->handed > 0) append(pager, object);
}

static void nothing_handed(struct pager *pager, struct object *object) {
  if (!object->provider) pager->aging.handed -= object->handed;
  object->handed = 0;
}

void aging_forget(struct pager *pager, struct object *object) {
  take_out(pager, object);
  nothing_handed(pager, object);
}

// --- age ----------------------------------------------------------------------------------------

// Makes all mappings of the object read-only and notes what was written through them.
static void take_back(struct pager *pager, struct object *object) {
  if (object->handed == 0) return;
  object_protect(object);
  nothing_handed(pager, object);
  object_collect(pager, object, 0, object->pages, true);
}

static void grow_old(struct pager *pager, struct object *object) {
  if (!object_collect(pager, object, 0, object->pages, object->handed > 0)) {
    take_back(pager, object);
  }
  writeback_start(pager, object, 0, object->pages);
  aging_rested(pager, object);
}

void aging_tick(struct pager *pager, uint64_t now) {
  struct aging *aging = &pager->aging;
  uint32_t age = pager->option[PAGER_DIRTY_AGE];
  while (age > 0 && aging->head && aging->head->aging_since + timer_ticks(pager, age) <= now) {
    struct object *object = aging->head;
    take_out(pager, object);
    grow_old(pager, object);
  }
  arm(pager);
}

// --- the limit ----------------------------------------------------------------------------------

// Starts to write everything. False if there is nothing.
static bool write_all(struct pager *pager) {
  for (struct object *object = pager->aging.head; object; object = object->aging_next) {
    if (object->dirty > 0 && !object->writeback.active && !object->provider) {
      writeback_start(pager, object, 0, object->pages);
    }
  }
  return pager->passes.count[0] + pager->passes.count[1] > 0;
}

// A program's pages: its clients wait until it has taken back what is dirty, or has not in time.
static struct pending **throttle_program(struct pager *pager, struct object *object) {
  take_back(pager, object);
  if (!aging_is_over(pager, object)) return NULL;
  return writeback_start(pager, object, 0, object->pages);
}

struct pending **aging_throttle(struct pager *pager, struct object *object) {
  struct aging *aging = &pager->aging;
  if (object->provider) return throttle_program(pager, object);
  if (aging->handed > aging->limit / 2) {
    for (struct object *o = aging->head; o; o = o->aging_next) take_back(pager, o);
  }
  if (aging->dirty <= aging->limit / 2 || aging->failing) return NULL;
  if (aging->dirty > aging->limit && write_all(pager)) return &aging->throttled;
  if (object->dirty > 0 && !object->writeback.active) {
    writeback_start(pager, object, 0, object->pages);
  }
  return NULL;
}

void aging_stored(struct pager *pager, int32_t status) {
  struct aging *aging = &pager->aging;
  aging->failing = status < 0;
  if (aging->dirty > aging->limit && !aging->failing) return;
  pending_wake(pager, &aging->throttled, 0, false);
}
