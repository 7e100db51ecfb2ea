// Touches pages as a workload says, more than there is memory for, and prints what that took:
//
//   policies,WORKLOAD,PAGES,TOUCHES,FRAMES,INSTRUCTIONS,FAULTS,IN,OUT,HOT,HOT_IN
//
// FRAMES: pages of the area in memory, the most at any look. INSTRUCTIONS: of the whole machine,
// idle ones and those that make up the references not counted. IN, OUT: pages read from swap and
// written to it. HOT, HOT_IN: touches of hot pages in the later half, and how many of these read
// their page.
//
// Usage: touch WORKLOAD FRAMES TENTHS TOUCHES_PER_PAGE
// All memory but about FRAMES pages is locked; the area has TENTHS tenths of that.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "abi/stats.h"
#include "bench/policy/workload.h"
#include "bench/posix/ticks.h"
#include "libsys/quire.h"

#define PAGE 4096u
#define LOOKS 64u   // at the number of pages in memory
#define WAIT 5000u  // instructions, idle ones too: less than reading a page from swap takes

struct sums {
  uint64_t instructions, faults, in, out;
  uint64_t waited;       // touches that waited for their page
  uint64_t hot, hot_in;  // touches of hot pages, and of these, those that waited
};

static _Noreturn void failed(const char *what) {
  fprintf(stderr, "touch: %s: %s\n", what, strerror(errno));
  exit(1);
}

static struct pager_counts counts(void) {
  static struct pager_counts now;
  if (quire_counts(&now) < 0) failed("counts");
  return now;
}

static struct pager_space_counts own_counts(void) {
  static struct pager_space_counts now;
  if (quire_space_counts(0, &now) < 0) failed("own counts");
  return now;
}

// Each page says which one it is, and how often it was written.
static void touch(char *area, const struct reference *reference) {
  volatile uint32_t *page = (volatile uint32_t *)(area + (size_t)reference->page * PAGE);
  if (reference->fills) page[0] = reference->page;
  if (page[0] != reference->page) {
    fprintf(stderr, "touch: page %u has the content of %u\n", reference->page, page[0]);
    exit(1);
  }
  if (reference->writes) page[1]++;
}

static void fill(struct workload *workload, char *area) {
  struct reference reference;
  while (workload->number < workload->pages && workload_next(workload, &reference)) {
    touch(area, &reference);
  }
}

// Makes `count` references, and touches their pages if there is an area. Returns how long it took.
static uint64_t references(struct workload *workload, char *area, uint32_t count,
                           struct sums *sums) {
  struct reference reference;
  uint64_t start = ticks();
  for (uint32_t i = 0; i < count; i++) {
    workload_next(workload, &reference);
    uint64_t before = ticks();
    if (area) touch(area, &reference);
    bool waited = ticks() - before >= WAIT;
    sums->waited += waited;
    sums->hot += reference.hot;
    sums->hot_in += reference.hot && waited;
  }
  return ticks() - start;
}

// What it takes to make the references alone.
static uint64_t making(const struct workload *workload, uint32_t count) {
  struct workload only = *workload;
  struct sums ignored = {0};
  return references(&only, NULL, count, &ignored);
}

static void run(struct workload *workload, char *area, uint32_t count, struct sums *sums) {
  uint64_t made = making(workload, count);
  struct pager_counts before = counts();
  uint64_t all = references(workload, area, count, sums);
  struct pager_counts after = counts();
  uint64_t idle = after.kernel[STAT_IDLE_INSTRET] - before.kernel[STAT_IDLE_INSTRET];
  sums->instructions += all - idle - made;
  sums->faults += after.faults - before.faults;
  sums->in += after.pages_swapped_in - before.pages_swapped_in;
  sums->out += after.pages_swapped_out - before.pages_swapped_out;
}

// Frames that pages can have.
static uint64_t free_for_pages(void) {
  struct pager_counts now = counts();
  return now.frames_free - now.frames_free_kernel;
}

// Takes all free memory but `frames` pages away.
static void lock_all_but(uint64_t frames) {
  uint64_t free_frames = free_for_pages();
  if (free_frames <= frames) return;
  size_t bytes = (size_t)(free_frames - frames) * PAGE;
  void *locked = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (locked == MAP_FAILED) failed("mmap");
  if (mlock(locked, bytes)) failed("mlock");
  // What the mapping itself took, page tables above all, is given back in pages.
  free_frames = free_for_pages();
  if (free_frames >= frames) return;
  size_t back = (size_t)(frames - free_frames) * PAGE;
  if (back < bytes && munmap((char *)locked + bytes - back, back)) failed("munmap");
}

int main(int argc, char **argv) {
  enum workload_kind kind = argc == 5 ? workload_named(argv[1]) : WORKLOAD_COUNT;
  uint64_t frames = argc == 5 ? strtoul(argv[2], NULL, 10) : 0;
  uint64_t tenths = argc == 5 ? strtoul(argv[3], NULL, 10) : 0;
  uint64_t each = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
  if (kind == WORKLOAD_COUNT || frames < 10 || frames > 1000000 || tenths == 0 || tenths > 100 ||
      each == 0 || each > 100) {
    fprintf(stderr, "usage: touch uniform|skewed|loop|scan|mixed FRAMES TENTHS TOUCHES_PER_PAGE\n");
    return 2;
  }
  // The program itself stays in memory, so that to look at counters waits for nothing.
  struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  if (setrlimit(RLIMIT_MEMLOCK, &none) || mlockall(MCL_CURRENT)) failed("mlockall");
  lock_all_but(frames);
  uint32_t pages = (uint32_t)(frames * tenths / 10);
  uint32_t touches = pages * (uint32_t)each;
  char *area =
      mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) failed("mmap");
  uint64_t others = own_counts().resident, resident = 0;
  struct workload workload;
  workload_start(&workload, kind, pages, touches);
  fill(&workload, area);
  struct sums sums = {0}, half = {0};
  uint32_t done = 0;
  for (uint32_t look = 0; look < LOOKS; look++) {
    if (look == LOOKS / 2) half = sums;
    uint32_t until = (uint32_t)((uint64_t)touches * (look + 1) / LOOKS);
    run(&workload, area, until - done, &sums);
    done = until;
    uint64_t now = own_counts().resident - others;
    if (now > resident) resident = now;
  }
  // A page may be read twice for a touch, if it is evicted before that is over.
  if (sums.waited > sums.in) {
    fprintf(stderr, "touch: %llu touches waited, %llu pages were read\n",
            (unsigned long long)sums.waited, (unsigned long long)sums.in);
    return 1;
  }
  printf("policies,%s,%u,%u,%llu,%llu,%llu,%llu,%llu,%llu,%llu\n", workload_name(kind), pages,
         touches, (unsigned long long)resident, (unsigned long long)sums.instructions,
         (unsigned long long)sums.faults, (unsigned long long)sums.in, (unsigned long long)sums.out,
         (unsigned long long)(sums.hot - half.hot),
         (unsigned long long)(sums.hot_in - half.hot_in));
  return 0;
}
