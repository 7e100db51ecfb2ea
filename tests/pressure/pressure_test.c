// Memory pressure on a machine of 64 MiB with 320 MiB of swap space: what does not fit goes to swap
// and comes back unchanged.
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsys/quire.h"
#include "tests/harness/cases.h"

#define PAGE 4096ul
#define MEMORY (64ul << 20)

static uint64_t *map(uint64_t bytes, int flags) {
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? NULL : at;
}

static uint64_t *word_of(uint64_t *memory, uint64_t page) {
  return memory + page * (PAGE / sizeof(uint64_t)) + page % 500;
}

static void fill(uint64_t *memory, uint64_t pages, uint64_t seed) {
  for (uint64_t i = 0; i < pages; i++) *word_of(memory, i) = seed + i * 0x9e3779b97f4a7c15u;
}

static uint64_t wrong(uint64_t *memory, uint64_t pages, uint64_t seed) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < pages; i++) {
    count += *word_of(memory, i) != seed + i * 0x9e3779b97f4a7c15u;
  }
  return count;
}

// Writes, reads and changes `bytes` of memory.
static void use(uint64_t bytes, int flags) {
  uint64_t pages = bytes / PAGE;
  uint64_t *memory = map(bytes, flags);
  CHECK(memory);
  fill(memory, pages, 1);
  CHECK_EQ(wrong(memory, pages, 1), 0);
  fill(memory, pages, 2);
  CHECK_EQ(wrong(memory, pages, 2), 0);
  munmap(memory, bytes);
}

CASE(Pressure, OneAndAHalfTimesMemory) {
  struct pager_counts before, after;
  CHECK_EQ(quire_counts(&before), 0);
  use(MEMORY + MEMORY / 2, MAP_PRIVATE);
  CHECK_EQ(quire_counts(&after), 0);
  CHECK(after.pages_swapped_out > before.pages_swapped_out);
  CHECK(after.pages_swapped_in > before.pages_swapped_in);
  CHECK_EQ(after.swap_used, before.swap_used);
}

CASE(Pressure, FourTimesMemory) { use(4 * MEMORY, MAP_PRIVATE); }

CASE(Pressure, SharedMemory) { use(MEMORY + MEMORY / 2, MAP_SHARED); }

CASE(Pressure, EveryPolicy) {
  int64_t policy = quire_option(PAGER_POLICY);
  for (uint32_t i = 0; i < PAGER_POLICY_COUNT; i++) {
    CHECK(quire_set_option(PAGER_POLICY, i) >= 0);
    use(MEMORY + MEMORY / 4, MAP_PRIVATE);
  }
  quire_set_option(PAGER_POLICY, (uint32_t)policy);
}

CASE(Pressure, AForkSharesWhatIsInSwap) {
  uint64_t bytes = MEMORY + MEMORY / 2, pages = bytes / PAGE;
  uint64_t *memory = map(bytes, MAP_PRIVATE);
  CHECK(memory);
  fill(memory, pages, 3);
  pid_t child = fork();
  if (child == 0) {
    // Half of it changes here alone.
    fill(memory, pages / 2, 4);
    bool right = wrong(memory, pages / 2, 4) == 0;
    for (uint64_t i = pages / 2; i < pages; i++) {
      right = right && *word_of(memory, i) == 3 + i * 0x9e3779b97f4a7c15u;
    }
    _exit(right ? 0 : 1);
  }
  CHECK(child > 0);
  CHECK_EQ(wrong(memory, pages, 3), 0);
  int status = -1;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK_EQ(wrong(memory, pages, 3), 0);
  munmap(memory, bytes);
}

// In pages, just now; -1 if it cannot be found out.
static int64_t resident(void) {
  struct pager_space_counts counts;
  return quire_space_counts(0, &counts) == 0 ? (int64_t)counts.resident : -1;
}

CASE(Pressure, ALimitedProgramEvictsItsOwnPages) {
  enum { LIMIT = 512, OVER = 64, USED = 4 * LIMIT };
  uint64_t *theirs = map(USED * PAGE, MAP_PRIVATE);
  CHECK(theirs);
  fill(theirs, USED, 7);
  int64_t mine = resident();
  CHECK(mine >= USED);
  pid_t child = fork();
  if (child == 0) {
    if (munmap(theirs, USED * PAGE) != 0) _exit(2);
    int64_t base = resident();
    struct rlimit limit = {LIMIT * PAGE, RLIM_INFINITY};
    uint64_t *memory = map(USED * PAGE, MAP_PRIVATE);
    if (base < 0 || !memory || setrlimit(RLIMIT_RSS, &limit) != 0) _exit(2);
    for (uint64_t seed = 8; seed < 10; seed++) {
      fill(memory, USED, seed);
      if (resident() > base + LIMIT + OVER) _exit(3);
      if (wrong(memory, USED, seed) != 0) _exit(4);
      if (resident() > base + LIMIT + OVER) _exit(5);
    }
    _exit(resident() >= LIMIT / 2 ? 0 : 6);
  }
  CHECK(child > 0);
  int status = -1;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK(resident() >= mine - OVER);
  CHECK_EQ(wrong(theirs, USED, 7), 0);
  munmap(theirs, USED * PAGE);
}

// A child that needs tables for many places: says that it has all, and stays until it is released.
static int spread_out(int ready, int release) {
  enum { PLACES = 16 };
  char byte = 1;
  for (uint64_t i = 0; i < PLACES; i++) {
    uint64_t *at = (uint64_t *)((8 + 3 * i) << 30);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    if (mmap(at, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0) != at) return 2;
    *at = i;
  }
  if (write(ready, &byte, 1) != 1) return 3;
  if (read(release, &byte, 1) != 0) return 4;
  for (uint64_t i = 0; i < PLACES; i++) {
    if (*(uint64_t *)((8 + 3 * i) << 30) != i) return 5;
  }
  return 0;
}

CASE(Pressure, TablesAreHadWhenMemoryIsFull) {
  enum { CHILDREN = 40 };
  uint64_t bytes = MEMORY + MEMORY / 4, pages = bytes / PAGE;
  struct pager_counts before, after;
  pid_t child[CHILDREN];
  int ready[2], release[2], good = 0;
  uint64_t *memory = map(bytes, MAP_PRIVATE);
  CHECK(memory);
  CHECK_EQ(pipe(ready), 0);
  CHECK_EQ(pipe(release), 0);
  fill(memory, pages, 6);
  CHECK_EQ(quire_counts(&before), 0);
  for (int i = 0; i < CHILDREN; i++) {
    child[i] = fork();
    if (child[i] == 0) {
      close(ready[0]);
      close(release[1]);
      _exit(spread_out(ready[1], release[0]));
    }
    CHECK(child[i] > 0);
  }
  close(ready[1]);
  for (char byte; good < CHILDREN && read(ready[0], &byte, 1) == 1;) good++;
  CHECK_EQ(good, CHILDREN);
  CHECK_EQ(quire_counts(&after), 0);
  CHECK(after.frames_tables > before.frames_tables + before.frames_free_kernel);
  close(release[1]);
  for (int i = 0; i < CHILDREN; i++) {
    int status = -1;
    CHECK_EQ(waitpid(child[i], &status, 0), child[i]);
    CHECK_EQ(status, 0);
  }
  close(release[0]);
  close(ready[0]);
  CHECK_EQ(wrong(memory, pages, 6), 0);
  munmap(memory, bytes);
}

CASE(Pressure, TheLargestProgramEndsWhenSwapIsFull) {
  uint64_t bytes = 1ul << 20, pages = bytes / PAGE;
  uint64_t *mine = map(bytes, MAP_PRIVATE);
  CHECK(mine);
  fill(mine, pages, 5);
  pid_t child = fork();
  if (child == 0) {
    uint64_t *memory = map(16 * MEMORY, MAP_PRIVATE);
    if (memory) fill(memory, 16 * MEMORY / PAGE, 6);
    _exit(2);
  }
  CHECK(child > 0);
  int status = 0;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  CHECK_EQ(wrong(mine, pages, 5), 0);
  struct pager_counts counts;
  CHECK_EQ(quire_counts(&counts), 0);
  CHECK(counts.swap_used < counts.swap_slots / 4);
  munmap(mine, bytes);
}
