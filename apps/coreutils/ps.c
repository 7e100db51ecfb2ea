#include <stdio.h>

#include "apps/coreutils/common.h"
#include "libsys/quire.h"

const char program_name[] = "ps";
const char program_help[] =
    "usage: ps\n"
    "Lists processes: number, parent, group, state (R running, W waiting, Z ended), resident\n"
    "memory in KiB, page faults, name.\n";

static char state_letter(uint32_t state) {
  switch (state) {
    case PROC_RUNNING:
      return 'R';
    case PROC_WAITING:
      return 'W';
    case PROC_ZOMBIE:
      return 'Z';
  }
  return '?';
}

static void print(const struct proc_entry *entry) {
  struct pager_space_counts counts = {0};
  quire_space_counts(entry->slot, &counts);  // a process that has ended has none
  printf("%5u %5u %5u %c %7llu %7llu %s\n", (unsigned)entry->pid, (unsigned)entry->parent,
         (unsigned)entry->group, state_letter(entry->state),
         (unsigned long long)counts.resident * 4, (unsigned long long)counts.faults, entry->name);
}

int main(int argc, char **argv) {
  struct proc_entry entries[32];
  uint32_t slot = 0;
  int count;
  common_help(argc, argv);
  puts("  PID  PPID  PGRP S     RES  FAULTS NAME");
  while ((count = quire_processes(&slot, entries, 32)) > 0) {
    for (int i = 0; i < count; ++i) print(&entries[i]);
  }
  return count < 0 ? common_error("processes") : 0;
}
