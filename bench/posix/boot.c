// What it takes from reset to here, where the shell runs its first command. It is Quire's own: the
// instructions since reset come from the kernel's counters.
#include <stdio.h>
#include <stdlib.h>

#include "abi/layout.h"
#include "abi/stats.h"
#include "bench/posix/ticks.h"
#include "libsys/quire.h"

// argv[1]: the machine's memory in MiB.
int main(int argc, char **argv) {
  static struct pager_counts counts;
  uint64_t now = ticks();
  if (argc != 2 || quire_counts(&counts) < 0) return 2;
  uint64_t frames = strtoull(argv[1], NULL, 10) << (20 - PAGE_SHIFT);
  unsigned long long boot = now - counts.kernel[STAT_IDLE_INSTRET];
  unsigned long long used = (frames - counts.frames_free) << (PAGE_SHIFT - 10);
  unsigned long long cache = counts.frames_cache << (PAGE_SHIFT - 10);
  printf("bench,boot,1,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu\n", boot, boot,
         (unsigned long long)counts.kernel[STAT_ENTRIES],
         (unsigned long long)counts.kernel[STAT_CALLS],
         (unsigned long long)counts.kernel[STAT_SWITCHES],
         (unsigned long long)counts.kernel[STAT_FENCES], (unsigned long long)counts.faults,
         (unsigned long long)counts.pages_mapped, (unsigned long long)counts.pages_zeroed,
         (unsigned long long)counts.pages_copied);
  printf("bench,memory,1,%llu,%llu\n", used, used);
  printf("bench,memory_cache,1,%llu,%llu\n", cache, cache);
  return 0;
}
