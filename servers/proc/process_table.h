// All processes: who they are, whose children, in which group, how they ended. No effects on
// anything else.
//
//   (free) --table_fork--> LIVE --table_end--> ZOMBIE --table_reap--> (free)
//             ^-- table_fork_undo --'
//
// Links are slots; 0 is none. Slot and badge: protocols/server.h.
#ifndef SERVERS_PROC_PROCESS_TABLE_H
#define SERVERS_PROC_PROCESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/event.h"
#include "protocols/pager.h"
#include "protocols/server.h"

// Of PROGRAMS_MAX, so many are for init and for those that init started itself (the shell) alone,
// and the last ones only for init. So a fork bomb can be ended.
#define PROCESSES_FOR_FAMILY 16u
#define PROCESSES_FOR_INIT 2u

#define PID_INIT 1u
#define PID_MAX 32767u

#define PROCESS_NAME_MAX 32u  // with the 0

#define PROCESS_BUCKETS 256u  // power of two

// There is one for each process, and they are used again first.
#define PROCESS_SLOTS (SLOT_FIRST_PROGRAM + PROGRAMS_MAX)

enum process_state { PROCESS_FREE = 0, PROCESS_LIVE = 1, PROCESS_ZOMBIE = 2 };

// What a live process waits for.
enum process_park { PARK_NONE = 0, PARK_WAIT = 1, PARK_SLEEP = 2, PARK_PAUSE = 3 };

typedef uint16_t slot_t;

struct link {
  slot_t next, previous;
};

struct list {
  slot_t first, last;
};

struct process {
  uint32_t badge;  // of its space; kept while free, for the next generation
  uint32_t pid;
  uint32_t group;
  uint32_t status;  // of a zombie, as wait reports it
  uint8_t state;    // enum process_state
  uint8_t park;     // enum process_park
  bool family;      // started by init itself
  bool executed;    // has called exec
  bool unaware;     // a signal came while it was in a call that could not be ended
  slot_t parent;
  struct list children, zombies;     // its own, oldest first; zombies by the time of their end
  struct link sibling;               // in one of these lists of its parent
  struct link same_pid, same_group;  // in a bucket; same_pid.next also links free slots
  union {
    int64_t wait_selector;  // PARK_WAIT: first argument of PROC_WAIT
    uint64_t wait_set;      // PARK_PAUSE: set of signals
  };
  token_t token;             // of what parked it
  uint64_t started;          // rdtime
  struct pager_usage usage;  // of children that it has waited for; a zombie: and its own
  char name[PROCESS_NAME_MAX];
};

struct process_table {
  uint32_t count;     // live ones and zombies
  uint32_t last_pid;  // given out last
  slot_t free;
  struct list by_pid[PROCESS_BUCKETS], by_group[PROCESS_BUCKETS];
  struct process process[PROCESS_SLOTS];
};

// Only init is there: SLOT_INIT, PID_INIT, in a group of its own.
void table_init(struct process_table *table);

static inline slot_t process_slot(const struct process *process) {
  return (slot_t)badge_slot(process->badge);
}

// The live process with this badge, or NULL.
struct process *table_by_badge(struct process_table *table, uint32_t badge);

// The process or zombie with this pid, or NULL.
struct process *table_by_pid(struct process_table *table, uint32_t pid);

// A new child with its parent's group and name. NULL: the parent must not have any more.
struct process *table_fork(struct process_table *table, struct process *parent, uint64_t now);

// The process just forked has never been.
void table_fork_undo(struct process_table *table, struct process *child);

// A live process other than init becomes a zombie; its children and zombies become init's.
// => true: init has new zombies
bool table_end(struct process_table *table, struct process *process, uint32_t status);

// A zombie's status has been reported: its slot is free.
void table_reap(struct process_table *table, struct process *zombie);

// What a wait with this selector finds.
enum wait_found { WAIT_NO_CHILD, WAIT_NONE_ENDED, WAIT_ZOMBIE };
enum wait_found table_wait(struct process_table *table, const struct process *parent,
                           int64_t selector, struct process **zombie);

// Members of a group, in no order: the first one behind `after` (NULL: of all), NULL at the end.
struct process *table_group_next(struct process_table *table, uint32_t group,
                                 const struct process *after);

void table_set_group(struct process_table *table, struct process *process, uint32_t group);

// Processes and zombies by slot: the first one at `slot` or above, NULL at the end.
struct process *table_from_slot(struct process_table *table, uint32_t slot);

#endif
