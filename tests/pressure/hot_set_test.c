// A hot set that is in use while more than memory is scanned, again and again: 2Q keeps it, where
// first in, first out loses it once for each memory that was scanned.
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "libsys/quire.h"
#include "tests/harness/cases.h"

#define PAGE 4096ul
#define MEMORY 3000u      // frames that are not locked away
#define HOT (MEMORY / 5)  // pages
#define SCANNED (3 * MEMORY / 2)
#define RUN 20u  // pages scanned, and hot ones touched, in turns
#define WARM 8u  // scans before it counts
#define COUNTED 2u

static volatile char *locked, *hot, *scanned;
static uint64_t locked_bytes;

static volatile char *map(uint64_t pages) {
  char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? NULL : at;
}

static struct pager_counts counts(void) {
  static struct pager_counts now;
  if (quire_counts(&now) < 0) case_failed(__FILE__, __LINE__, "no counts");
  return now;
}

// Leaves about MEMORY frames that pages can have.
static bool lock_the_rest(void) {
  struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  struct pager_counts now = counts();
  uint64_t frames = now.frames_free - now.frames_free_kernel;
  if (frames <= MEMORY || setrlimit(RLIMIT_MEMLOCK, &none)) return false;
  locked_bytes = (frames - MEMORY) * PAGE;
  locked = map(frames - MEMORY);
  return locked && mlock((void *)locked, locked_bytes) == 0;
}

// Marsaglia, "Xorshift RNGs", 2003.
static uint32_t random_hot(void) {
  static uint32_t x = 1;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return x % HOT;
}

// Scans once, and touches as many hot pages in between. Returns how many pages that read.
static uint64_t scan(void) {
  uint64_t read = 0;
  for (uint32_t at = 0; at < SCANNED; at += RUN) {
    for (uint32_t i = 0; i < RUN; i++) scanned[(at + i) * PAGE]++;
    uint64_t before = counts().pages_swapped_in;
    for (uint32_t i = 0; i < RUN; i++) hot[random_hot() * PAGE]++;
    read += counts().pages_swapped_in - before;
  }
  return read;
}

// Pages read for touches of hot ones, of COUNTED * SCANNED.
static uint64_t hot_pages_read(enum pager_policy policy) {
  int64_t before = quire_set_option(PAGER_POLICY, policy);
  uint64_t read = 0;
  hot = map(HOT);
  scanned = map(SCANNED);
  if (before < 0 || !hot || !scanned) {
    case_failed(__FILE__, __LINE__, "policy %d cannot be tried", policy);
    return 0;
  }
  for (uint32_t i = 0; i < WARM; i++) scan();
  uint64_t all = counts().pages_swapped_in;
  for (uint32_t i = 0; i < COUNTED; i++) read += scan();
  if (counts().pages_swapped_in - all < SCANNED / 2) {
    case_failed(__FILE__, __LINE__, "policy %d: memory is not short", policy);
  }
  munmap((void *)hot, HOT * PAGE);
  munmap((void *)scanned, SCANNED * PAGE);
  quire_set_option(PAGER_POLICY, (uint32_t)before);
  return read;
}

CASE(HotSet, StaysUnderTwoQueuesWhileMoreThanMemoryIsScanned) {
  CHECK(lock_the_rest());
  uint64_t fifo = hot_pages_read(PAGER_POLICY_FIFO);
  uint64_t queues = hot_pages_read(PAGER_POLICY_2Q);
  CHECK(!case_has_failed());
  // Each hot page is missed once for each memory that passes.
  if (fifo < COUNTED * HOT) case_failed(__FILE__, __LINE__, "fifo read only %lu", fifo);
  if (queues > HOT / 20 || queues > fifo / 20) {
    case_failed(__FILE__, __LINE__, "2Q read %lu hot pages, fifo %lu", queues, fifo);
  }
  CHECK_EQ(munmap((void *)locked, locked_bytes), 0);
}
