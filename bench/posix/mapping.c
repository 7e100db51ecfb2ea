// mmap, munmap, mprotect, sbrk.
#include <sys/mman.h>
#include <unistd.h>

#include "bench/posix/operations.h"
#include "bench/posix/pages.h"

#define CALLS 1001u
#define AROUND 16u  // pages around the one whose protection changes
#define MANY 100u
#define GROWTH 256u  // pages by which the break grows in a run, one by one
#define GROWTHS 15u

static volatile char *area;

static void map_and_unmap(unsigned number) {
  (void)number;
  pages_unmap(pages_map(1), 1);
}

static void map_written(size_t pages) {
  area = pages_map(pages);
  pages_write(area, pages);
}

static void map_one(void) { map_written(1); }
static void map_around(void) { map_written(AROUND); }
static void map_many(void) { map_written(MANY); }
static void unmap_one(void) { pages_unmap(area, 1); }
static void unmap_around(void) { pages_unmap(area, AROUND); }
static void unmap_many(void) { pages_unmap(area, MANY); }

// Takes the right to write away and gives it back.
static void protect(size_t first, size_t pages) {
  void *at = (void *)(area + first * PAGE);
  must(mprotect(at, pages * PAGE, PROT_READ) == 0, "mprotect");
  must(mprotect(at, pages * PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect");
}

static void protect_one(unsigned number) {
  (void)number;
  protect(0, 1);
}

static void protect_inside(unsigned number) {
  (void)number;
  protect(AROUND / 2, 1);
}

static void protect_many(unsigned number) {
  (void)number;
  protect(0, MANY);
}

static void grow_break(unsigned number) {
  (void)number;
  for (unsigned i = 0; i < GROWTH; i++) {
    volatile char *page = sbrk((intptr_t)PAGE);
    must(page != (void *)-1, "sbrk");
    *page = 1;
  }
}

const struct operation mapping_operations[] = {
    {.key = "mmap_munmap", .runs = CALLS, .run = map_and_unmap},
    {.key = "mprotect_one",
     .runs = CALLS,
     .units = 2,
     .setup = map_one,
     .run = protect_one,
     .teardown = unmap_one},
    {.key = "mprotect_inside",
     .runs = CALLS,
     .units = 2,
     .setup = map_around,
     .run = protect_inside,
     .teardown = unmap_around},
    {.key = "mprotect_100",
     .runs = CALLS,
     .units = 2,
     .setup = map_many,
     .run = protect_many,
     .teardown = unmap_many},
    {.key = "sbrk_touch", .runs = GROWTHS, .units = GROWTH, .run = grow_break},
    {.key = NULL},
};
