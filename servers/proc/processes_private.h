// What the files of processes share.
#ifndef SERVERS_PROC_PROCESSES_PRIVATE_H
#define SERVERS_PROC_PROCESSES_PRIVATE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocols/signal.h"
#include "servers/proc/outside.h"
#include "servers/proc/process_table.h"
#include "servers/proc/processes.h"
#include "servers/proc/timer_heap.h"

struct processes {
  uint32_t foreground;      // process group that gets Ctrl-C
  uint32_t terminal_owner;  // badge of who set it last, whom Ctrl-C spares; 0: nobody
  bool interrupt_due;       // Ctrl-C came while the owner was starting something, or about to read
  bool powering_off;
  uint32_t halt_status;
  uint64_t timer;       // deadline that the kernel knows
  uint32_t look_after;  // nanoseconds between two calls of processes_look
  struct timer_heap timers;
  struct process_table table;
};

extern struct processes processes;

// A call by a live process.
struct request {
  struct process *caller;
  token_t token;
  const uint64_t *argument;  // five
};

typedef void operation(const struct request *request, struct answer *answer);

// life.c
operation op_fork, op_exit, op_wait, op_exec;
// => an entry for a child of `parent`, or NULL: no more processes can be.
struct process *process_new(struct process *parent);
// The answer to who made a child, whose entry goes again if there was an error.
void process_made(struct process *child, int64_t status, struct answer *answer);
// The process is called what the page of the one with this badge says at this moment, made fit to
// be printed.
void process_take_name(struct process *process, uint32_t badge);
// A live process loses its space, files and terminal; its entry stays as it is.
void process_leave(struct process *process);
// Ends a live process with a status as wait reports it; who waits for it learns it.
void process_end(struct process *process, uint32_t status);
// A waiting parent's call is answered if it can be by now.
void process_check_wait(struct process *parent);

// spawn.c
operation op_spawn;

// signals.c
operation op_kill, op_setpgid, op_foreground;
// setpgid of `target` by `caller`: 0 or a negative errno.
int64_t process_set_group(struct process *caller, struct process *target, uint64_t group);

// deliver.c
// Where a signal comes from.
struct signal_cause {
  uint32_t sender;                 // pid; 0: the system
  uint64_t child_status;           // SIGCHLD: as wait reports it, or SIGNAL_BY_KILL
  const struct process *answered;  // who is in a call that proc is about to answer, or NULL
};
// 1 <= signal <= SIGNALS_MAX. The process may have ended afterwards.
void process_signal(struct process *process, uint32_t signal, const struct signal_cause *cause);
// Once more for those that could not be interrupted. => some still could not be
bool processes_look(void);
// What a live process wants of signals, or anything else that it has written there.
static inline volatile struct signal_page *process_signals(const struct process *process) {
  return signal_page_in(outside_page(process->badge));
}
// Whether a live process must not be made to wait now.
static inline bool process_signal_due(const struct process *process) {
  return signal_due(process_signals(process));
}
// What it wants of the ends of its children: nothing, not even to wait for them; no signal;
// SIGCHLD.
enum child_interest { CHILD_IGNORED, CHILD_NO_SIGNAL, CHILD_SIGNAL };
static inline enum child_interest process_child_interest(const struct process *process) {
  const uint64_t bit = SIGNAL_BIT(SIGNAL_CHLD);
  if (process->state != PROCESS_LIVE) return CHILD_NO_SIGNAL;
  const volatile struct signal_page *page = process_signals(process);
  if (page->ignored & bit) return CHILD_IGNORED;
  return (page->handled | page->mask) & bit ? CHILD_SIGNAL : CHILD_NO_SIGNAL;
}
// An exception of a process that waits under the token goes to its handler. => false: it has none
bool process_upcall(const struct process *process, token_t token, uint32_t signal, int32_t code,
                    uint64_t address);

// sleep.c
operation op_sleep, op_pause, op_itimer, op_clock;
// Answers a waiting process because of a signal.
void process_wake(struct process *process);
// processes_look is called soon.
void processes_look_later(void);
// Its alarm will not come.
void process_disarm(struct process *process);
// Forgets what a process waits for.
void process_unpark(struct process *process);

// query.c
operation op_getpid, op_list, op_usage;

// deaths.c
// A call forwarded by the pager: a page fault that it cannot serve.
void fault_call(const struct event *event, struct answer *answer);
void exception_call(const struct event *event, struct answer *answer);
// A call forwarded by fs.
void fs_call(const struct event *event, struct answer *answer);

// power.c
operation op_poweroff;
// Powers off in the name of a waiting caller, which is init or asked for it.
void power_off(struct process *caller, token_t token, uint32_t status, struct answer *answer);
void power_unmounted(int64_t status, struct answer *answer);

#endif
