// Files that are in the page cache.
#include <sys/mman.h>
#include <unistd.h>

#include "bench/posix/operations.h"
#include "bench/posix/pages.h"

#define CACHED 256u  // pages read, written and mapped singly
#define CALLS 1001u
#define SINGLE 101u  // mappings of one page each
#define RUN 1024u    // pages of a long mapping
#define RUNS 15u
#define RUNS_STORED 5u  // of those that write to the disk

static int file;
static char buffer[PAGE] __attribute__((aligned(4096)));
static volatile char *area;
static volatile char seen;

static void open_file(void) { file = pages_file(CACHED); }
static void close_file(void) { must(close(file) == 0, "close"); }

static off_t place(unsigned number) { return (off_t)((number % CACHED) * PAGE); }

static void read_page(unsigned number) {
  must(pread(file, buffer, PAGE, place(number)) == (ssize_t)PAGE, "pread");
}

static void write_page(unsigned number) {
  must(pwrite(file, buffer, PAGE, place(number)) == (ssize_t)PAGE, "pwrite");
}

// Mappings of one page each that do not touch each other, so that each fault is for one page.
static void map_singly(int flags) {
  open_file();
  size_t pages = 2 * RUNS_OF(SINGLE);
  area = pages_map(pages);
  for (unsigned i = 0; i < RUNS_OF(SINGLE); i++) {
    void *at = (void *)(area + 2 * i * PAGE);
    must(mmap(at, PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, file, place(i)) == at, "mmap");
  }
}

static void map_private_singly(void) { map_singly(MAP_PRIVATE); }
static void map_shared_singly(void) { map_singly(MAP_SHARED); }

static void unmap_singly(void) {
  pages_unmap(area, 2 * RUNS_OF(SINGLE));
  close_file();
}

static void read_single(unsigned number) { seen = area[2 * number * PAGE]; }
static void write_single(unsigned number) { area[2 * number * PAGE] = 1; }

static void open_long_file(void) { file = pages_file(RUN); }

static void map_long(unsigned number) {
  (void)number;
  void *at = mmap(NULL, RUN * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
  must(at != MAP_FAILED, "mmap");
  area = at;
}

static void unmap_long(unsigned number) {
  (void)number;
  pages_unmap(area, RUN);
}

static void read_long(unsigned number) {
  (void)number;
  for (unsigned i = 0; i < RUN; i++) seen = area[i * PAGE];
}

static void map_long_shared(void) {
  open_long_file();
  void *at = mmap(NULL, RUN * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  must(at != MAP_FAILED, "mmap");
  area = at;
}

static void unmap_long_shared(void) {
  unmap_long(0);
  close_file();
}

static void write_long(unsigned number) {
  (void)number;
  pages_write(area, RUN);
}

static void sync_long(unsigned number) {
  (void)number;
  must(msync((void *)area, RUN * PAGE, MS_SYNC) == 0, "msync");
}

const struct operation file_operations[] = {
    {.key = "file_read_one",
     .runs = SINGLE,
     .setup = map_private_singly,
     .run = read_single,
     .teardown = unmap_singly},
    {.key = "file_read_around",
     .runs = RUNS,
     .units = RUN,
     .setup = open_long_file,
     .before = map_long,
     .run = read_long,
     .after = unmap_long,
     .teardown = close_file},
    {.key = "shared_write_one",
     .runs = SINGLE,
     .setup = map_shared_singly,
     .run = write_single,
     .teardown = unmap_singly},
    {.key = "msync",
     .runs = RUNS_STORED,
     .units = RUN,
     .waits = true,
     .setup = map_long_shared,
     .before = write_long,
     .run = sync_long,
     .teardown = unmap_long_shared},
    {.key = "pread", .runs = CALLS, .setup = open_file, .run = read_page, .teardown = close_file},
    {.key = "write", .runs = CALLS, .setup = open_file, .run = write_page, .teardown = close_file},
    {.key = NULL},
};
