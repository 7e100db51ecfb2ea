// Swap areas that come and go while their pages are needed; shared memory that is swapped.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsys/quire.h"
#include "tests/harness/cases.h"

#define PAGE 4096ul
#define DISK "/dev/vdb"
#define LARGE_PAGES (80ul << 20 >> 12)  // more than memory
#define KEPT_PAGES (16ul << 20 >> 12)   // of them

static uint64_t mark(uint64_t page) { return page * 2654435761u + 1; }

static uint8_t *map_large(int flags, int fd) {
  uint8_t *memory = mmap(NULL, LARGE_PAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static void fill(uint8_t *memory, uint64_t pages) {
  for (uint64_t i = 0; i < pages; ++i) *(uint64_t *)(memory + i * PAGE) = mark(i);
}

static bool check(const uint8_t *memory, uint64_t pages) {
  for (uint64_t i = 0; i < pages; ++i) {
    if (*(const uint64_t *)(memory + i * PAGE) != mark(i)) return false;
  }
  return true;
}

// Pages of the other programs, such as the shell.
#define OTHERS_KIB 4096

// KiB of swap space in use.
static long used(void) {
  char line[256];
  long sum = 0, kib;
  FILE *file = fopen("/proc/swaps", "r");
  if (!file) return -1;
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "%*s %*s %*d %ld", &kib) == 1) sum += kib;
  }
  fclose(file);
  return sum;
}

CASE(SwapAreas, AreUsedAndGivenBack) {
  CHECK(used() < OTHERS_KIB);
  uint8_t *memory = map_large(MAP_PRIVATE | MAP_ANONYMOUS, -1);
  CHECK(memory);
  fill(memory, LARGE_PAGES);
  CHECK(used() > 16 << 10);
  CHECK(check(memory, LARGE_PAGES));
  munmap(memory, LARGE_PAGES * PAGE);
  CHECK(used() < OTHERS_KIB);
}

CASE(SwapAreas, CannotGoWhileTheirPagesFitNowhere) {
  uint8_t *memory = map_large(MAP_PRIVATE | MAP_ANONYMOUS, -1);
  CHECK(memory);
  fill(memory, LARGE_PAGES);
  errno = 0;
  CHECK_EQ(swapoff(DISK), -1);
  CHECK_EQ(errno, ENOMEM);
  CHECK(check(memory, LARGE_PAGES));
  munmap(memory, LARGE_PAGES * PAGE);
}

CASE(SwapAreas, GiveTheirPagesBackWhenTheyGo) {
  uint8_t *memory = map_large(MAP_PRIVATE | MAP_ANONYMOUS, -1);
  CHECK(memory);
  fill(memory, LARGE_PAGES);
  munmap(memory + KEPT_PAGES * PAGE, (LARGE_PAGES - KEPT_PAGES) * PAGE);
  pid_t child = fork();
  if (child == 0) _exit(check(memory, KEPT_PAGES) ? 0 : 1);
  CHECK(child > 0);
  CHECK_EQ(swapoff(DISK), 0);
  CHECK_EQ(used(), 0);
  CHECK(check(memory, KEPT_PAGES));
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  munmap(memory, KEPT_PAGES * PAGE);
  errno = 0;
  CHECK_EQ(swapoff(DISK), -1);
  CHECK_EQ(errno, EINVAL);
  CHECK_EQ(swapon(DISK, 0), 0);
  errno = 0;
  CHECK_EQ(swapon(DISK, 0), -1);
  CHECK_EQ(errno, EBUSY);
}

// Memory that was freed is dropped, not written: reading all of it needs nothing from swap.
CASE(SwapAreas, DoNotGetWhatWasFreed) {
  uint8_t *memory = map_large(MAP_PRIVATE | MAP_ANONYMOUS, -1);
  CHECK(memory);
  fill(memory, KEPT_PAGES);
  CHECK_EQ(madvise(memory, KEPT_PAGES * PAGE, MADV_FREE), 0);
  *(uint64_t *)memory = mark(1);
  fill(memory + KEPT_PAGES * PAGE, LARGE_PAGES - KEPT_PAGES);
  struct pager_counts before, after;
  CHECK_EQ(quire_counts(&before), 0);
  for (uint64_t i = 0; i < KEPT_PAGES; ++i) {
    uint64_t seen = *(uint64_t *)(memory + i * PAGE);
    CHECK(i == 0 ? seen == mark(1) : seen == mark(i) || seen == 0);
  }
  CHECK_EQ(quire_counts(&after), 0);
  // The one that was written, as much as is mapped with it, and pages of the program.
  CHECK(after.pages_swapped_in - before.pages_swapped_in < KEPT_PAGES / 2);
  munmap(memory, LARGE_PAGES * PAGE);
}

static bool all_resident(void *memory, uint64_t pages) {
  unsigned char there[KEPT_PAGES];
  if (mincore(memory, pages * PAGE, there) != 0) return false;
  for (uint64_t i = 0; i < pages; ++i) {
    if (!(there[i] & 1)) return false;
  }
  return true;
}

// Pages that will be needed come back though nobody touches them.
CASE(SwapAreas, GiveBackWhatWillBeNeeded) {
  enum { WANTED = 64 };
  uint8_t *memory = map_large(MAP_PRIVATE | MAP_ANONYMOUS, -1);
  CHECK(memory);
  fill(memory, LARGE_PAGES);
  CHECK(!all_resident(memory, WANTED));
  munmap(memory + KEPT_PAGES * PAGE, (LARGE_PAGES - KEPT_PAGES) * PAGE);
  while (!all_resident(memory, WANTED)) {
    CHECK_EQ(madvise(memory, WANTED * PAGE, MADV_WILLNEED), 0);
  }
  CHECK(check(memory, KEPT_PAGES));
  munmap(memory, KEPT_PAGES * PAGE);
}

CASE(SwapAreas, TakeSharedMemory) {
  int fd = memfd_create("large", 0);
  CHECK(fd >= 0);
  CHECK_EQ(ftruncate(fd, (off_t)(LARGE_PAGES * PAGE)), 0);
  uint8_t *memory = map_large(MAP_SHARED, fd);
  CHECK(memory);
  fill(memory, LARGE_PAGES);
  CHECK(used() > 0);
  CHECK(check(memory, LARGE_PAGES));
  // By read, and from another process.
  uint64_t word = 0;
  CHECK_EQ(pread(fd, &word, sizeof word, 5 * PAGE), (ssize_t)sizeof word);
  CHECK(word == mark(5));
  pid_t child = fork();
  if (child == 0) _exit(check(memory, LARGE_PAGES) ? 0 : 1);
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  // Cut off while pages are on their way.
  fill(memory, LARGE_PAGES);
  CHECK_EQ(ftruncate(fd, (off_t)(KEPT_PAGES * PAGE)), 0);
  CHECK(check(memory, KEPT_PAGES));
  CHECK_EQ(ftruncate(fd, (off_t)(LARGE_PAGES * PAGE)), 0);
  for (uint64_t i = KEPT_PAGES; i < LARGE_PAGES; i += 100) CHECK_EQ(memory[i * PAGE], 0);
  munmap(memory, LARGE_PAGES * PAGE);
  close(fd);
  CHECK(used() < OTHERS_KIB);
}
