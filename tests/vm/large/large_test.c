// Random calls on ranges that are long enough for 2 MiB mappings, with parts that are taken out,
// protected, discarded, moved and written to after fork. Of each page the model knows one number,
// which is in its first and its last word; 0 if it was never written to.
// For mremap.
#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/cases.h"
#include "tests/vm/features.h"
#include "tests/vm/random.h"

#define PAGE 4096ul
#define ARENA 0x3400000000ul  // no system puts anything there by itself
#define PAGES 3072u           // 6 aligned runs of 2 MiB
#define RUN_MAX 1500u

enum { STEPS = 150, FORKS_MAX = 3 };

struct model {
  uint32_t stamp[PAGES];
  uint8_t mapped[PAGES], writable[PAGES];
  bool shared;
};

static struct model model;
static struct random rng;
static uint32_t next_stamp, depth, step;
static const char *doing;

static char *address_of(uint32_t page) { return (char *)ARENA + page * PAGE; }

static bool wrong(uint32_t page, const char *what) {
  char text[120];
  snprintf(text, sizeof text, "step %u, %s, depth %u: page %u: %s, errno %d", (unsigned)step, doing,
           (unsigned)depth, (unsigned)page, what, errno);
  if (depth) printf("%s\n", text);
  case_failed(__FILE__, __LINE__, "%s", text);
  return false;
}

static bool check(uint32_t first, uint32_t count) {
  for (uint32_t page = first; page < first + count; page++) {
    if (!model.mapped[page]) continue;
    const volatile uint32_t *words = (uint32_t *)address_of(page);
    if (words[0] != model.stamp[page]) return wrong(page, "first word");
    if (words[PAGE / 4 - 1] != model.stamp[page]) return wrong(page, "last word");
  }
  return true;
}

static bool fill(uint32_t first, uint32_t count) {
  for (uint32_t page = first; page < first + count; page++) {
    if (!model.mapped[page] || !model.writable[page]) continue;
    volatile uint32_t *words = (uint32_t *)address_of(page);
    if (words[0] != model.stamp[page]) return wrong(page, "before it is written");
    model.stamp[page] = ++next_stamp;
    words[0] = words[PAGE / 4 - 1] = model.stamp[page];
  }
  return true;
}

static bool map(uint32_t first, uint32_t count) {
  int flags = MAP_ANONYMOUS | MAP_FIXED | (model.shared ? MAP_SHARED : MAP_PRIVATE);
  if (mmap(address_of(first), count * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) {
    return wrong(first, "mmap");
  }
  for (uint32_t page = first; page < first + count; page++) {
    model.mapped[page] = model.writable[page] = 1;
    model.stamp[page] = 0;
  }
  return true;
}

static bool unmap(uint32_t first, uint32_t count) {
  if (munmap(address_of(first), count * PAGE)) return wrong(first, "munmap");
  memset(model.mapped + first, 0, count);
  return true;
}

// Pages from `first` on that are mapped, `most` at most.
static uint32_t mapped_run(uint32_t first, uint32_t most) {
  uint32_t count = 0;
  while (count < most && model.mapped[first + count]) count++;
  return count;
}

static bool protect(uint32_t first, uint32_t most) {
  uint32_t count = mapped_run(first, most);
  int writable = (int)random_below(&rng, 2);
  int prot = PROT_READ | (writable ? PROT_WRITE : 0);
  if (count == 0) return true;
  if (mprotect(address_of(first), count * PAGE, prot)) return wrong(first, "mprotect");
  memset(model.writable + first, writable, count);
  return true;
}

#if HAVE_MADVISE
static bool discard(uint32_t first, uint32_t most) {
  uint32_t count = mapped_run(first, most);
  if (count == 0) return true;
  if (madvise(address_of(first), count * PAGE, MADV_DONTNEED)) return wrong(first, "madvise");
  if (!model.shared) memset(model.stamp + first, 0, count * sizeof model.stamp[0]);
  return true;
}
#endif

#if HAVE_MREMAP
// Only what one mmap of the whole has made can be sure to be one to mremap: it is mapped anew.
static bool move(uint32_t first, uint32_t count) {
  uint32_t to = random_below(&rng, PAGES - count + 1);
  if (to < first + count && first < to + count) return true;
  if (!map(first, count) || !fill(first, count)) return false;
  void *moved = mremap(address_of(first), count * PAGE, count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                       address_of(to));
  if (moved != address_of(to)) return wrong(first, "mremap");
  memcpy(model.stamp + to, model.stamp + first, count * sizeof model.stamp[0]);
  memset(model.mapped + to, 1, count);
  memset(model.writable + to, 1, count);
  memset(model.mapped + first, 0, count);
  return check(to, count);
}
#endif

static bool go_on(uint32_t steps);

// The child goes on with the same memory, the parent waits and must not see what it has written;
// shared memory is not looked at by the child alone, so there it only reads.
static bool fork_and_check(void) {
  if (depth == FORKS_MAX) return true;
  fflush(stdout);
  pid_t pid = fork();
  if (pid < 0) return wrong(0, "fork");
  if (pid == 0) {
    depth++;
    bool ok = check(0, PAGES) && (model.shared || go_on(12)) && check(0, PAGES);
    fflush(stdout);
    _exit(ok ? 0 : 1);
  }
  int status;
  if (waitpid(pid, &status, 0) != pid || status != 0) return wrong(0, "a child");
  return check(0, PAGES);
}

static bool one_step(void) {
  uint32_t most = random_chance(&rng, 50) ? RUN_MAX : 40;
  uint32_t count = 1 + random_below(&rng, most), first = random_below(&rng, PAGES - count + 1);
  if (random_chance(&rng, 40)) {
    // As mappings of 2 MiB are.
    first &= ~511u;
    if (random_chance(&rng, 50)) count = 512 * (1 + random_below(&rng, 2));
    if (first + count > PAGES) count = PAGES - first;
  }
  switch (random_below(&rng, 16)) {
    case 0:
      return doing = "map", map(first, count);
    case 1:
      return doing = "unmap", unmap(first, count);
    case 2:
    case 3:
      return doing = "protect", protect(first, count);
#if HAVE_MADVISE
    case 4:
      return doing = "discard", discard(first, count);
#endif
#if HAVE_MREMAP
    case 5:
      return doing = "move", move(first, count);
#endif
    case 6:
      return doing = "fork", fork_and_check();
    case 7:
    case 8:
    case 9:
      return doing = "check", check(first, count);
    default:
      return doing = "fill", fill(first, count);
  }
}

static bool go_on(uint32_t steps) {
  for (uint32_t i = 0; i < steps; i++) {
    if (depth == 0) step = i;
    if (!one_step()) return false;
  }
  return true;
}

static void exercise(uint32_t seed, bool shared) {
  memset(&model, 0, sizeof model);
  model.shared = shared;
  rng.state = seed;
  next_stamp = depth = step = 0;
  doing = "start";
  if (map(0, PAGES) && go_on(STEPS)) check(0, PAGES);
  munmap(address_of(0), PAGES * PAGE);
}

CASE(Large, PrivateMemory) {
  for (uint32_t seed = 1; seed <= 4 && !case_has_failed(); seed++) exercise(seed, false);
}

CASE(Large, SharedMemory) {
  for (uint32_t seed = 11; seed <= 12 && !case_has_failed(); seed++) exercise(seed, true);
}
