#include "libsys/quire.h"

#include <string.h>

#include "libsys/call.h"
#include "libsys/message.h"

int quire_counts(struct pager_counts *counts) {
  struct reply reply = call_pager(PAGER_COUNTS, 0, 0, 0);
  if (reply.status >= 0) memcpy(counts, message_page(), sizeof *counts);
  return (int)result(reply.status);
}

int quire_space_counts(uint32_t slot, struct pager_space_counts *counts) {
  struct reply reply = call_pager(PAGER_SPACE_COUNTS, slot, 0, 0);
  if (reply.status >= 0) memcpy(counts, message_page(), sizeof *counts);
  return (int)result(reply.status);
}

int64_t quire_option(enum pager_option option) {
  return result(call_pager(PAGER_OPTION, option, PAGER_OPTION_ASK, 0).status);
}

int64_t quire_set_option(enum pager_option option, uint32_t value) {
  return result(call_pager(PAGER_OPTION, option, value, 0).status);
}

int quire_processes(uint32_t *slot, struct proc_entry *entries, uint32_t capacity) {
  struct reply reply = call_proc(PROC_LIST, *slot, 0);
  if (reply.status < 0) return (int)result(reply.status);
  uint32_t count = (uint32_t)reply.status;
  *slot = (uint32_t)reply.word[0];
  if (count > capacity) {
    count = capacity;
    *slot = ((const struct proc_entry *)message_page())[count].slot;
  }
  memcpy(entries, message_page(), count * sizeof *entries);
  return (int)count;
}

int quire_poweroff(int status) {
  return (int)result(call_proc(PROC_POWEROFF, (unsigned)status & 0xff, 0).status);
}
