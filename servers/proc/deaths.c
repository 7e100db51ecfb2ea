// Faults and exceptions that end the program. One of a server or of init ends the system at once:
// nothing can go on without a server, and what it knew is lost; and the first program's fault is a
// defect of the system as well.
#include <string.h>

#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/proc/last_words.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"
#include "servers/proc/signal_action.h"

static const char *server_name(uint32_t slot) {
  switch (slot) {
    case SLOT_PAGER:
      return "pager";
    case SLOT_FS:
      return "fs";
    case SLOT_PROC:
      return "proc";
    case SLOT_CONSOLE:
      return "console";
    default:
      return "server";
  }
}

// The program's last words are written; now it dies of the signal.
static void die(struct process *process, uint32_t signal, const char *text, size_t count,
                struct answer *answer) {
  outside_message(text, count);
  answer->status = ANSWER_LATER;
  if (process->pid == PID_INIT) {
    outside_flush();
    outside_halt(STATUS_OF_SIGNAL + signal);
    return;
  }
  process_end(process, status_signaled(signal));
}

static void server_died(const char *text, size_t count, struct answer *answer) {
  outside_firmware_message("\n", 1);
  outside_firmware_message(text, count);
  outside_halt(STATUS_SERVER_DIED);
  answer->status = ANSWER_LATER;
}

void fault_call(const struct event *event, struct answer *answer) {
  char text[LAST_WORDS_MAX];
  const uint64_t *word = event->word;
  uint32_t badge = badge_origin(event->badge);
  if (word[0] != PROC_FAULT) {
    answer->status = -ENOSYS;
    return;
  }
  uint32_t signal = PROC_FAULT_SIGNAL(word[1]);
  uint32_t access = PROC_FAULT_ACCESS(word[1]), reason = PROC_FAULT_REASON(word[1]);
  struct process *process = table_by_badge(&processes.table, badge);
  if (process) {
    size_t count = last_words_of_fault(text, process->name, process->pid, (int)signal, word[2],
                                       word[3], access, reason);
    die(process, signal, text, count, answer);
  } else if (badge_slot(badge) < SLOT_FIRST_PROGRAM) {
    server_died(text,
                last_words_of_fault(text, server_name(badge), 0, (int)signal, word[2], word[3],
                                    access, reason),
                answer);
  } else {
    answer->status = -ESRCH;
  }
}

// The address of an illegal instruction and a breakpoint is their own.
static bool go_to_handler(const struct process *process, const struct event *event) {
  struct exception_signal what = signal_of_exception(event->word[0]);
  bool of_access = what.signal == SIGNAL_BUS;
  return process_upcall(process, event->token, what.signal, what.code,
                        event->word[of_access ? 1 : 2]);
}

void exception_call(const struct event *event, struct answer *answer) {
  char text[LAST_WORDS_MAX];
  const uint64_t *word = event->word;
  uint32_t badge = badge_origin(event->badge);
  struct process *process = table_by_badge(&processes.table, badge);
  if (process && go_to_handler(process, event)) {
    answer->status = ANSWER_LATER;
  } else if (process) {
    size_t count =
        last_words_of_exception(text, process->name, process->pid, word[0], word[1], word[2]);
    die(process, signal_of_exception(word[0]).signal, text, count, answer);
  } else if (badge_slot(badge) < SLOT_FIRST_PROGRAM) {
    server_died(text,
                last_words_of_exception(text, server_name(badge), 0, word[0], word[1], word[2]),
                answer);
  } else {
    answer->status = -ESRCH;
  }
}

void processes_out_of_memory(void) {
  int64_t victim = outside_pager_oom_victim();
  struct process *process = victim > 0 ? table_by_badge(&processes.table, (uint32_t)victim) : NULL;
  if (!process) return;
  char text[LAST_WORDS_MAX];
  size_t count = last_words_of_memory(text, process->name, process->pid, (uint64_t)victim >> 32);
  outside_message(text, count);
  process_end(process, status_signaled(SIGNAL_KILL));
}

void fs_call(const struct event *event, struct answer *answer) {
  struct process *process = table_by_badge(&processes.table, badge_origin(event->badge));
  if (!process) {
    answer->status = -ESRCH;
    return;
  }
  switch (event->word[0]) {
    case PROC_SIGNAL_SELF:
      if (event->word[1] - 1 < SIGNALS_MAX) {
        process_signal(process, (uint32_t)event->word[1],
                       &(struct signal_cause){.sender = process->pid, .answered = process});
      }
      answer->status = process->state == PROCESS_LIVE ? -EPIPE : ANSWER_LATER;
      break;
    case PROC_UNMOUNTED:
      power_unmounted((int64_t)event->word[1], answer);
      break;
    default:
      answer->status = -ENOSYS;
      break;
  }
}
