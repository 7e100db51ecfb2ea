#include "libsys/quire.h"

#include <string.h>

#include "libsys/call.h"
#include "libsys/message.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))

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

int quire_regions(uint32_t slot, uint32_t first, struct pager_region *regions, uint32_t capacity) {
  struct reply reply = call_pager(PAGER_REGIONS, slot, first, 0);
  if (reply.status < 0) return (int)result(reply.status);
  uint32_t count = MIN((uint32_t)reply.status, capacity);
  memcpy(regions, message_page(), count * sizeof *regions);
  return (int)count;
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

int quire_process(uint32_t pid, struct proc_entry *entry) {
  uint32_t slot = 0;
  for (int found; (found = quire_processes(&slot, entry, 1)) != 0;) {
    if (found < 0) return -1;
    if (entry->pid == pid) return 0;
  }
  errno = ESRCH;
  return -1;
}

int quire_poweroff(int status) {
  return (int)result(call_proc(PROC_POWEROFF, (unsigned)status & 0xff, 0).status);
}
