// Flags of mmap, and ranges of munmap, mprotect and msync that cover several mappings and holes.
#define _GNU_SOURCE
#include "tests/behaviour/memory_support.h"
#include "tests/behaviour/support.h"

static void *const beyond_user = (void *)(1ul << 62);

CASE(MapFlags, ErrorsOfAnonymousMappings) {
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, ANONYMOUS, -1, 1), EINVAL);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0), EINVAL);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0),
              EINVAL);
  CHECK_ERRNO(mmap(beyond_user, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0), ENOMEM);
  CHECK_ERRNO(mmap((void *)~(PAGE - 1), PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0), ENOMEM);
  CHECK_ERRNO(mmap((void *)(4 * PAGE), SIZE_MAX, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0), ENOMEM);
  CHECK_ERRNO(mmap(NULL, 0, PROT_READ, ANONYMOUS | MAP_LOCKED, -1, 0), EINVAL);
}

CASE(MapFlags, ErrorsOfFileMappings) {
  int fd = make_file("memory_errors", 2 * PAGE);
  CHECK(fd >= 0);
  CHECK_ERRNO(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0), EINVAL);
  CHECK_ERRNO(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 1), EINVAL);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, 0, fd, 0), EINVAL);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0), EINVAL);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0), EOPNOTSUPP);
  CHECK_ERRNO(mmap(NULL, SIZE_MAX - PAGE, PROT_READ, MAP_PRIVATE, fd, 0), ENOMEM);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, -(off_t)PAGE), EOVERFLOW);
  char *memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(memory[0], 1);
  munmap(memory, PAGE);
  close(fd);
  scratch("memory_errors");
}

CASE(MapFlags, UnknownOnesAreIgnored) {
  char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | 0x40000000, ANONYMOUS | 1 << 28, -1, 0);
  CHECK(memory != MAP_FAILED);
  memory[0] = 1;
  munmap(memory, PAGE);
  // Nor does the offset of anonymous memory matter.
  memory = mmap(NULL, PAGE, PROT_READ, ANONYMOUS, -1, -(off_t)PAGE);
  CHECK(memory != MAP_FAILED);
  munmap(memory, PAGE);
}

CASE(MapFlags, LengthIsRoundedUp) {
  char *memory = mmap(NULL, PAGE + 1, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  memory[2 * PAGE - 1] = 1;
  CHECK_EQ(munmap(memory + PAGE, 1), 0);
  CHECK(dies_reading(memory + 2 * PAGE - 1));
  CHECK_EQ(memory[PAGE - 1], 0);
  munmap(memory, PAGE);
}

CASE(MapFlags, PopulatedMemoryHasItsContent) {
  char *memory = mmap(NULL, 600 * PAGE, PROT_READ | PROT_WRITE,
                      ANONYMOUS | MAP_POPULATE | MAP_NORESERVE | MAP_STACK, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(is_zero(memory, 600));
  unsigned char in_memory[600];
  CHECK_EQ(mincore(memory, 600 * PAGE, in_memory), 0);
  for (int i = 0; i < 600; ++i) CHECK_EQ(in_memory[i] & 1, 1);
  munmap(memory, 600 * PAGE);
  int fd = make_file("memory_populate", 20 * PAGE + 5);
  CHECK(fd >= 0);
  memory = mmap(NULL, 20 * PAGE, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(is_written(memory, 20, 1));
  munmap(memory, 20 * PAGE);
  memory = mmap(NULL, 24 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  CHECK(memory != MAP_FAILED);  // though not all of it can be had
  CHECK(is_written(memory, 20, 1));
  munmap(memory, 24 * PAGE);
  memory = mmap(NULL, PAGE, PROT_NONE, ANONYMOUS | MAP_POPULATE, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(dies_reading(memory));
  munmap(memory, PAGE);
  close(fd);
  scratch("memory_populate");
}

CASE(MapFlags, FreeHintsAreTaken) {
  char *free_place = hole(8);
  CHECK(free_place);
  CHECK(mmap(free_place + 2 * PAGE, 2 * PAGE, PROT_READ, ANONYMOUS, -1, 0) ==
        free_place + 2 * PAGE);
  char *other = mmap(free_place + PAGE, 2 * PAGE, PROT_READ, ANONYMOUS, -1, 0);
  CHECK(other != MAP_FAILED);
  CHECK(other + 2 * PAGE <= free_place + 2 * PAGE || other >= free_place + 4 * PAGE);
  munmap(free_place + 2 * PAGE, 2 * PAGE);
  munmap(other, 2 * PAGE);
}

CASE(MapFlags, GrowsDownToItsGuard) {
  enum { PAGES = 2048 };
  char *area = hole(PAGES);
  CHECK(area);
  char *top = area + (PAGES - 1) * PAGE;
  CHECK(mmap(top, PAGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0) ==
        top);
  top[-1] = 1;
  top[-(long)(20 * PAGE)] = 2;
  CHECK_EQ(top[-1] + top[-(long)(20 * PAGE)], 3);
  CHECK_EQ(top[-(long)(10 * PAGE)], 0);
  CHECK_EQ(mprotect(top, PAGE, PROT_READ | PROT_GROWSDOWN), 0);
  CHECK(dies_writing(top - 1));
  CHECK(dies_writing(top - 20 * PAGE));
  CHECK_EQ(top[-1], 1);
  // Something below it is not run into.
  char *below = top - 400 * PAGE;
  CHECK(mmap(below, PAGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_FIXED, -1, 0) == below);
  CHECK_EQ(mprotect(top, PAGE, PROT_READ | PROT_WRITE | PROT_GROWSDOWN), 0);
  CHECK(dies_writing(below + PAGE));
  munmap(area, PAGES * PAGE);
}

// --- munmap, mprotect, msync --------------------------------------------------------------------

// Memory that is written in one go, so much that systems with large pages use them.
#define LARGE_PAGES 2048u  // 8 MiB

static int number_at(const char *memory, size_t page) {
  return *(const int *)(memory + page * PAGE);
}

static char *long_run(void) {
  char *area = mmap(NULL, LARGE_PAGES * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return NULL;
  for (size_t i = 0; i < LARGE_PAGES; ++i) *(int *)(area + i * PAGE) = (int)i + 1;
  return area;
}

static int is_long_run(const char *area, size_t from, size_t to) {
  for (size_t i = from; i < to; ++i)
    if (number_at(area, i) != (int)i + 1) return 0;
  return 1;
}

CASE(LongRun, PartsAreProtectedAndRemoved) {
  char *area = long_run();
  CHECK(area);
  CHECK(is_long_run(area, 0, LARGE_PAGES));
  CHECK_EQ(mprotect(area + 700 * PAGE, 10 * PAGE, PROT_READ), 0);
  CHECK(dies_writing(area + 705 * PAGE));
  *(int *)(area + 699 * PAGE) = 700;
  CHECK_EQ(munmap(area + 1500 * PAGE, 100 * PAGE), 0);
  CHECK(dies_reading(area + 1550 * PAGE));
  CHECK(is_long_run(area, 0, 1500));
  CHECK(is_long_run(area, 1600, LARGE_PAGES));
  CHECK_EQ(munmap(area, LARGE_PAGES * PAGE), 0);
}

CASE(LongRun, IsSharedByFork) {
  char *area = long_run();
  CHECK(area);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    for (size_t i = 0; i < LARGE_PAGES; i += 100) *(int *)(area + i * PAGE) = -1;
    for (size_t i = 0; i < LARGE_PAGES; ++i)
      if (number_at(area, i) != (i % 100 ? (int)i + 1 : -1)) _exit(1);
    _exit(0);
  }
  for (size_t i = 50; i < LARGE_PAGES; i += 100) *(int *)(area + i * PAGE) = (int)i + 1;
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK(is_long_run(area, 0, LARGE_PAGES));
  CHECK_EQ(munmap(area, LARGE_PAGES * PAGE), 0);
}

CASE(UnmapRange, CoversMappingsAndHoles) {
  char *memory = written(8, MAP_PRIVATE);
  CHECK(memory);
  CHECK_EQ(munmap(memory + 3 * PAGE, PAGE), 0);
  CHECK_EQ(mprotect(memory + 5 * PAGE, PAGE, PROT_READ), 0);
  CHECK_EQ(munmap(memory + PAGE, 6 * PAGE), 0);
  for (int i = 1; i < 7; ++i) CHECK(dies_reading(memory + (size_t)i * PAGE));
  CHECK(is_written(memory, 1, 1));
  CHECK(is_written(memory + 7 * PAGE, 1, 8));
  munmap(memory, 8 * PAGE);
}

CASE(UnmapRange, Errors) {
  CHECK_ERRNO(munmap(beyond_user, PAGE), EINVAL);
  CHECK_ERRNO(munmap((void *)PAGE, SIZE_MAX), EINVAL);
  CHECK_ERRNO(munmap((void *)~(PAGE - 1), 2 * PAGE), EINVAL);
  CHECK_EQ(munmap(NULL, PAGE), 0);
}

CASE(ProtectRange, Errors) {
  char *memory = written(2, MAP_PRIVATE);
  CHECK(memory);
  CHECK_ERRNO(mprotect(memory + 1, PAGE, PROT_READ), EINVAL);
  CHECK_ERRNO(mprotect(memory + 1, 0, PROT_READ), EINVAL);
  CHECK_ERRNO(mprotect(memory, PAGE, 0x40), EINVAL);
  CHECK_EQ(mprotect(memory, 0, 0x40), 0);
  CHECK_ERRNO(mprotect(memory, SIZE_MAX - 2 * PAGE, PROT_READ), ENOMEM);
  CHECK_ERRNO(mprotect(memory, SIZE_MAX & ~(PAGE - 1), PROT_READ), ENOMEM);
  CHECK_ERRNO(mprotect(beyond_user, PAGE, PROT_READ), ENOMEM);
  CHECK_ERRNO(mprotect(memory, PAGE, PROT_READ | PROT_GROWSDOWN), EINVAL);
  CHECK_ERRNO(mprotect(memory, PAGE, PROT_READ | PROT_GROWSUP), EINVAL);
  CHECK_ERRNO(mprotect(memory, PAGE, PROT_READ | PROT_GROWSUP | PROT_GROWSDOWN), EINVAL);
  CHECK_ERRNO(mprotect(memory - PAGE, 2 * PAGE, PROT_READ), ENOMEM);
  memory[0] = 9;
  munmap(memory, 2 * PAGE);
}

CASE(ProtectRange, ChangesWhatIsInFrontOfAHole) {
  char *memory = written(4, MAP_PRIVATE);
  CHECK(memory);
  munmap(memory + 2 * PAGE, PAGE);
  CHECK_ERRNO(mprotect(memory + PAGE, 3 * PAGE, PROT_READ), ENOMEM);
  memory[0] = 1;
  CHECK(dies_writing(memory + PAGE));
  memory[3 * PAGE] = 4;
  CHECK(is_written(memory, 2, 1));
  munmap(memory, 4 * PAGE);
}

CASE(ProtectRange, ManyPiecesBecomeOneAgain) {
  enum { PAGES = 64 };
  char *memory = written(PAGES, MAP_PRIVATE);
  CHECK(memory);
  for (size_t i = 0; i < PAGES; i += 2) CHECK_EQ(mprotect(memory + i * PAGE, PAGE, PROT_READ), 0);
  for (size_t i = 1; i < PAGES; i += 8) memory[i * PAGE] = (char)(i + 1);
  CHECK(dies_writing(memory + 2 * PAGE));
  CHECK_EQ(mprotect(memory, PAGES * PAGE, PROT_READ | PROT_WRITE), 0);
  CHECK(is_written(memory, PAGES, 1));
  memset(memory, 7, PAGES * PAGE);
  munmap(memory, PAGES * PAGE);
}

CASE(SyncRange, Errors) {
  char *memory = written(3, MAP_PRIVATE);
  CHECK(memory);
  CHECK_ERRNO(msync(memory, PAGE, 8), EINVAL);
  CHECK_ERRNO(msync(memory, PAGE, MS_ASYNC | MS_SYNC), EINVAL);
  CHECK_ERRNO(msync(memory + 1, PAGE, MS_SYNC), EINVAL);
  CHECK_ERRNO(msync(memory, SIZE_MAX & ~(PAGE - 1), MS_SYNC), ENOMEM);
  CHECK_EQ(msync(memory, 0, MS_SYNC), 0);
  CHECK_EQ(msync(memory, PAGE, 0), 0);
  CHECK_EQ(msync(memory, PAGE, MS_INVALIDATE), 0);
  munmap(memory + PAGE, PAGE);
  CHECK_ERRNO(msync(memory, 3 * PAGE, MS_ASYNC), ENOMEM);
  CHECK_ERRNO(msync(memory + PAGE, PAGE, MS_SYNC), ENOMEM);
  munmap(memory, 3 * PAGE);
}

CASE(SyncRange, StoresOnBothSidesOfAHole) {
  int fd = make_file("memory_sync", 3 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  memory[0] = memory[2 * PAGE] = 55;
  munmap(memory + PAGE, PAGE);
  CHECK_ERRNO(msync(memory, 3 * PAGE, MS_SYNC), ENOMEM);
  char byte = 0;
  CHECK_EQ(pread(fd, &byte, 1, 2 * PAGE), 1);
  CHECK_EQ(byte, 55);
  munmap(memory, 3 * PAGE);
  close(fd);
  scratch("memory_sync");
}
