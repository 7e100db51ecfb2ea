#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/coreutils/common.h"
#include "apps/memory/proc_file.h"

const char program_name[] = "pmap";
const char program_help[] =
    "usage: pmap PID\n"
    "Lists the regions of a process, from /proc/PID/smaps. Rights: r, w, x, then s shared or p\n"
    "private. Sizes in KiB:\n"
    "  SIZE      of the region\n"
    "  RESIDENT  the process can reach without the pager filling it\n"
    "  SHARED    of this, others have as well: pages of files, pages not copied since a fork\n"
    "  DIRTY     of this, changed since it was filled\n"
    "  SWAP      in a swap area\n";

#define LINE_BYTES 2048

struct region {
  char range[40], rights[8], name[1024];
  unsigned long long size, resident, shared, dirty, swap;
};

static void print(const struct region *r) {
  printf("%-23s %s %8llu %9llu %9llu %9llu %9llu  %s\n", r->range, r->rights, r->size, r->resident,
         r->shared, r->dirty, r->swap, r->name);
}

// The head of a region: "start-end rights offset device inode name".
static bool begin(const char *line, struct region *r) {
  memset(r, 0, sizeof *r);
  int fields = sscanf(line, "%39s %7s %*s %*s %*s %1023[^\n]", r->range, r->rights, r->name);
  return fields >= 2 && strchr(r->range, '-');
}

static void add(const char *line, struct region *r) {
  char name[32];
  unsigned long long value;
  if (sscanf(line, "%31[^:]: %llu", name, &value) != 2) return;
  if (strcmp(name, "Size") == 0) r->size = value;
  if (strcmp(name, "Rss") == 0) r->resident = value;
  if (strncmp(name, "Shared_", 7) == 0) r->shared += value;
  if (strstr(name, "_Dirty")) r->dirty += value;
  if (strcmp(name, "Swap") == 0) r->swap = value;
}

static void sum(struct region *total, const struct region *r) {
  total->size += r->size;
  total->resident += r->resident;
  total->shared += r->shared;
  total->dirty += r->dirty;
  total->swap += r->swap;
}

static bool list(FILE *file) {
  static char line[LINE_BYTES];
  static struct region region, total = {.range = "total", .rights = "    "};
  bool any = false;
  while (fgets(line, sizeof line, file)) {
    if (isdigit((unsigned char)line[0]) || (line[0] >= 'a' && line[0] <= 'f')) {
      if (any) print(&region);
      if (any) sum(&total, &region);
      any = begin(line, &region);
    } else if (any) {
      add(line, &region);
    }
  }
  if (any) print(&region);
  if (any) sum(&total, &region);
  print(&total);
  return !ferror(file);
}

int main(int argc, char **argv) {
  struct proc_stat stat;
  common_help(argc, argv);
  if (argc != 2 || !isdigit((unsigned char)*argv[1])) common_usage();
  unsigned pid = (unsigned)strtoul(argv[1], NULL, 10);
  if (!proc_stat(pid, &stat)) return common_error(argv[1]);
  FILE *file = fopen(proc_path(pid, "smaps"), "r");
  if (!file) return common_error(argv[1]);
  printf("%u: %s\n", pid, stat.name);
  puts("ADDRESSES             RIGHTS     SIZE  RESIDENT    SHARED     DIRTY      SWAP  BACKING");
  if (!list(file)) return common_error(argv[1]);
  fclose(file);
  struct proc_value most[] = {{"VmPeak", 0}, {"VmHWM", 0}};
  if (!proc_values(proc_path(pid, "status"), most, 2)) return common_error(argv[1]);
  printf("at most: size %llu, resident %llu\n", (unsigned long long)most[0].value,
         (unsigned long long)most[1].value);
  struct proc_value v[] = {
      {"tables", 0}, {"faults", 0}, {"zeroed", 0}, {"copied", 0}, {"major", 0}};
  if (!proc_values(proc_path(pid, "faults"), v, sizeof v / sizeof *v)) return common_error(argv[1]);
  printf(
      "page tables and kernel objects: %llu frames; since it started: %llu faults, "
      "%llu pages zeroed, %llu copied, %llu faults that waited for the disk\n",
      (unsigned long long)v[0].value, (unsigned long long)v[1].value,
      (unsigned long long)v[2].value, (unsigned long long)v[3].value,
      (unsigned long long)v[4].value);
  return 0;
}
