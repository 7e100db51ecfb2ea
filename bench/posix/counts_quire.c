#include "abi/stats.h"
#include "bench/posix/counts.h"
#include "bench/posix/measure.h"
#include "libsys/quire.h"

void counts_read(uint64_t counts[COUNT_NUMBER]) {
  static struct pager_counts of;
  must(quire_counts(&of) >= 0, "counts");
  counts[COUNT_ENTRIES] = of.kernel[STAT_ENTRIES];
  counts[COUNT_MESSAGES] = of.kernel[STAT_CALLS];
  counts[COUNT_SWITCHES] = of.kernel[STAT_SWITCHES];
  counts[COUNT_FENCES] = of.kernel[STAT_FENCES];
  counts[COUNT_FAULTS] = of.faults;
  counts[COUNT_MAPPED] = of.pages_mapped;
  counts[COUNT_ZEROED] = of.pages_zeroed;
  counts[COUNT_COPIED] = of.pages_copied;
  counts[COUNT_IDLE] = of.kernel[STAT_IDLE_INSTRET];
}
