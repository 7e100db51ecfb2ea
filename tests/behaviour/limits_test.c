// Limits of memory, and what a process has used.
#define _GNU_SOURCE
#include <sys/resource.h>

#include "tests/behaviour/memory_support.h"
#include "tests/behaviour/support.h"

static int set_soft(int resource, rlim_t soft) {
  struct rlimit limit;
  if (getrlimit(resource, &limit)) return -1;
  limit.rlim_cur = soft;
  return setrlimit(resource, &limit);
}

CASE(Limits, Errors) {
  struct rlimit limit;
  CHECK_ERRNO(getrlimit(-1, &limit), EINVAL);
  CHECK_ERRNO(getrlimit(100, &limit), EINVAL);
  CHECK_EQ(getrlimit(RLIMIT_STACK, &limit), 0);
  CHECK_EQ(setrlimit(RLIMIT_STACK, &limit), 0);
  CHECK_ERRNO(setrlimit(-1, &limit), EINVAL);
  limit.rlim_cur = 2;
  limit.rlim_max = 1;
  CHECK_ERRNO(setrlimit(RLIMIT_AS, &limit), EINVAL);
  CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
  for (int i = 0; i < 10; ++i) {
    CHECK_EQ(getrlimit(i, &limit), 0);
    CHECK(limit.rlim_cur <= limit.rlim_max);
    CHECK_EQ(setrlimit(i, &limit), 0);
  }
}

static void limit_addresses(void *unused) {
  (void)unused;
  char *memory = anonymous(16);
  CHILD_CHECK(memory);
  CHILD_CHECK(set_soft(RLIMIT_AS, PAGE) == 0);
  struct rlimit limit;
  CHILD_CHECK(getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == PAGE);
  errno = 0;
  CHILD_CHECK(mmap(NULL, PAGE, PROT_READ, ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
  errno = 0;
  CHILD_CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
              errno == ENOMEM);
  errno = 0;
  CHILD_CHECK(mremap(memory, 16 * PAGE, 17 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED &&
              errno == ENOMEM);
  CHILD_CHECK(munmap(memory + 8 * PAGE, PAGE) == 0);
  memory[PAGE] = 1;
}

static void limit_data(void *unused) {
  (void)unused;
  CHILD_CHECK(set_soft(RLIMIT_DATA, PAGE) == 0);
  errno = 0;
  CHILD_CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0) == MAP_FAILED &&
              errno == ENOMEM);
  CHILD_CHECK(mmap(NULL, PAGE, PROT_READ, ANONYMOUS, -1, 0) != MAP_FAILED);
  CHILD_CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
              MAP_FAILED);
  errno = 0;
  CHILD_CHECK(sbrk(1 << 20) == (void *)-1 && errno == ENOMEM);
}

// Data is also what becomes writable later.
static void limit_rights(void *unused) {
  (void)unused;
  char *data = anonymous(4);
  char *memory = mmap(NULL, 64 * PAGE, PROT_NONE, ANONYMOUS, -1, 0);
  char *one = mmap(NULL, PAGE, PROT_READ, ANONYMOUS, -1, 0);
  CHILD_CHECK(data && memory != MAP_FAILED && one != MAP_FAILED);
  CHILD_CHECK(mprotect(memory, 2 * PAGE, PROT_READ | PROT_WRITE) == 0);
  memory[0] = memory[PAGE] = 1;
  CHILD_CHECK(set_soft(RLIMIT_DATA, PAGE) == 0);
  errno = 0;
  CHILD_CHECK(mprotect(memory, 64 * PAGE, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
  errno = 0;
  CHILD_CHECK(mprotect(memory + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
  errno = 0;
  CHILD_CHECK(mprotect(one, PAGE, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
  CHILD_CHECK(mprotect(memory, 64 * PAGE, PROT_READ) == 0);
  CHILD_CHECK(memory[PAGE] == 1);
  errno = 0;
  CHILD_CHECK(mprotect(memory, PAGE, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
  CHILD_CHECK(mprotect(data, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
  char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHILD_CHECK(shared != MAP_FAILED && mprotect(shared, PAGE, PROT_READ | PROT_WRITE) == 0);
  CHILD_CHECK(set_soft(RLIMIT_DATA, RLIM_INFINITY) == 0);
  CHILD_CHECK(mprotect(memory, 64 * PAGE, PROT_READ | PROT_WRITE) == 0);
  memory[63 * PAGE] = 1;
}

static int recurse(int depth) {
  volatile char frame[1024];
  frame[0] = (char)depth;
  frame[1023] = 1;
  return depth == 0 ? 0 : recurse(depth - 1) + frame[1023];
}

static void use_stack(void *kib) { CHILD_CHECK(recurse(*(int *)kib) == *(int *)kib); }

static void use_little_stack(void *kib) {
  CHILD_CHECK(set_soft(RLIMIT_STACK, 512 << 10) == 0);
  use_stack(kib);
}

CASE(Limits, AddressSpace) { CHECK_EQ(in_child(limit_addresses, NULL), 0); }
CASE(Limits, Data) { CHECK_EQ(in_child(limit_data, NULL), 0); }
CASE(Limits, RightsThatMakeData) { CHECK_EQ(in_child(limit_rights, NULL), 0); }

CASE(Limits, Stack) {
  int kib = 1024;
  CHECK_EQ(in_child(use_stack, &kib), 0);
  CHECK(killed_by(in_child(use_little_stack, &kib), SIGSEGV));
}

static void check_inherited(void *unused) {
  struct rlimit limit;
  CHILD_CHECK(getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur == 1l << 40);
  if (unused) return;
  CHILD_CHECK(in_child(check_inherited, &limit) == 0);
}

static void set_and_check(void *unused) {
  CHILD_CHECK(set_soft(RLIMIT_DATA, 1l << 40) == 0);
  check_inherited(unused);
}

CASE(Limits, ChildrenInherit) { CHECK_EQ(in_child(set_and_check, NULL), 0); }

CASE(Usage, CountsFaults) {
  struct rusage before, after;
  char *memory = anonymous(64);
  CHECK(memory);
  CHECK_EQ(getrusage(RUSAGE_SELF, &before), 0);
  for (int i = 63; i >= 0; i -= 7) memory[(size_t)i * PAGE] = 1;
  CHECK_EQ(getrusage(RUSAGE_SELF, &after), 0);
  CHECK(after.ru_minflt >= before.ru_minflt + 9);
  CHECK(after.ru_majflt >= before.ru_majflt);
  CHECK(after.ru_maxrss > 0);
  CHECK_ERRNO(getrusage(99, &after), EINVAL);
  munmap(memory, 64 * PAGE);
}

enum { PEAK = 2048 };  // pages: far more than what a system may not have counted yet

static void use_memory(void) {
  char *memory = anonymous(PEAK);
  CHILD_CHECK(memory);
  memset(memory, 1, PEAK * PAGE);
  CHILD_CHECK(munmap(memory, PEAK * PAGE) == 0);
}

static void check_peak(void *unused) {
  (void)unused;
  struct rusage before, after;
  CHILD_CHECK(getrusage(RUSAGE_SELF, &before) == 0);
  use_memory();
  CHILD_CHECK(getrusage(RUSAGE_SELF, &after) == 0);
  CHILD_CHECK(after.ru_maxrss > before.ru_maxrss + PEAK * (long)PAGE / 1024 * 7 / 8);
  use_memory();
  CHILD_CHECK(getrusage(RUSAGE_SELF, &before) == 0);
  CHILD_CHECK(before.ru_maxrss < after.ru_maxrss + PEAK * (long)PAGE / 1024 / 8);
}

CASE(Usage, ThePeakStays) { CHECK_EQ(in_child(check_peak, NULL), 0); }

static void use_in_child(void *unused) {
  (void)unused;
  use_memory();
}

// What children used counts when they were waited for, with what theirs did.
CASE(Usage, OfChildren) {
  struct rusage before, between, after;
  CHECK_EQ(getrusage(RUSAGE_CHILDREN, &before), 0);
  pid_t child = fork();
  if (child == 0) {
    _exit(in_child(use_in_child, NULL));
  }
  CHECK(child > 0);
  CHECK_EQ(getrusage(RUSAGE_CHILDREN, &between), 0);
  CHECK_EQ(between.ru_minflt, before.ru_minflt);
  CHECK_EQ(between.ru_maxrss, before.ru_maxrss);
  int status = -1;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK_EQ(getrusage(RUSAGE_CHILDREN, &after), 0);
  CHECK(after.ru_minflt > before.ru_minflt);
  CHECK(after.ru_majflt >= before.ru_majflt);
  CHECK(after.ru_maxrss > PEAK * (long)PAGE / 1024);
}

CASE(System, TellsThePageSize) {
  CHECK_EQ(sysconf(_SC_PAGESIZE), PAGE);
  CHECK_EQ(getpagesize(), PAGE);
  CHECK(sysconf(_SC_MEMLOCK_RANGE) > 0);
  CHECK(sysconf(_SC_MAPPED_FILES) > 0);
}
