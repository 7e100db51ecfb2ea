// The end of the system, in the name of the one process that is left:
//
//   power_off        ends all other programs, init first: it must not learn of their ends and
//                    act on it; forwards the caller to fs (FS_UNMOUNT)
//   power_unmounted  fs has forwarded it back: halts
#include <stddef.h>

#include "protocols/fs.h"
#include "protocols/signal.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"
#include "servers/proc/signal_action.h"

static void end_all_but(const struct process *caller) {
  struct process_table *table = &processes.table;
  struct process *init = &table->process[SLOT_INIT];
  if (init != caller) {
    process_leave(init);
    init->state = PROCESS_ZOMBIE;
  }
  for (struct process *at = table_from_slot(table, 0); at;
       at = table_from_slot(table, process_slot(at) + 1u)) {
    if (at != caller && at->state == PROCESS_LIVE) process_end(at, status_signaled(SIGNAL_KILL));
  }
}

static void halt(int64_t unmounted, struct answer *answer) {
  static const char text[] = "proc: the file system could not be written\n";
  if (unmounted < 0) {
    outside_message(text, sizeof text - 1);
    if (processes.halt_status == 0) processes.halt_status = STATUS_DISK_NOT_WRITTEN;
  }
  outside_flush();
  outside_halt(processes.halt_status);
  answer->status = ANSWER_LATER;
}

void power_off(struct process *caller, token_t token, uint32_t status, struct answer *answer) {
  processes.powering_off = true;
  processes.halt_status = status;
  end_all_but(caller);
  int64_t forwarded = outside_forward_to_fs(token, FS_UNMOUNT, 0);
  answer->status = ANSWER_LATER;
  if (forwarded < 0) halt(forwarded, answer);
}

void power_unmounted(int64_t status, struct answer *answer) {
  if (!processes.powering_off) {
    answer->status = -EPERM;
    return;
  }
  halt(status, answer);
}

void op_poweroff(const struct request *request, struct answer *answer) {
  power_off(request->caller, request->token, request->argument[0] & 0xff, answer);
}
