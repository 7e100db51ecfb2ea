// Who is there.
#include <string.h>

#include "protocols/proc.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"

#define ENTRIES_MAX (MESSAGE_BYTES / sizeof(struct proc_entry))

static uint32_t parent_pid(const struct process *process) {
  return process->parent == 0 ? 0 : processes.table.process[process->parent].pid;
}

void op_getpid(const struct request *request, struct answer *answer) {
  answer->status = request->caller->pid;
  answer->word[0] = parent_pid(request->caller);
  answer->word[1] = request->caller->group;
  answer->word[2] = PID_INIT;  // one session: init's
}

static enum proc_state state_of(const struct process *process) {
  if (process->state == PROCESS_ZOMBIE) return PROC_ZOMBIE;
  return process->park == PARK_NONE ? PROC_RUNNING : PROC_WAITING;
}

static struct proc_entry entry_of(const struct process *process) {
  struct proc_entry entry = {
      .pid = process->pid,
      .parent = parent_pid(process),
      .group = process->group,
      .state = state_of(process),
      .slot = process_slot(process),
      .status = process->status,
      .started = process->started,
  };
  memcpy(entry.name, process->name, sizeof entry.name);
  return entry;
}

void op_list(const struct request *request, struct answer *answer) {
  struct proc_entry *entries = outside_page(request->caller->badge);
  uint64_t slot = request->argument[0];
  uint64_t count = 0;
  while (slot < PROCESS_SLOTS && count < ENTRIES_MAX) {
    struct process *process = table_from_slot(&processes.table, (uint32_t)slot);
    if (!process) {
      slot = PROCESS_SLOTS;
      break;
    }
    entries[count++] = entry_of(process);
    slot = process_slot(process) + 1u;
  }
  answer->status = (int64_t)count;
  answer->word[0] = count == 0 ? 0 : slot;
}

void op_usage(const struct request *request, struct answer *answer) {
  const struct pager_usage *usage = &request->caller->usage;
  answer->word[0] = usage->faults;
  answer->word[1] = usage->major;
  answer->word[2] = usage->peak;
}
