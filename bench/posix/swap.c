// More pages than memory: what it takes to evict one, and to have one back.
#include <sys/mman.h>
#include <unistd.h>

#include "bench/posix/operations.h"
#include "bench/posix/pages.h"

#define FAULTS 201u
#define ROUNDS 33u
#define RUN 64u     // new pages of a round
#define SPARE 256u  // pages by which the area is larger than memory, before all rounds
#define STEP 40503u

static volatile char *area;
static size_t pages;  // of the area
static size_t next;   // page not yet touched, or to be looked at
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

// Fills all of memory; each page that is touched afterwards takes one away.
static void fill_memory(void) {
  size_t filled = free_pages() + SPARE;
  pages = filled + RUNS_OF(ROUNDS) * RUN;
  area = pages_map(pages);
  pages_write(area, filled);
  next = filled;
}

static void write_new_pages(unsigned number) {
  (void)number;
  pages_write(area + next * PAGE, RUN);
  next += RUN;
}

#define EVICT(name)                                                                 \
  {                                                                                 \
    .key = name, .runs = ROUNDS, .units = RUN, .waits = true, .setup = fill_memory, \
    .run = write_new_pages, .teardown = unmap_area                                  \
  }

const struct operation swap_operations[] = {
    {.key = "swap_fault",
     .runs = FAULTS,
     .waits = true,
     .setup = map_half_more,
     .before = find_swapped,
     .run = read_swapped,
     .teardown = unmap_area},
    // The machine's memory makes the difference.
    EVICT("evict_64"),
    EVICT("evict_256"),
    EVICT("evict_1024"),
    EVICT("evict_4224"),
    {.key = NULL},
};
