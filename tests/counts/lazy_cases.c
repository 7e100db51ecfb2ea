// Memory that nobody has touched costs nothing.
#include <sys/mman.h>

#include "abi/stats.h"
#include "tests/counts/probe.h"

CASE(Lazy, MappingCostsNothing) {
  probe_begin();
  char *memory =
      mmap(NULL, 1000 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  probe_end();
  CHECK(memory != MAP_FAILED);
  CHECK_COUNTS(0, 0, 0);
  CHECK_EQ(OWN(resident), 0);
  CHECK_EQ(OWN(virtual_pages), 1000);
  munmap(memory, 1000 * PAGE);
}

CASE(Lazy, WriteZeroesOnePage) {
  struct area area;
  CHECK(map_area(&area, 1000));
  probe_begin();
  write_pages(area.start, 100, 10);
  probe_end();
  CHECK_COUNTS(100, 100, 0);
  CHECK_EQ(OWN(resident), 100);
  CHECK_EQ(SYSTEM(faults_anonymous), 100);
  CHECK_EQ(SYSTEM(frames_anonymous), 100);
  unmap_area(&area);
}

CASE(Lazy, SecondWriteIsFree) {
  struct area area;
  CHECK(map_area(&area, 1000));
  write_pages(area.start, 100, 10);
  probe_begin();
  write_pages(area.start, 100, 10);
  CHECK_EQ(read_pages(area.start, 100, 10), 100);
  probe_end();
  CHECK_COUNTS(0, 0, 0);
  unmap_area(&area);
}

CASE(Lazy, ReadZeroesNothing) {
  struct area area;
  CHECK(map_area(&area, 1000));
  probe_begin();
  CHECK_EQ(read_pages(area.start, 100, 10), 0);
  probe_end();
  CHECK_EQ(OWN(zeroed), 0);
  CHECK_EQ(OWN(copied), 0);
  CHECK_EQ(SYSTEM(faults_zero_read), OWN(faults));
  CHECK(OWN(faults) >= 1 && OWN(faults) <= 100);
  CHECK_EQ(SYSTEM(frames_anonymous), 0);
  unmap_area(&area);
}

CASE(Lazy, WriteAfterReadZeroesThePage) {
  struct area area;
  CHECK(map_area(&area, 1000));
  read_pages(area.start, 100, 10);
  probe_begin();
  write_pages(area.start, 100, 10);
  probe_end();
  CHECK_COUNTS(100, 100, 0);
  unmap_area(&area);
}

CASE(Lazy, RunsAreServedAhead) {
  struct area area;
  CHECK(map_area(&area, 128));
  probe_begin();
  write_pages(area.start, 100, 1);
  probe_end();
  CHECK(OWN(faults) <= 15);
  CHECK(OWN(zeroed) >= 100 && OWN(zeroed) <= 100 + 16);
  CHECK_EQ(OWN(copied), 0);
  CHECK_EQ(SYSTEM(pages_mapped), OWN(zeroed));
  unmap_area(&area);
}

CASE(Lazy, UnmappedMemoryComesBack) {
  struct area area;
  CHECK(map_area(&area, 300));
  write_pages(area.start, 300, 1);
  unmap_area(&area);
  probe_begin();
  for (int i = 0; i < 10; ++i) {
    if (!map_area(&area, 300)) break;
    write_pages(area.start, 300, 1);
    unmap_area(&area);
  }
  probe_end();
  CHECK_EQ(SYSTEM(frames_anonymous), 0);
  CHECK_EQ(OWN(resident), 0);
  CHECK(SYSTEM(frames_free) >= -1 && SYSTEM(frames_free) <= 1);
}

CASE(Lazy, FaultTakesTwoKernelEntries) {
  struct area area;
  CHECK(map_area(&area, 1000));
  probe_begin();
  write_pages(area.start, 100, 10);
  probe_end();
  long entries = SYSTEM(kernel[STAT_ENTRIES]) - SYSTEM(kernel[STAT_INTERRUPTS]);
  CHECK_EQ(SYSTEM(kernel[STAT_FAULTS]), 100);
  // Beside the faults there is the counting: two calls, for which the pager asks the kernel.
  CHECK(entries >= 200 && entries <= 200 + 2 * STAT_COUNT);
  unmap_area(&area);
}
