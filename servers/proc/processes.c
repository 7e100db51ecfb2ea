// Who calls decides what may be called: a program, an operation on itself and its family; the
// pager and fs, those that they forward.
#include "servers/proc/processes.h"

#include <stddef.h>

#include "protocols/proc.h"
#include "protocols/server.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"

struct processes processes;

void processes_init(void) {
  table_init(&processes.table);
  timer_heap_init(&processes.timers);
  processes.table.process[SLOT_INIT].started = outside_now();
  processes.timer = TIMER_NEVER;
  processes.foreground = PID_INIT;
  processes.terminal_owner = 0;
  processes.interrupt_due = false;
  processes.powering_off = false;
}

static operation *const operations[] = {
    [PROC_FORK] = op_fork,   [PROC_EXIT] = op_exit,         [PROC_WAIT] = op_wait,
    [PROC_KILL] = op_kill,   [PROC_GETPID] = op_getpid,     [PROC_SLEEP] = op_sleep,
    [PROC_EXEC] = op_exec,   [PROC_SETPGID] = op_setpgid,   [PROC_FOREGROUND] = op_foreground,
    [PROC_LIST] = op_list,   [PROC_POWEROFF] = op_poweroff, [PROC_CLOCK] = op_clock,
    [PROC_SPAWN] = op_spawn, [PROC_ITIMER] = op_itimer,     [PROC_PAUSE] = op_pause,
    [PROC_USAGE] = op_usage,
};

static void program_call(const struct event *event, struct answer *answer) {
  struct request request = {
      .caller = table_by_badge(&processes.table, badge_origin(event->badge)),
      .token = event->token,
      .argument = event->word + 1,
  };
  uint64_t op = event->word[0];
  if (!request.caller) {
    answer->status = -ESRCH;
    return;
  }
  if (op >= sizeof operations / sizeof operations[0] || !operations[op]) {
    answer->status = -ENOSYS;
    return;
  }
  operations[op](&request, answer);
}

void processes_call(const struct event *event, struct answer *answer) {
  *answer = (struct answer){.status = 0};
  if (token_kind(event->token) == EVENT_EXCEPTION) {
    exception_call(event, answer);
    return;
  }
  switch (badge_via(event->badge)) {
    case VIA_PROGRAM:
      program_call(event, answer);
      break;
    case VIA_PAGER:
      fault_call(event, answer);
      break;
    case VIA_FS:
      fs_call(event, answer);
      break;
    default:
      answer->status = -EPERM;
      break;
  }
}
