// The texts of /proc, made from what the pager says. Formats as of Linux, proc(5).
#ifndef SERVERS_FS_PROCFS_FORMAT_H_
#define SERVERS_FS_PROCFS_FORMAT_H_

#include <stdbool.h>
#include <stdint.h>

#include "protocols/pager.h"
#include "servers/fs/text.h"

struct procfs_swap {
  const char *name;
  bool is_disk;
  uint64_t kibibytes, used;
  int64_t priority;
};

// What fs knows of a process.
struct procfs_process {
  uint32_t pid, parent;
  const char *name;
  char state;  // R or S
};

// Sums over a process' regions, in pages.
struct procfs_sums {
  uint64_t virtual_pages, resident, shared, dirty, swapped;
  uint64_t anonymous, file;    // of resident: private pages, those of mapped files
  uint64_t code, stack, data;  // sizes: what can be executed, the stack, private writable
};

void procfs_meminfo(struct text *text, const struct pager_counts *counts);
void procfs_vmstat(struct text *text, const struct pager_counts *counts);
void procfs_swaps_head(struct text *text);
void procfs_swap(struct text *text, const struct procfs_swap *swap);

// A line of maps; `name` NULL or empty: none. A block of smaps begins with it.
void procfs_map(struct text *text, const struct pager_region *region, const char *name);
void procfs_smap(struct text *text, const struct pager_region *region, const char *name);

void procfs_add(struct procfs_sums *sums, const struct pager_region *region);
void procfs_status(struct text *text, const struct procfs_process *process,
                   const struct procfs_sums *sums, const struct pager_space_counts *counts);
void procfs_stat(struct text *text, const struct procfs_process *process,
                 const struct procfs_sums *sums, const struct pager_space_counts *counts);
void procfs_statm(struct text *text, const struct procfs_sums *sums);
// Faults by kind: one of Quire's own, "name value" as vmstat.
void procfs_faults(struct text *text, const struct pager_space_counts *counts);

#endif  // SERVERS_FS_PROCFS_FORMAT_H_
