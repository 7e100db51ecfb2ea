#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "abi/layout.h"
#include "apps/coreutils/common.h"
#include "libsys/quire.h"

const char program_name[] = "pmap";
const char program_help[] =
    "usage: pmap PID\n"
    "Lists the regions of a process. Rights: r, w, x, then s shared or p private. Sizes in pages:\n"
    "  PAGES     of the region\n"
    "  RESIDENT  the process can reach without the pager filling them\n"
    "  SHARED    of these, others have as well: pages of files, pages not copied since a fork\n"
    "  DIRTY     of these, changed since they were filled\n";

#define REGIONS_A_CALL 32

struct totals {
  unsigned long long pages, resident, shared, dirty;
};

static void print_rights(const struct pager_region *region) {
  printf(" %c%c%c%c ", region->prot & 1 ? 'r' : '-', region->prot & 2 ? 'w' : '-',
         region->prot & 4 ? 'x' : '-', region->flags & PAGER_SHARED ? 's' : 'p');
}

static void print_backing(const struct pager_region *region) {
  static const char *const names[] = {
      [BACKING_ANONYMOUS] = "anonymous", [BACKING_FILE] = "file",
      [BACKING_STACK] = "stack",         [BACKING_HEAP] = "heap",
      [BACKING_MESSAGE] = "message",     [BACKING_DEVICE] = "device"};
  bool known = region->backing < sizeof names / sizeof *names;
  printf("  %s", known ? names[region->backing] : "?");
  if (region->backing == BACKING_FILE) {
    printf(" inode %u, page %llu", (unsigned)(uint32_t)region->cookie,
           (unsigned long long)region->offset >> PAGE_SHIFT);
  }
  putchar('\n');
}

static void print(const struct pager_region *region, struct totals *totals) {
  unsigned long long pages = (region->end - region->start) >> PAGE_SHIFT;
  printf("%010llx-%010llx", (unsigned long long)region->start, (unsigned long long)region->end);
  print_rights(region);
  printf("%9llu %9u %9u %9u", pages, (unsigned)region->resident, (unsigned)region->shared,
         (unsigned)region->dirty);
  print_backing(region);
  totals->pages += pages;
  totals->resident += region->resident;
  totals->shared += region->shared;
  totals->dirty += region->dirty;
}

static int list(uint32_t slot, struct totals *totals) {
  static struct pager_region regions[REGIONS_A_CALL];
  int count;
  for (uint32_t first = 0; (count = quire_regions(slot, first, regions, REGIONS_A_CALL)) > 0;
       first += (uint32_t)count) {
    for (int i = 0; i < count; ++i) print(&regions[i], totals);
  }
  return count;
}

int main(int argc, char **argv) {
  struct proc_entry process;
  struct totals totals = {0};
  struct pager_space_counts counts;
  common_help(argc, argv);
  if (argc != 2 || !isdigit((unsigned char)*argv[1])) common_usage();
  if (quire_process((uint32_t)strtoul(argv[1], NULL, 10), &process)) return common_error(argv[1]);
  printf("%u: %s\n", (unsigned)process.pid, process.name);
  puts("ADDRESSES            RIGHTS    PAGES  RESIDENT    SHARED     DIRTY  BACKING");
  if (list(process.slot, &totals) < 0) return common_error(argv[1]);
  printf("total                     %9llu %9llu %9llu %9llu\n", totals.pages, totals.resident,
         totals.shared, totals.dirty);
  if (quire_space_counts(process.slot, &counts)) return common_error(argv[1]);
  printf(
      "page tables and kernel objects: %llu frames; since it started: %llu faults, "
      "%llu pages zeroed, %llu copied, %llu faults that waited for the disk\n",
      (unsigned long long)counts.tables, (unsigned long long)counts.faults,
      (unsigned long long)counts.zeroed, (unsigned long long)counts.copied,
      (unsigned long long)counts.major);
  return 0;
}
