#include "servers/proc/process_table.h"

#include <string.h>

// --- Lists ---
// A list goes through one link of each process, found by its offset in the structure.

static struct link *link_of(struct process_table *table, slot_t slot, size_t link) {
  return (struct link *)((char *)&table->process[slot] + link);
}

static void list_append(struct process_table *table, struct list *list, slot_t slot, size_t link) {
  *link_of(table, slot, link) = (struct link){0, list->last};
  if (list->last != 0) {
    link_of(table, list->last, link)->next = slot;
  } else {
    list->first = slot;
  }
  list->last = slot;
}

static void list_remove(struct process_table *table, struct list *list, slot_t slot, size_t link) {
  struct link at = *link_of(table, slot, link);
  if (at.previous != 0) {
    link_of(table, at.previous, link)->next = at.next;
  } else {
    list->first = at.next;
  }
  if (at.next != 0) {
    link_of(table, at.next, link)->previous = at.previous;
  } else {
    list->last = at.previous;
  }
}

#define SIBLING offsetof(struct process, sibling)
#define SAME_PID offsetof(struct process, same_pid)
#define SAME_GROUP offsetof(struct process, same_group)

static struct list *pid_bucket(struct process_table *table, uint32_t pid) {
  return &table->by_pid[pid % PROCESS_BUCKETS];
}

static struct list *group_bucket(struct process_table *table, uint32_t group) {
  return &table->by_group[group % PROCESS_BUCKETS];
}

// --- Finding ---

struct process *table_by_badge(struct process_table *table, uint32_t badge) {
  if (badge_slot(badge) >= PROCESS_SLOTS) return NULL;
  struct process *process = &table->process[badge_slot(badge)];
  return process->state == PROCESS_LIVE && process->badge == badge ? process : NULL;
}

struct process *table_by_pid(struct process_table *table, uint32_t pid) {
  for (slot_t slot = pid_bucket(table, pid)->first; slot != 0;) {
    struct process *process = &table->process[slot];
    if (process->pid == pid) return process;
    slot = process->same_pid.next;
  }
  return NULL;
}

struct process *table_group_next(struct process_table *table, uint32_t group,
                                 const struct process *after) {
  slot_t slot = after ? after->same_group.next : group_bucket(table, group)->first;
  while (slot != 0 && table->process[slot].group != group) {
    slot = table->process[slot].same_group.next;
  }
  return slot != 0 ? &table->process[slot] : NULL;
}

struct process *table_from_slot(struct process_table *table, uint32_t slot) {
  for (; slot < PROCESS_SLOTS; slot++) {
    if (table->process[slot].state != PROCESS_FREE) return &table->process[slot];
  }
  return NULL;
}

// --- Life ---

// A pid stays taken while a group has its name.
static bool pid_taken(struct process_table *table, uint32_t pid) {
  return table_by_pid(table, pid) || table_group_next(table, pid, NULL);
}

// Goes round all of them, so that none is used again soon. There are more pids than processes and
// groups, so one is free.
static uint32_t new_pid(struct process_table *table) {
  do {
    table->last_pid = table->last_pid == PID_MAX ? PID_INIT + 1 : table->last_pid + 1;
  } while (pid_taken(table, table->last_pid));
  return table->last_pid;
}

static void begin(struct process_table *table, struct process *process, uint32_t pid,
                  uint32_t group) {
  slot_t slot = process_slot(process);
  uint32_t badge = process->badge;
  memset(process, 0, sizeof *process);
  process->badge = badge;
  process->state = PROCESS_LIVE;
  process->pid = pid;
  process->group = group;
  list_append(table, pid_bucket(table, pid), slot, SAME_PID);
  list_append(table, group_bucket(table, group), slot, SAME_GROUP);
  table->count++;
}

static void release(struct process_table *table, struct process *process) {
  slot_t slot = process_slot(process);
  list_remove(table, pid_bucket(table, process->pid), slot, SAME_PID);
  list_remove(table, group_bucket(table, process->group), slot, SAME_GROUP);
  process->state = PROCESS_FREE;
  process->badge += 1u << SLOT_BITS;  // the next generation
  process->same_pid.next = table->free;
  table->free = slot;
  table->count--;
}

void table_init(struct process_table *table) {
  memset(table, 0, sizeof *table);
  for (slot_t slot = PROCESS_SLOTS - 1; slot >= SLOT_FIRST_PROGRAM; slot--) {
    table->process[slot].badge = slot;
    if (slot == SLOT_INIT) continue;
    table->process[slot].same_pid.next = table->free;
    table->free = slot;
  }
  struct process *init = &table->process[SLOT_INIT];
  begin(table, init, PID_INIT, PID_INIT);
  table->last_pid = PID_INIT;
  memcpy(init->name, "init", sizeof "init");
}

static bool may_fork(const struct process_table *table, const struct process *parent) {
  uint32_t reserved = PROCESSES_FOR_FAMILY;
  if (parent->family) reserved = PROCESSES_FOR_INIT;
  if (parent->pid == PID_INIT) reserved = 0;
  return table->count + reserved < PROGRAMS_MAX;
}

// Word by word: a call to memcpy costs more than the rest.
_Static_assert(offsetof(struct process, name) % 8 == 0 && PROCESS_NAME_MAX % 8 == 0, "in words");
static void copy_name(struct process *to, const struct process *from) {
  uint64_t words[PROCESS_NAME_MAX / sizeof(uint64_t)];
  __builtin_memcpy(words, __builtin_assume_aligned(from->name, 8), sizeof words);
  __builtin_memcpy(__builtin_assume_aligned(to->name, 8), words, sizeof words);
}

struct process *table_fork(struct process_table *table, struct process *parent, uint64_t now) {
  if (!may_fork(table, parent)) return NULL;
  struct process *child = &table->process[table->free];
  table->free = child->same_pid.next;
  begin(table, child, new_pid(table), parent->group);
  child->parent = process_slot(parent);
  child->family = parent->pid == PID_INIT;
  child->started = now;
  copy_name(child, parent);
  list_append(table, &parent->children, process_slot(child), SIBLING);
  return child;
}

void table_fork_undo(struct process_table *table, struct process *child) {
  list_remove(table, &table->process[child->parent].children, process_slot(child), SIBLING);
  release(table, child);
}

// Gives a list of children to init, behind its own.
static void adopt(struct process_table *table, struct list *from, struct list *to) {
  while (from->first != 0) {
    slot_t slot = from->first;
    list_remove(table, from, slot, SIBLING);
    list_append(table, to, slot, SIBLING);
    table->process[slot].parent = SLOT_INIT;
  }
}

bool table_end(struct process_table *table, struct process *process, uint32_t status) {
  struct process *init = &table->process[SLOT_INIT];
  struct process *parent = &table->process[process->parent];
  slot_t slot = process_slot(process);
  bool zombies = process->zombies.first != 0;
  process->state = PROCESS_ZOMBIE;
  process->park = PARK_NONE;
  process->status = status;
  list_remove(table, &parent->children, slot, SIBLING);
  list_append(table, &parent->zombies, slot, SIBLING);
  adopt(table, &process->children, &init->children);
  adopt(table, &process->zombies, &init->zombies);
  return zombies || parent == init;
}

void table_reap(struct process_table *table, struct process *zombie) {
  list_remove(table, &table->process[zombie->parent].zombies, process_slot(zombie), SIBLING);
  release(table, zombie);
}

// --- Waiting ---

// Does a PROC_WAIT selector mean this child of `parent`?
static bool selects(const struct process *parent, int64_t selector, const struct process *child) {
  if (selector == -1) return true;
  if (selector > 0) return child->pid == (uint64_t)selector;
  uint64_t group = selector == 0 ? parent->group : 0 - (uint64_t)selector;
  return child->group == group;
}

static struct process *first_selected(struct process_table *table, const struct process *parent,
                                      const struct list *list, int64_t selector) {
  for (slot_t slot = list->first; slot != 0; slot = table->process[slot].sibling.next) {
    if (selects(parent, selector, &table->process[slot])) return &table->process[slot];
  }
  return NULL;
}

enum wait_found table_wait(struct process_table *table, const struct process *parent,
                           int64_t selector, struct process **zombie) {
  *zombie = first_selected(table, parent, &parent->zombies, selector);
  if (*zombie) return WAIT_ZOMBIE;
  return first_selected(table, parent, &parent->children, selector) ? WAIT_NONE_ENDED
                                                                    : WAIT_NO_CHILD;
}

void table_set_group(struct process_table *table, struct process *process, uint32_t group) {
  slot_t slot = process_slot(process);
  list_remove(table, group_bucket(table, process->group), slot, SAME_GROUP);
  process->group = group;
  list_append(table, group_bucket(table, group), slot, SAME_GROUP);
}
