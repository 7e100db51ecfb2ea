// Faults that end in a signal: in the program's handler, or in proc.
#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/pager/core/fault_cases.h"
#include "servers/pager/core/signals.h"

// The five words with which a faulter is forwarded to proc.
static void signal_words(uint64_t word[5], enum outcome outcome, uint64_t address, uint64_t access,
                         uint64_t pc) {
  static const struct {
    uint8_t signal, reason;
  } what[] = {
      [OUTCOME_WAIT] = {SIGNAL_BUS, FAULT_IO_ERROR},
      [OUTCOME_UNMAPPED] = {SIGNAL_SEGV, FAULT_UNMAPPED},
      [OUTCOME_PROTECTED] = {SIGNAL_SEGV, FAULT_PROTECTED},
      [OUTCOME_STACK] = {SIGNAL_SEGV, FAULT_STACK},
      [OUTCOME_BEYOND_END] = {SIGNAL_BUS, FAULT_BEYOND_END},
      [OUTCOME_NO_MEMORY] = {SIGNAL_KILL, FAULT_NO_MEMORY},
      [OUTCOME_BROKEN] = {SIGNAL_BUS, FAULT_IO_ERROR},
  };
  word[0] = PROC_FAULT;
  word[1] = PROC_FAULT_WHAT(what[outcome].signal, access & ~(uint64_t)FAULT_PRESENT,
                            what[outcome].reason);
  word[2] = address;
  word[3] = pc;
  word[4] = 0;
}

void fault_signal(struct pager *pager, const struct event *event, enum outcome outcome,
                  struct answer *answer) {
  struct space *space = space_of(pager, badge_origin(event->badge));
  uint64_t entry = space ? signals_fault(pager, space, outcome, event->word[0]) : 0;
  pager->counts.faults_error++;
  answer->kind = entry ? ANSWER_UPCALL : ANSWER_FORWARD;
  signal_words(answer->word, outcome, event->word[0], event->word[1], event->word[2]);
  answer->word[4] = entry;
}

void fault_signal_parked(struct pager *pager, const struct pending *pending, enum outcome outcome,
                         uint32_t access) {
  uint64_t word[5];
  uint64_t entry = signals_fault(pager, pending->space, outcome, pending->address);
  pager->counts.faults_error++;
  if (entry) {
    if (kops_reply_upcall(pending->token, entry) == 0) return;
    signals_refused(pager, pending->space);
  }
  signal_words(word, outcome, pending->address, access, pending->result);
  kops_forward_to_proc(pending->token, word);
}
