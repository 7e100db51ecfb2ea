// Faults on private memory. Where one page a fault is measured, pages are touched from the last to
// the first, which nobody takes for a sequence.
#include <sys/wait.h>
#include <unistd.h>

#include "bench/posix/large.h"
#include "bench/posix/operations.h"
#include "bench/posix/pages.h"

#define FAULTS 1001u
#define AREA RUNS_OF(FAULTS)
#define SEQUENCE 1024u
#define LONG_SEQUENCE 4096u
#define SEQUENCES 15u

static volatile char *area;
static pid_t child;
static int release[2];  // a pipe whose end lets the child go
static volatile char seen;

static void map_area(void) { area = pages_map(AREA); }
static void unmap_area(void) { pages_unmap(area, AREA); }

static void write_down(unsigned number) { area[(AREA - 1 - number) * PAGE] = 1; }
static void read_down(unsigned number) { seen = area[(AREA - 1 - number) * PAGE]; }

static void map_and_read(void) {
  map_area();
  for (unsigned i = 0; i < AREA; i++) read_down(i);
}

static void map_sequence(unsigned number) {
  (void)number;
  area = pages_map(SEQUENCE);
}

static void unmap_sequence(unsigned number) {
  (void)number;
  pages_unmap(area, SEQUENCE);
}

static void write_up(unsigned number) {
  (void)number;
  pages_write(area, SEQUENCE);
}

static void map_long(unsigned number) {
  (void)number;
  area = pages_map(LONG_SEQUENCE);
}

static void write_long(unsigned number) {
  (void)number;
  pages_write(area, LONG_SEQUENCE);
}

static void unmap_long(unsigned number) {
  (void)number;
  pages_unmap(area, LONG_SEQUENCE);
}

static void large_off(void) { large_pages(false); }

static void large_on(void) { large_pages(true); }

// A child that shares the written area until it is told to end.
static void share(void) {
  char byte;
  map_area();
  pages_write(area, AREA);
  must(pipe(release) == 0, "pipe");
  child = fork();
  must(child >= 0, "fork");
  if (child > 0) return;
  close(release[1]);
  read(release[0], &byte, 1);
  _exit(0);
}

static void end_child(void) {
  close(release[0]);
  close(release[1]);
  must(waitpid(child, NULL, 0) == child, "waitpid");
}

static void unshare(void) {
  end_child();
  unmap_area();
}

static void share_and_end(void) {
  share();
  end_child();
}

const struct operation anonymous_operations[] = {
    {.key = "anon_write",
     .runs = FAULTS,
     .setup = map_area,
     .run = write_down,
     .teardown = unmap_area},
    {.key = "anon_sequential",
     .runs = SEQUENCES,
     .units = SEQUENCE,
     .before = map_sequence,
     .run = write_up,
     .after = unmap_sequence},
    {.key = "anon_large",
     .runs = SEQUENCES,
     .units = LONG_SEQUENCE,
     .before = map_long,
     .run = write_long,
     .after = unmap_long},
    {.key = "anon_not_large",
     .runs = SEQUENCES,
     .units = LONG_SEQUENCE,
     .setup = large_off,
     .before = map_long,
     .run = write_long,
     .after = unmap_long,
     .teardown = large_on},
    {.key = "zero_read",
     .runs = FAULTS,
     .setup = map_area,
     .run = read_down,
     .teardown = unmap_area},
    {.key = "zero_upgrade",
     .runs = FAULTS,
     .setup = map_and_read,
     .run = write_down,
     .teardown = unmap_area},
    {.key = "cow_copy", .runs = FAULTS, .setup = share, .run = write_down, .teardown = unshare},
    {.key = "cow_reuse",
     .runs = FAULTS,
     .setup = share_and_end,
     .run = write_down,
     .teardown = unmap_area},
    {.key = NULL},
};
