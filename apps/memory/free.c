#include <stdio.h>
#include <string.h>

#include "apps/coreutils/common.h"
#include "apps/memory/proc_file.h"

const char program_name[] = "free";
const char program_help[] =
    "usage: free\n"
    "Says what the machine's memory is used for, in KiB, from /proc/meminfo:\n"
    "  kernel     frames of the kernel, page tables, threads and other kernel objects, servers\n"
    "  anonymous  programs' own memory: stacks, heaps, changed private pages\n"
    "  cache      pages of files; each page once, however many programs map or read it\n"
    "  dirty      of these, changed and not on disk yet\n"
    "  free       nobody's\n"
    "and, if there is some, how much swap space there is and is free.\n";

#define MEMINFO "/proc/meminfo"

enum { TOTAL, KERNEL, ANONYMOUS, CACHE, DIRTY, FREE, SWAP_TOTAL, SWAP_FREE, COUNT };

int main(int argc, char **argv) {
  static const char *const names[] = {"total", "kernel", "anonymous", "cache", "dirty", "free"};
  struct proc_value values[COUNT] = {
      [TOTAL] = {"MemTotal", 0},       [KERNEL] = {"Kernel", 0},
      [ANONYMOUS] = {"AnonPages", 0},  [CACHE] = {"Cached", 0},
      [DIRTY] = {"Dirty", 0},          [FREE] = {"MemFree", 0},
      [SWAP_TOTAL] = {"SwapTotal", 0}, [SWAP_FREE] = {"SwapFree", 0},
  };
  common_help(argc, argv);
  if (argc > 1) common_usage();
  if (!proc_values(MEMINFO, values, COUNT)) return common_error(MEMINFO);
  for (int i = 0; i <= FREE; ++i) printf("%11s", names[i]);
  putchar('\n');
  for (int i = 0; i <= FREE; ++i) printf("%11llu", (unsigned long long)values[i].value);
  putchar('\n');
  if (values[SWAP_TOTAL].value) {
    printf("swap: %llu, free %llu\n", (unsigned long long)values[SWAP_TOTAL].value,
           (unsigned long long)values[SWAP_FREE].value);
  }
  return 0;
}
