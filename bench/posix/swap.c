// More pages than memory: what it takes to evict one, and to have one back.
#include <sys/mman.h>
#include <unistd.h>

#include "bench/posix/operations.h"
#include "bench/posix/pages.h"

#define FAULTS 201u
#define ROUNDS 3u
#define SPARE 256u   // pages by which the area is larger than memory, before all rounds
#define CHUNK 4096u  // pages that are asked about at once
#define IDLE_US 100000u
#define STEP 40503u

static volatile char *area;
static size_t pages;  // of the area
static size_t next;   // page not yet touched, or to be looked at
static size_t round_pages;
static volatile char seen;

static size_t free_pages(void) { return (size_t)sysconf(_SC_AVPHYS_PAGES); }

static void unmap_area(void) { pages_unmap(area, pages); }

static void map_half_more(void) {
  pages = free_pages() / 2 * 3;
  area = pages_map(pages);
  pages_write(area, pages);
  next = 0;
}

// Finds a page that is not in memory, far from the last one.
static void find_swapped(unsigned number) {
  unsigned char there;
  (void)number;
  do {
    next = (next + STEP) % pages;
    must(mincore((void *)(area + next * PAGE), PAGE, &there) == 0, "mincore");
  } while (there & 1);
}

static void read_swapped(unsigned number) {
  (void)number;
  seen = area[next * PAGE];
}

// Fills all of memory; each page that is touched afterwards takes one away. The program's own pages
// stay, so that it does not wait for one between looking at the clock and at the idle time.
static void fill_memory(size_t pages_of_round) {
  must(mlockall(MCL_CURRENT) == 0, "mlockall");
  round_pages = pages_of_round;
  size_t filled = free_pages() + SPARE;
  pages = filled + RUNS_OF(ROUNDS) * round_pages;
  area = pages_map(pages);
  pages_write(area, filled);
  next = filled;
}

// What is in memory has been used since the pager last looked, in each round. Idle time first: the
// disk ends what it has to write.
static void use_memory(unsigned number) {
  static unsigned char there[CHUNK];
  (void)number;
  must(usleep(IDLE_US) == 0, "usleep");
  for (size_t first = 0; first < next; first += CHUNK) {
    size_t count = next - first < CHUNK ? next - first : CHUNK;
    must(mincore((void *)(area + first * PAGE), count * PAGE, there) == 0, "mincore");
    for (size_t i = 0; i < count; i++) {
      if (there[i] & 1) seen = area[(first + i) * PAGE];
    }
  }
}

static void write_new_pages(unsigned number) {
  (void)number;
  pages_write(area + next * PAGE, round_pages);
  next += round_pages;
}

// The machine has `mebibytes`. A round goes from low to high (PAGER_FREE_LOW) at least once.
#define EVICT_SETUP(mebibytes, pages_of_round) \
  static void fill_##mebibytes(void) { fill_memory(pages_of_round); }

#define EVICT(mebibytes, pages_of_round)                                                \
  {                                                                                     \
    .key = "evict_" #mebibytes, .runs = ROUNDS, .units = pages_of_round, .waits = true, \
    .setup = fill_##mebibytes, .before = use_memory, .run = write_new_pages,            \
    .teardown = unmap_area                                                              \
  }

#define EVICT_MACHINES(X) X(10, 256) X(64, 512) X(256, 1984) X(1024, 4096) X(4224, 8448)
#define EVICT_LISTED(mebibytes, pages_of_round) EVICT(mebibytes, pages_of_round),

EVICT_MACHINES(EVICT_SETUP)

const struct operation swap_operations[] = {
    {.key = "swap_fault",
     .runs = FAULTS,
     .waits = true,
     .setup = map_half_more,
     .before = find_swapped,
     .run = read_swapped,
     .teardown = unmap_area},
    EVICT_MACHINES(EVICT_LISTED){.key = NULL},
};
