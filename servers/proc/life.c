// Processes begin, become other programs, end and are waited for.
#include <string.h>

#include "protocols/fs.h"
#include "protocols/pager.h"
#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"
#include "servers/proc/signal_action.h"

_Static_assert(sizeof((struct exec_image *)0)->name >= PROCESS_NAME_MAX, "a name fits");

#define WAIT_NO_HANG 1u
#define WAIT_UNTRACED 2u  // nothing is ever stopped

struct process *process_new(struct process *parent) {
  return processes.powering_off ? NULL : table_fork(&processes.table, parent, outside_now());
}

void process_made(struct process *child, int64_t status, struct answer *answer) {
  if (status < 0) table_fork_undo(&processes.table, child);
  answer->status = status < 0 ? status : child->pid;
}

static int64_t fork_into(const struct process *parent, const struct process *child) {
  int64_t status = outside_fs_fork(parent->badge, child->badge, child->pid);
  if (status < 0) return status;
  status = outside_pager_fork(parent->badge, child->badge);
  if (status < 0) outside_fs_exited(child->badge);
  return status;
}

void op_fork(const struct request *request, struct answer *answer) {
  struct process *child = process_new(request->caller);
  answer->status = -EAGAIN;
  if (child) process_made(child, fork_into(request->caller, child), answer);
}

void process_take_name(struct process *process, uint32_t badge) {
  const struct exec_image *image = outside_page(badge);
  memcpy(process->name, image->name, PROCESS_NAME_MAX - 1);
  process->name[PROCESS_NAME_MAX - 1] = 0;
  for (char *at = process->name; *at; at++) {
    if (*at < ' ' || *at == 127) *at = '?';
  }
}

void op_exec(const struct request *request, struct answer *answer) {
  process_take_name(request->caller, request->caller->badge);
  request->caller->executed = true;
  int64_t status = outside_forward_to_fs(request->token, FS_EXEC, request->argument[0]);
  answer->status = status < 0 ? status : ANSWER_LATER;
}

// --- End ---

// How the wait of a parent ends now. WAIT_NONE_ENDED: not yet, or it does not wait.
static enum wait_found find_waited(const struct process *parent, struct process **zombie) {
  if (parent->state != PROCESS_LIVE || parent->park != PARK_WAIT) return WAIT_NONE_ENDED;
  return table_wait(&processes.table, parent, parent->wait_selector, zombie);
}

static bool wait_is_over(const struct process *parent) {
  struct process *zombie;
  return find_waited(parent, &zombie) != WAIT_NONE_ENDED;
}

static void add_usage(struct pager_usage *to, const struct pager_usage *from) {
  to->faults += from->faults;
  to->major += from->major;
  if (to->peak < from->peak) to->peak = from->peak;
}

void process_leave(struct process *process) {
  if (process->park != PARK_NONE) process_unpark(process);
  process_disarm(process);
  // The space goes first: nothing of it can call fs or console afterwards.
  add_usage(&process->usage, outside_pager_kill(process->badge));
  outside_fs_exited(process->badge);
  outside_console_exited(process->badge);
}

void process_end(struct process *process, uint32_t status) {
  struct process_table *table = &processes.table;
  struct process *parent = &table->process[process->parent];
  uint32_t pid = process->pid;
  process_leave(process);
  bool of_init = table_end(table, process, status);
  enum child_interest interest = process_child_interest(parent);
  if (interest == CHILD_IGNORED) table_reap(table, process);
  // The signal has come when the parent learns from its wait what it tells of.
  if (interest == CHILD_SIGNAL) {
    const struct signal_cause cause = {
        .sender = pid, .child_status = status, .answered = wait_is_over(parent) ? parent : NULL};
    process_signal(parent, SIGNAL_CHLD, &cause);
  }
  if (of_init) process_check_wait(&table->process[SLOT_INIT]);
  process_check_wait(parent);
}

void op_exit(const struct request *request, struct answer *answer) {
  uint32_t code = request->argument[0] & 0xff;
  if (request->caller->pid == PID_INIT) {
    power_off(request->caller, request->token, code, answer);
    return;
  }
  process_end(request->caller, status_exited(code));
  answer->status = ANSWER_LATER;
}

// --- Wait ---

// Its parent knows how a zombie has ended.
static void was_waited_for(struct process *parent, struct process *zombie) {
  add_usage(&parent->usage, &zombie->usage);
  table_reap(&processes.table, zombie);
}

void process_check_wait(struct process *parent) {
  struct process *zombie;
  enum wait_found found = find_waited(parent, &zombie);
  if (found == WAIT_NONE_ENDED) return;
  parent->park = PARK_NONE;
  if (found == WAIT_NO_CHILD) {
    outside_answer(parent->token, -ECHILD, 0);
    return;
  }
  outside_answer(parent->token, zombie->pid, zombie->status);
  was_waited_for(parent, zombie);
}

void op_wait(const struct request *request, struct answer *answer) {
  struct process *caller = request->caller;
  int64_t selector = (int64_t)request->argument[0];
  uint64_t options = request->argument[1];
  if (options & ~(uint64_t)(WAIT_NO_HANG | WAIT_UNTRACED)) {
    answer->status = -EINVAL;
    return;
  }
  struct process *zombie;
  switch (table_wait(&processes.table, caller, selector, &zombie)) {
    case WAIT_NO_CHILD:
      answer->status = -ECHILD;
      return;
    case WAIT_ZOMBIE:
      answer->status = zombie->pid;
      answer->word[0] = zombie->status;
      was_waited_for(caller, zombie);
      return;
    case WAIT_NONE_ENDED:
      break;
  }
  if (options & WAIT_NO_HANG) return;
  if (process_signal_due(caller)) {
    answer->status = -EINTR;
    return;
  }
  caller->park = PARK_WAIT;
  caller->wait_selector = selector;
  caller->token = request->token;
  outside_console_yield(caller->badge);
  answer->status = ANSWER_LATER;
}
