#include <stdio.h>

#include "apps/coreutils/common.h"
#include "libsys/quire.h"

const char program_name[] = "free";
const char program_help[] =
    "usage: free\n"
    "Says what the machine's memory is used for, in KiB:\n"
    "  kernel     frames of the kernel, page tables, threads and other kernel objects, servers\n"
    "  anonymous  programs' own memory: stacks, heaps, changed private pages\n"
    "  cache      pages of files; each page once, however many programs map or read it\n"
    "  dirty      of these, changed and not on disk yet\n"
    "  free       nobody's\n";

#define KIB_PER_FRAME 4

int main(int argc, char **argv) {
  struct pager_counts c;
  common_help(argc, argv);
  if (argc > 1) common_usage();
  if (quire_counts(&c)) return common_error("counts");
  const struct {
    const char *name;
    uint64_t frames;
  } columns[] = {{"total", c.frames_total},         {"kernel", c.frames_kernel},
                 {"anonymous", c.frames_anonymous}, {"cache", c.frames_cache},
                 {"dirty", c.frames_dirty},         {"free", c.frames_free}};
  const int count = sizeof columns / sizeof *columns;
  for (int i = 0; i < count; ++i) printf("%11s", columns[i].name);
  putchar('\n');
  for (int i = 0; i < count; ++i) {
    printf("%11llu", (unsigned long long)columns[i].frames * KIB_PER_FRAME);
  }
  putchar('\n');
  return 0;
}
