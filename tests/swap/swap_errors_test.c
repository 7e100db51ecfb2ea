// A program larger than memory, over a swap area some sectors of which cannot be written or read.
// With SWAP_READ_ERRORS in the environment, those who need such a sector may get SIGBUS.
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/cases.h"

#define PAGE 4096ul
#define LARGE_PAGES (96ul << 20 >> 12)  // one and a half times memory
#define SMALL_PAGES 256ul

static uint64_t mark(uint64_t page, uint64_t round) { return page * 2654435761u + round; }

// Writes all pages and reads them back, twice.
static bool fill_and_check(uint64_t pages) {
  uint8_t *memory =
      mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  for (uint64_t round = 0; round < 2; ++round) {
    for (uint64_t i = 0; i < pages; ++i) *(uint64_t *)(memory + i * PAGE) = mark(i, round);
    for (uint64_t i = 0; i < pages; ++i) {
      if (*(uint64_t *)(memory + i * PAGE) != mark(i, round)) return false;
    }
  }
  return munmap(memory, pages * PAGE) == 0;
}

static int in_child(uint64_t pages) {
  pid_t child = fork();
  if (child == 0) _exit(fill_and_check(pages) ? 0 : 1);
  int status;
  return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static bool ended_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

// Whether this machine's area has sectors that cannot be read.
static bool may_fail(void) { return getenv("SWAP_READ_ERRORS") != NULL; }

CASE(SwapErrors, NothingIsLost) {
  for (int i = 0; i < 2; ++i) {
    int status = in_child(LARGE_PAGES);
    bool allowed = may_fail() && WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
    if (!ended_well(status) && !allowed) case_failed(__FILE__, __LINE__, "status %x", status);
  }
}

CASE(SwapErrors, OthersGoOn) {
  uint8_t *kept =
      mmap(NULL, SMALL_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(kept != MAP_FAILED);
  CHECK_EQ(mlock(kept, SMALL_PAGES * PAGE), 0);
  for (uint64_t i = 0; i < SMALL_PAGES; ++i) *(uint64_t *)(kept + i * PAGE) = mark(i, 7);
  in_child(LARGE_PAGES);
  for (uint64_t i = 0; i < SMALL_PAGES; ++i) {
    CHECK_EQ(*(uint64_t *)(kept + i * PAGE), mark(i, 7));
  }
  CHECK(ended_well(in_child(SMALL_PAGES)));
  munmap(kept, SMALL_PAGES * PAGE);
}
