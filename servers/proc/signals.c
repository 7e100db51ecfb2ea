// Sending signals, and the groups that they go to.
#include <stddef.h>

#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"
#include "servers/proc/signal_action.h"

static bool is_init(const struct process *process) { return process->pid == PID_INIT; }

// --- Kill ---

// Whom a kill concerns: a group, or all but init and the caller.
static struct process *next_target(const struct request *request, int64_t selector,
                                   const struct process *after) {
  struct process_table *table = &processes.table;
  if (selector == 0) return table_group_next(table, request->caller->group, after);
  if (selector < -(int64_t)PID_MAX) return NULL;
  if (selector != -1) return table_group_next(table, (uint32_t)-selector, after);
  struct process *next = table_from_slot(table, after ? process_slot(after) + 1u : 0);
  while (next && (is_init(next) || next == request->caller)) {
    next = table_from_slot(table, process_slot(next) + 1u);
  }
  return next;
}

// A process may be reaped while it is signaled, when init waits for it. The walk goes by pids.
#define TARGETS_MAX PROGRAMS_MAX
static uint16_t targets[TARGETS_MAX];

static uint32_t collect_targets(const struct request *request, int64_t selector) {
  uint32_t count = 0;
  for (struct process *at = next_target(request, selector, NULL); at;
       at = next_target(request, selector, at)) {
    targets[count++] = (uint16_t)at->pid;
  }
  return count;
}

static void signal_targets(const struct request *request, uint32_t count, uint32_t signal,
                           struct answer *answer) {
  const struct signal_cause cause = {
      .sender = request->caller->pid, .child_status = SIGNAL_BY_KILL, .answered = request->caller};
  bool self = false;
  uint32_t spared = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct process *target = table_by_pid(&processes.table, targets[i]);
    if (!target) continue;
    if (is_init(target)) {
      spared++;
    } else if (target == request->caller) {
      self = true;
    } else {
      process_signal(target, signal, &cause);
    }
  }
  if (spared == count) answer->status = -EPERM;
  // The caller last, so that all of the group get it.
  if (self) process_signal(request->caller, signal, &cause);
}

void op_kill(const struct request *request, struct answer *answer) {
  struct process *caller = request->caller;
  int64_t selector = (int64_t)request->argument[0];
  uint64_t signal = request->argument[1];
  if (signal != 0 && signal_default(signal) == SIGNAL_INVALID) {
    answer->status = -EINVAL;
    return;
  }
  uint32_t count;
  if (selector > 0) {
    bool exists = selector <= PID_MAX && table_by_pid(&processes.table, (uint32_t)selector);
    targets[0] = (uint16_t)selector;
    count = exists ? 1 : 0;
  } else {
    count = collect_targets(request, selector);
  }
  if (count == 0) {
    answer->status = -ESRCH;
    return;
  }
  if (signal != 0) signal_targets(request, count, (uint32_t)signal, answer);
  if (caller->state != PROCESS_LIVE) answer->status = ANSWER_LATER;
}

// --- Groups ---

int64_t process_set_group(struct process *caller, struct process *target, uint64_t group) {
  struct process_table *table = &processes.table;
  bool own_child = target && target->pid != PID_INIT && &table->process[target->parent] == caller;
  if (!target || (target != caller && !own_child)) return -ESRCH;
  if (target != caller && target->executed) return -EACCES;
  if (is_init(target)) return -EPERM;  // it leads the session
  if (group == 0) group = target->pid;
  if (group > PID_MAX) return -EPERM;
  if (group != target->pid && !table_group_next(table, (uint32_t)group, NULL)) return -EPERM;
  table_set_group(table, target, (uint32_t)group);
  process_check_wait(&table->process[target->parent]);
  return 0;
}

void op_setpgid(const struct request *request, struct answer *answer) {
  uint64_t pid = request->argument[0];
  uint64_t group = request->argument[1];
  if ((int64_t)pid < 0 || (int64_t)group < 0) {
    answer->status = -EINVAL;
    return;
  }
  struct process *target = request->caller;
  if (pid != 0) target = pid <= PID_MAX ? table_by_pid(&processes.table, (uint32_t)pid) : NULL;
  answer->status = process_set_group(request->caller, target, group);
}

// SIGINT for a group, but for init and the one who holds the terminal.
static void interrupt_group(uint32_t group, const struct process *owner) {
  const struct signal_cause cause = {.sender = 0};
  struct process_table *table = &processes.table;
  uint32_t count = 0;
  for (struct process *at = table_group_next(table, group, NULL); at;
       at = table_group_next(table, group, at)) {
    if (!is_init(at) && at != owner) targets[count++] = (uint16_t)at->pid;
  }
  for (uint32_t i = 0; i < count; i++) {
    struct process *target = table_by_pid(table, targets[i]);
    if (target) process_signal(target, SIGNAL_INT, &cause);
  }
}

static void set_foreground(struct process *caller, uint32_t group) {
  bool due = processes.interrupt_due && processes.terminal_owner == caller->badge;
  processes.foreground = group;
  processes.terminal_owner = caller->badge;
  if (group == caller->group) return;
  processes.interrupt_due = false;
  if (due && outside_console_take_interrupt(caller->badge) > 0) interrupt_group(group, caller);
}

void op_foreground(const struct request *request, struct answer *answer) {
  uint64_t group = request->argument[0];
  if ((int64_t)group < 0) {
    answer->status = -EINVAL;
    return;
  }
  if (group != 0) {
    if (group > PID_MAX || !table_group_next(&processes.table, (uint32_t)group, NULL)) {
      answer->status = -ESRCH;
      return;
    }
    set_foreground(request->caller, (uint32_t)group);
  }
  answer->status = processes.foreground;
}

void processes_interrupt(void) {
  struct process *owner = table_by_badge(&processes.table, processes.terminal_owner);
  if (processes.powering_off) return;
  interrupt_group(processes.foreground, owner);
  if (owner && owner->group == processes.foreground) {
    processes.interrupt_due = outside_console_interrupted(owner->badge) == 0;
  }
}
