// Exact counts of faults, zeroed and copied pages: that memory is lazy, that fork shares, and that
// files are mapped from the cache, is what they say or it is not true.
#ifndef TESTS_COUNTS_PROBE_H
#define TESTS_COUNTS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsys/quire.h"
#include "tests/harness/cases.h"

#define PAGE 4096ul
#define LEAF (64 * PAGE)  // where the pager's runs and windows end

// In shared memory, so that a child's counts cost no copies and its parent sees them.
struct probe {
  struct pager_counts system_before, system_after;
  struct pager_space_counts before, after;
};

extern struct probe *probe;

// Begins to count. What counting itself touches is touched before.
void probe_begin(void);
void probe_end(void);

// Differences between probe_begin and probe_end: of the caller, and of the whole system.
#define OWN(field) ((long)(probe->after.field - probe->before.field))
#define SYSTEM(field) ((long)(probe->system_after.field - probe->system_before.field))

// All of the caller's.
#define CHECK_COUNTS(faults_expected, zeroed_expected, copied_expected) \
  do {                                                                  \
    CHECK_EQ(OWN(faults), faults_expected);                             \
    CHECK_EQ(OWN(zeroed), zeroed_expected);                             \
    CHECK_EQ(OWN(copied), copied_expected);                             \
  } while (0)

// Anonymous private memory. `start` is the first page of a leaf.
struct area {
  char *whole, *start;
  size_t bytes;
};

bool map_area(struct area *area, size_t pages);
void unmap_area(const struct area *area);

// Writes to, or reads, `count` pages, each `stride` pages from the last.
void write_pages(char *memory, int count, int stride);
int read_pages(const char *memory, int count, int stride);

#endif
