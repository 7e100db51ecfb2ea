// How costs grow with the number of regions, of pages and of processes.
//
// Regions of one page, alternately with and without the right to execute so that they cannot be
// joined, fill the same area in which the single region lies that they are compared with. Each
// fault is in another region, never in the order of addresses.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/posix/operations.h"
#include "bench/posix/pages.h"

#define FAULTS 501u
#define CALLS 201u
#define REGIONS_SOME 1024u
#define REGIONS_MANY 32768u
#define REGIONS_MOST 100000u
#define FORKS 9u
#define PROCESSES 200u
#define STEP 40503u  // 3 * 23 * 587: the multiples of it reach each page of an area once

static volatile char *area;
static unsigned area_pages;
static pid_t child[PROCESSES];
static int release[2];

static unsigned scattered(unsigned number) { return number * STEP % area_pages; }

static void map_area(unsigned pages, unsigned regions) {
  area_pages = pages;
  area = pages_map(pages);
  if (regions > 1) {
    for (unsigned i = 0; i < regions; i += 2) {
      must(mprotect((void *)(area + i * PAGE), PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0,
           "mprotect");
    }
  }
  // Tables, so that no run pays for one: pages that no run touches.
  for (unsigned i = RUNS_OF(FAULTS); i < pages; i++) {
    unsigned page = scattered(i);
    if (page % 32 < 2 || pages == REGIONS_SOME) area[page * PAGE] = 1;
  }
}

static void map_single_small(void) { map_area(REGIONS_SOME, 1); }
static void map_some(void) { map_area(REGIONS_SOME, REGIONS_SOME); }
static void map_single_large(void) { map_area(REGIONS_MANY, 1); }
static void map_many(void) { map_area(REGIONS_MANY, REGIONS_MANY); }
static void map_single_largest(void) { map_area(REGIONS_MOST, 1); }
static void map_most(void) { map_area(REGIONS_MOST, REGIONS_MOST); }
static void unmap_area(void) { pages_unmap(area, area_pages); }

static void write_scattered(unsigned number) { area[scattered(number) * PAGE] = 1; }

static void map_and_unmap(unsigned number) {
  (void)number;
  pages_unmap(pages_map(1), 1);
}

// Takes the right to write from one region of one page, and gives it back.
static void protect_scattered(unsigned number) {
  unsigned page = scattered(number);
  int prot = PROT_READ | PROT_WRITE | (page % 2 == 0 ? PROT_EXEC : 0);
  void *at = (void *)(area + page * PAGE);
  must(mprotect(at, PAGE, PROT_READ) == 0, "mprotect");
  must(mprotect(at, PAGE, prot) == 0, "mprotect");
}

// The same to one page of a single region, which becomes three and one again.
static void protect_inside(unsigned number) {
  void *at = (void *)(area + scattered(number) * PAGE);
  must(mprotect(at, PAGE, PROT_READ) == 0, "mprotect");
  must(mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect");
}

static void map_written(size_t pages) {
  area_pages = (unsigned)pages;
  area = pages_map(pages);
  pages_write(area, pages);
}

// So that the next fork finds each page writable.
static void write_again(unsigned number) {
  (void)number;
  pages_write(area, area_pages);
}

static void write_1(void) { map_written(1); }
static void write_64(void) { map_written(64); }
static void write_4096(void) { map_written(4096); }
static void write_65536(void) { map_written(65536); }

static void start_processes(void) {
  char byte;
  must(pipe(release) == 0, "pipe");
  for (unsigned i = 0; i < PROCESSES; i++) {
    child[i] = fork();
    must(child[i] >= 0, "fork");
    if (child[i] > 0) continue;
    close(release[1]);
    read(release[0], &byte, 1);
    _exit(0);
  }
}

static void end_processes(void) {
  close(release[0]);
  close(release[1]);
  for (unsigned i = 0; i < PROCESSES; i++) {
    must(waitpid(child[i], NULL, 0) == child[i], "waitpid");
  }
}

static void start_processes_and_map(void) {
  start_processes();
  map_single_small();
}

static void unmap_and_end_processes(void) {
  unmap_area();
  end_processes();
}

static void fork_and_wait(unsigned number) {
  (void)number;
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  must(pid > 0 && waitpid(pid, NULL, 0) == pid, "fork");
}

const struct operation growth_operations[] = {
    {.key = "fault_1_region_small",
     .runs = FAULTS,
     .setup = map_single_small,
     .run = write_scattered,
     .teardown = unmap_area},
    {.key = "fault_1024_regions",
     .runs = FAULTS,
     .setup = map_some,
     .run = write_scattered,
     .teardown = unmap_area},
    {.key = "fault_1_region",
     .runs = FAULTS,
     .setup = map_single_large,
     .run = write_scattered,
     .teardown = unmap_area},
    {.key = "fault_32768_regions",
     .runs = FAULTS,
     .setup = map_many,
     .run = write_scattered,
     .teardown = unmap_area},
    {.key = "fault_1_region_largest",
     .runs = FAULTS,
     .setup = map_single_largest,
     .run = write_scattered,
     .teardown = unmap_area},
    {.key = "fault_100000_regions",
     .runs = FAULTS,
     .setup = map_most,
     .run = write_scattered,
     .teardown = unmap_area},
    {.key = "mmap_1024_regions",
     .runs = CALLS,
     .setup = map_some,
     .run = map_and_unmap,
     .teardown = unmap_area},
    {.key = "mmap_32768_regions",
     .runs = CALLS,
     .setup = map_many,
     .run = map_and_unmap,
     .teardown = unmap_area},
    {.key = "mmap_100000_regions",
     .runs = CALLS,
     .setup = map_most,
     .run = map_and_unmap,
     .teardown = unmap_area},
    {.key = "mprotect_1_region",
     .runs = CALLS,
     .units = 2,
     .setup = map_single_small,
     .run = protect_inside,
     .teardown = unmap_area},
    {.key = "mprotect_1024_regions",
     .runs = CALLS,
     .units = 2,
     .setup = map_some,
     .run = protect_scattered,
     .teardown = unmap_area},
    {.key = "mprotect_32768_regions",
     .runs = CALLS,
     .units = 2,
     .setup = map_many,
     .run = protect_scattered,
     .teardown = unmap_area},
    {.key = "mprotect_100000_regions",
     .runs = CALLS,
     .units = 2,
     .setup = map_most,
     .run = protect_scattered,
     .teardown = unmap_area},
    {.key = "fork_1",
     .runs = FORKS,
     .setup = write_1,
     .before = write_again,
     .run = fork_and_wait,
     .teardown = unmap_area},
    {.key = "fork_64",
     .runs = FORKS,
     .setup = write_64,
     .before = write_again,
     .run = fork_and_wait,
     .teardown = unmap_area},
    {.key = "fork_4096",
     .runs = FORKS,
     .setup = write_4096,
     .before = write_again,
     .run = fork_and_wait,
     .teardown = unmap_area},
    {.key = "fork_65536",
     .runs = FORKS,
     .setup = write_65536,
     .before = write_again,
     .run = fork_and_wait,
     .teardown = unmap_area},
    {.key = "fault_200_processes",
     .runs = FAULTS,
     .setup = start_processes_and_map,
     .run = write_scattered,
     .teardown = unmap_and_end_processes},
    {.key = "fork_200_processes",
     .runs = CALLS,
     .setup = start_processes,
     .run = fork_and_wait,
     .teardown = end_processes},
    {.key = NULL},
};
