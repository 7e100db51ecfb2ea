// How costs grow with the number of regions and of processes.
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
#define PROCESSES 200u
#define STEP 40503u  // odd: the multiples of it reach each page of the area once

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
static void unmap_area(void) { pages_unmap(area, area_pages); }

static void write_scattered(unsigned number) { area[scattered(number) * PAGE] = 1; }

static void map_and_unmap(unsigned number) {
  (void)number;
  pages_unmap(pages_map(1), 1);
}

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
