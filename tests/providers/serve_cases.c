// Programs as pagers: what a fault costs, and what a provider waits for.
#include <errno.h>
#include <quire/memory_object.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/stats.h"
#include "libsys/quire.h"
#include "tests/harness/cases.h"
#include "tests/providers/provider.h"

#define BOUND 5000u

// --- the short way ------------------------------------------------------------------------------

// The trap, the pager's answer to the provider, the provider's to the pager, the pager's to the
// faulter. Without the short way the pager makes two calls each time.
#define ENTRIES_SHORT 4u
#define FAULTS 24u

// The two counters are read one after the other: with as many interrupts before and after, none
// came between.
static uint64_t entries(void) {
  struct pager_counts counts;
  uint64_t interrupts;
  if (quire_counts(&counts) != 0) return 0;
  do {
    interrupts = counts.kernel[STAT_INTERRUPTS];
    if (quire_counts(&counts) != 0) return 0;
  } while (counts.kernel[STAT_INTERRUPTS] != interrupts);
  return counts.kernel[STAT_ENTRIES] - interrupts;
}

// What asking costs at least: others may do something meanwhile.
static uint64_t entries_of_asking(void) {
  uint64_t least = ~0ull;
  for (uint32_t i = 0; i < 8; i++) {
    uint64_t before = entries(), asked = entries() - before;
    if (asked < least) least = asked;
  }
  return least;
}

// How often the kernel is entered while every other page is read, from behind. The last one read
// before has made the page table.
static uint64_t entries_of_reading(volatile unsigned char *map) {
  (void)map[(2 * FAULTS + 1) * PAGE];
  uint64_t asking = entries_of_asking(), before = entries();
  for (size_t i = FAULTS; i-- > 0;) {
    if (map[(2 * i + 1) * PAGE] != 2 * i + 2) return 0;
  }
  return entries() - before - asking;
}

// Something else may happen besides, but not with every fault.
#define CHECK_SHORT(count)                          \
  do {                                              \
    uint64_t entered = count;                       \
    CHECK(entered >= ENTRIES_SHORT * FAULTS);       \
    CHECK(entered < (ENTRIES_SHORT + 1u) * FAULTS); \
  } while (0)

CASE(Serve, LonePagesTakeFourKernelEntries) {
  struct provider provider;
  CHECK(provider_start(&provider, GOOD, BOUND));
  CHECK_SHORT(entries_of_reading(provider.map));
  provider_end(&provider);
}

CASE(Serve, AlsoNextToOthers) {
  struct provider provider;
  CHECK(provider_start(&provider, GOOD, BOUND));
  for (size_t i = 0; i < PAGES; i += 2) CHECK_EQ(provider.map[i * PAGE], i + 1);
  CHECK_SHORT(entries_of_reading(provider.map));
  provider_end(&provider);
}

CASE(Serve, AlsoThroughPrivateMappings) {
  struct provider provider;
  CHECK(provider_start(&provider, GOOD, BOUND));
  volatile unsigned char *map =
      mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, provider.fd, 0);
  CHECK(map != MAP_FAILED);
  CHECK_SHORT(entries_of_reading(map));
  map[PAGE] = 99;
  CHECK_EQ(map[PAGE], 99);
  CHECK_EQ(provider.map[PAGE], 2);
  CHECK_EQ(munmap((void *)map, PAGES * PAGE), 0);
  provider_end(&provider);
}

// --- signals ------------------------------------------------------------------------------------

static volatile sig_atomic_t taken;

static void on_signal(int number) {
  (void)number;
  taken++;
}

static void handle(int number, int flags) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
  sigaction(number, &action, NULL);
}

// Page n of the object begins with byte n.
static int serve(struct memory_request *request) {
  if (request->op == MEMORY_PAGE_IN) {
    for (uint32_t i = 0; i < request->count; i++) {
      ((unsigned char *)request->data)[i * PAGE] = (unsigned char)(request->page + i);
    }
  }
  request->error = 0;
  return memory_object_serve(request);
}

// Reads a page, whose answer the provider has given when it waits again; then signals it.
static bool read_and_signal(const volatile unsigned char *map, size_t page, int number) {
  return map[page * PAGE] == page && kill(getppid(), number) == 0;
}

CASE(Serve, IsInterruptedBySignals) {
  struct memory_request request = {0};
  uint64_t object;
  int status;
  handle(SIGUSR1, 0);
  handle(SIGUSR2, SA_RESTART);
  int fd = memory_object_create(NULL, PAGES * PAGE, BOUND, &object);
  CHECK(fd >= 0);
  pid_t child = fork();
  if (child == 0) {
    const volatile unsigned char *map = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    if (!read_and_signal(map, 4, SIGUSR1) || !read_and_signal(map, 14, SIGUSR2)) _exit(1);
    _exit(map[24 * PAGE]);
  }
  CHECK_EQ(serve(&request), 0);
  CHECK_EQ(request.page, 4);
  CHECK_EQ(serve(&request), -1);  // page 4 is answered all the same: the child has read it
  CHECK_EQ(errno, EINTR);
  CHECK_EQ(request.op, MEMORY_NOTHING);
  CHECK_EQ(taken, 1);
  CHECK_EQ(serve(&request), 0);
  CHECK_EQ(request.page, 14);
  CHECK_EQ(serve(&request), 0);  // SA_RESTART: waits on
  CHECK_EQ(request.page, 24);
  CHECK_EQ(taken, 2);
  *(unsigned char *)request.data = 24;
  CHECK_EQ(memory_object_poll(&request), -1);
  CHECK_EQ(errno, EAGAIN);
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 24);
  close(fd);
}
