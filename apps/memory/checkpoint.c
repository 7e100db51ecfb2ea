// Four ways to keep a copy of a program's memory as it was at one moment: shows what the primitives
// of libsys/vm.h are for. A bank moves money between accounts; at any moment the sum of all
// accounts is the same, but a copy that is made while the bank works has another one, unless it is
// a checkpoint.
//
//   all     the bank waits while all pages are copied
//   dirty   it waits while those are copied that were written since the last checkpoint (DIRTY)
//   trap    all pages are made read-only and the bank goes on; a page is copied when it is first
//           written to (PROTN, TRAP, UNPROT), the others in the end. Li, Naughton and Plank,
//           Real-Time Concurrent Checkpoint for Parallel Programs, 1990
//   fork    a child that does not work copies the pages; the pager copies what the bank writes to
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/layout.h"
#include "apps/coreutils/common.h"
#include "libsys/quire.h"
#include "libsys/vm.h"

const char program_name[] = "checkpoint";
const char program_help[] =
    "usage: checkpoint [-t]\n"
    "Copies the memory of a working program in four ways, and tells how many pages the program\n"
    "waited for, how many were copied while it went on, and how often it faulted then. -t: and "
    "how\n"
    "many microseconds it waited, and worked.\n";

#define PAGES 256u
#define WRITTEN 16u    // pages that the bank writes to in one go
#define TRANSFERS 64u  // for each of them
#define ACCOUNTS (PAGE_SIZE / sizeof(long))
#define BYTES (PAGES * PAGE_SIZE)

typedef long account_page[ACCOUNTS];

static account_page *bank;
static account_page *copy;            // shared, for fork
static unsigned copied, copied_late;  // pages, of this checkpoint
static unsigned round_number;

static _Noreturn void fail(const char *what) { exit(common_error(what)); }

static account_page *map(int flags) {
  void *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) fail("mmap");
  memset(at, 0, BYTES);
  return at;
}

// --- the bank -----------------------------------------------------------------------------------

// From each account of some pages to the same one of the next.
static void work(void) {
  round_number++;
  for (unsigned i = 0; i < TRANSFERS * WRITTEN; i++) {
    unsigned from = i % WRITTEN, to = (from + 1) % WRITTEN, stride = PAGES / WRITTEN;
    unsigned account = i * 37 % ACCOUNTS, sum = i * round_number % 100;
    bank[(from * stride + round_number) % PAGES][account] -= sum;
    bank[(to * stride + round_number) % PAGES][account] += sum;
  }
}

// Of all accounts and their places.
static unsigned long hash_of(const account_page *pages) {
  unsigned long hash = 0;
  for (unsigned i = 0; i < PAGES; i++) {
    for (unsigned j = 0; j < ACCOUNTS; j++) hash = 31 * hash + (unsigned long)pages[i][j];
  }
  return hash;
}

// --- the ways -----------------------------------------------------------------------------------

static void copy_page(size_t number) { memcpy(copy[number], bank[number], PAGE_SIZE); }

static void all_begin(void) {
  for (copied = 0; copied < PAGES; copied++) copy_page(copied);
}

static void dirty_begin(void) {
  void *page[PAGES];
  long count = vm_dirty(bank, BYTES, page, PAGES);
  if (count < 0) fail("dirty");
  for (copied = 0; copied < count; copied++) {
    copy_page((size_t)((account_page *)page[copied] - bank));
  }
}

static bool is_saved[PAGES];

static void on_trap(void *address, void *context) {
  (void)context;
  size_t number = (size_t)((char *)address - (char *)bank) / PAGE_SIZE;
  copy_page(number);
  is_saved[number] = true;
  copied_late++;
  if (vm_unprot(bank[number])) fail("unprot");
}

static void trap_begin(void) {
  void *page[PAGES];
  for (size_t i = 0; i < PAGES; i++) page[i] = bank[i];
  memset(is_saved, 0, sizeof is_saved);
  if (vm_trap(bank, BYTES, on_trap, NULL)) fail("trap");
  if (vm_protn(page, PAGES, PROT_READ)) fail("protn");
}

static void trap_end(void) {
  for (size_t i = 0; i < PAGES; i++) {
    if (is_saved[i]) continue;
    copy_page(i);
    copied_late++;
  }
  if (mprotect(bank, BYTES, PROT_READ | PROT_WRITE)) fail("mprotect");
  if (vm_trap(bank, BYTES, NULL, NULL)) fail("trap");
}

static pid_t child;

static void fork_begin(void) {
  child = fork();
  if (child < 0) fail("fork");
  if (child > 0) return;
  memcpy(copy, bank, BYTES);
  _exit(0);
}

static void fork_end(void) {
  int status;
  if (waitpid(child, &status, 0) != child || status != 0) fail("child");
  copied_late = PAGES;
}

static void nothing(void) {}

static const struct way {
  const char *name;
  void (*begin)(void);  // the bank waits for it
  void (*end)(void);    // it has worked since
} ways[] = {
    {"all", all_begin, nothing},
    {"dirty", dirty_begin, nothing},
    {"trap", trap_begin, trap_end},
    {"fork", fork_begin, fork_end},
};
#define WAYS (sizeof ways / sizeof ways[0])

// --- figures ------------------------------------------------------------------------------------

static long microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static unsigned long faults(void) {
  struct pager_space_counts counts;
  if (quire_space_counts(0, &counts)) fail("counts");
  return (unsigned long)counts.faults;
}

// Returns whether the copy is that of one moment.
static bool checkpoint(const struct way *way, bool print, bool times) {
  // The last checkpoint, after which the bank can write to all pages.
  for (size_t i = 0; i < PAGES; i++) ((volatile long *)bank[i])[0] += 0;
  all_begin();
  if (vm_dirty(bank, BYTES, NULL, 0) < 0) fail("dirty");
  copied = copied_late = 0;
  work();
  unsigned long then = hash_of(bank);
  long start = microseconds();
  way->begin();
  long waited = microseconds();
  unsigned long before = faults();
  work();
  long worked = microseconds();
  unsigned long faulted = faults() - before;
  way->end();
  if (print) {
    printf("%-6s %3u pages copied at once, %3u later, %2lu faults", way->name, copied, copied_late,
           faulted);
    if (times) printf("; %5ld us, %5ld us", waited - start, worked - waited);
    putchar('\n');
  }
  return hash_of(copy) == then;
}

int main(int argc, char **argv) {
  bool times;
  common_help(argc, argv);
  if (common_flags(argc, argv, "t", &times) != argc) common_usage();
  bank = map(MAP_PRIVATE);
  copy = map(MAP_SHARED);
  printf("%u pages, %u of them written before each checkpoint and after it\n", PAGES, WRITTEN);
  // The first time everything is touched that faults only once.
  for (size_t i = 0; i < 2 * WAYS; i++) {
    if (!checkpoint(&ways[i % WAYS], i >= WAYS, times)) {
      fprintf(stderr, "checkpoint: %s: not that of one moment\n", ways[i % WAYS].name);
      return 1;
    }
  }
  return 0;
}
