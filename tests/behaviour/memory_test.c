// What else can be done with mappings: flags of mmap, mremap, madvise, mlock, mincore, limits.
#define _GNU_SOURCE
#include <sys/resource.h>

#include "tests/behaviour/support.h"

#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static void *const beyond_user = (void *)(1ul << 62);

// `pages` pages of memory, page i filled with i + 1, and an unmapped page on both sides.
static char *written(size_t pages, int flags) {
  char *area = mmap(NULL, (pages + 2) * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return NULL;
  munmap(area, PAGE);
  munmap(area + (pages + 1) * PAGE, PAGE);
  for (size_t i = 0; i < pages; ++i) memset(area + (i + 1) * PAGE, (int)(i + 1), PAGE);
  return area + PAGE;
}

// Whether page i has the bytes first + i.
static int is_written(const char *memory, size_t pages, int first) {
  for (size_t i = 0; i < pages; ++i) {
    if (memory[i * PAGE] != first + (int)i || memory[i * PAGE + PAGE - 1] != first + (int)i)
      return 0;
  }
  return 1;
}

static int is_zero(const char *memory, size_t pages) {
  for (size_t i = 0; i < pages * PAGE; i += 8) {
    if (memory[i]) return 0;
  }
  return 1;
}

// An unmapped range of so many pages.
static char *hole(size_t pages) {
  char *area = mmap(NULL, pages * PAGE, PROT_NONE, ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return NULL;
  munmap(area, pages * PAGE);
  return area;
}

static int dies_reading(char *address) { return killed_by(in_child(read_byte, address), SIGSEGV); }

static int dies_writing(char *address) { return killed_by(in_child(write_byte, address), SIGSEGV); }

// --- mmap ---------------------------------------------------------------------------------------

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

// --- mremap -------------------------------------------------------------------------------------

#define MOVE MREMAP_MAYMOVE
#define FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)

CASE(Remap, Errors) {
  char *memory = written(4, MAP_PRIVATE);
  char *other = hole(8);
  CHECK(memory && other);
  CHECK_ERRNO(mremap(memory, 4 * PAGE, 8 * PAGE, 8), EINVAL);
  CHECK_ERRNO(mremap(memory, 4 * PAGE, 8 * PAGE, MREMAP_FIXED, other), EINVAL);
  CHECK_ERRNO(mremap(memory, 4 * PAGE, 4 * PAGE, MREMAP_DONTUNMAP), EINVAL);
  CHECK_ERRNO(mremap(memory, 4 * PAGE, 5 * PAGE, MOVE | MREMAP_DONTUNMAP), EINVAL);
  CHECK_ERRNO(mremap(memory + 1, 4 * PAGE, 8 * PAGE, MOVE), EINVAL);
  CHECK_ERRNO(mremap(memory, 4 * PAGE, 0, MOVE), EINVAL);
  CHECK_ERRNO(mremap(memory, 0, 4 * PAGE, MOVE), EINVAL);
  CHECK_ERRNO(mremap(other, 4 * PAGE, 8 * PAGE, MOVE), EFAULT);
  CHECK_ERRNO(mremap(memory, 5 * PAGE, 8 * PAGE, MOVE), EFAULT);
  CHECK_ERRNO(mremap(memory, 4 * PAGE, 4 * PAGE, FIXED, other + 1), EINVAL);
  CHECK_ERRNO(mremap(memory, 4 * PAGE, 4 * PAGE, FIXED, memory + 2 * PAGE), EINVAL);
  CHECK_ERRNO(mremap(memory, 4 * PAGE, 4 * PAGE, FIXED, memory), EINVAL);
  CHECK_ERRNO(mremap(memory, 4 * PAGE, 4 * PAGE, FIXED, beyond_user), EINVAL);
  CHECK(mremap(memory, 4 * PAGE, 1ul << 50, MOVE) == MAP_FAILED);
  CHECK(errno == EINVAL || errno == ENOMEM);  // the former since Linux 6.17
  CHECK(is_written(memory, 4, 1));
  munmap(memory, 4 * PAGE);
}

CASE(Remap, ShrinksAndGrows) {
  char *memory = written(6, MAP_PRIVATE);
  CHECK(memory);
  CHECK(mremap(memory, 6 * PAGE, 6 * PAGE, 0) == memory);
  CHECK(mremap(memory, 6 * PAGE, 2 * PAGE, 0) == memory);
  CHECK(is_written(memory, 2, 1));
  CHECK(dies_reading(memory + 2 * PAGE));
  CHECK(mremap(memory, 2 * PAGE, 5 * PAGE, 0) == memory);
  CHECK(is_written(memory, 2, 1));
  CHECK(is_zero(memory + 2 * PAGE, 3));
  // In the middle of a mapping there is no room.
  CHECK_ERRNO(mremap(memory, 2 * PAGE, 3 * PAGE, 0), ENOMEM);
  munmap(memory, 5 * PAGE);
}

CASE(Remap, MovesWhereThereIsNoRoom) {
  char *memory = written(40, MAP_PRIVATE);
  CHECK(memory);
  CHECK_EQ(mprotect(memory + 30 * PAGE, 10 * PAGE, PROT_READ), 0);
  char *moved = mremap(memory, 30 * PAGE, 100 * PAGE, MOVE);
  CHECK(moved != MAP_FAILED && moved != memory);
  CHECK(is_written(moved, 30, 1));
  CHECK(is_zero(moved + 30 * PAGE, 70));
  CHECK(dies_reading(memory));
  CHECK(dies_reading(memory + 29 * PAGE));
  CHECK(is_written(memory + 30 * PAGE, 10, 31));
  memset(moved, 3, 100 * PAGE);
  munmap(moved, 100 * PAGE);
  munmap(memory + 30 * PAGE, 10 * PAGE);
}

CASE(Remap, FixedReplaces) {
  char *memory = written(8, MAP_PRIVATE);
  char *target = written(8, MAP_PRIVATE);
  CHECK(memory && target);
  CHECK(mremap(memory + 2 * PAGE, 3 * PAGE, 3 * PAGE, FIXED, target + PAGE) == target + PAGE);
  CHECK(is_written(memory, 2, 1));
  CHECK(dies_reading(memory + 2 * PAGE));
  CHECK(is_written(memory + 5 * PAGE, 3, 6));
  CHECK(is_written(target, 1, 1));
  CHECK(is_written(target + PAGE, 3, 3));
  CHECK(is_written(target + 4 * PAGE, 4, 5));
  // Smaller on the way: the rest goes.
  CHECK(mremap(target + PAGE, 3 * PAGE, 2 * PAGE, FIXED, memory + 2 * PAGE) == memory + 2 * PAGE);
  CHECK(is_written(memory, 4, 1));
  CHECK(is_written(target, 1, 1));
  CHECK(dies_reading(target + PAGE));
  CHECK(dies_reading(target + 3 * PAGE));
  // Larger on the way.
  CHECK(mremap(memory + 5 * PAGE, 3 * PAGE, 4 * PAGE, FIXED, target) == target);
  CHECK(is_written(target, 3, 6));
  CHECK(is_zero(target + 3 * PAGE, 1));
  munmap(memory, 8 * PAGE);
  munmap(target, 8 * PAGE);
}

static char *moved_area;

static void check_moved(void *unused) {
  (void)unused;
  char *to = mremap(moved_area, 4 * PAGE, 4 * PAGE, MOVE | MREMAP_DONTUNMAP);
  CHILD_CHECK(to != MAP_FAILED);
  CHILD_CHECK(is_written(to, 4, 1));
  memset(to, 99, 4 * PAGE);
  CHILD_CHECK(is_zero(moved_area, 4));
}

CASE(Remap, ForkedMemoryStaysWithTheOthers) {
  moved_area = written(4, MAP_PRIVATE);
  CHECK(moved_area);
  CHECK_EQ(in_child(check_moved, NULL), 0);
  CHECK(is_written(moved_area, 4, 1));
  char *place = hole(4);
  CHECK(place);
  pid_t child = fork();
  if (child == 0) {
    // The parent moves meanwhile.
    sleep(1);
    _exit(is_written(moved_area, 4, 1) ? 0 : 1);
  }
  CHECK(mremap(moved_area, 4 * PAGE, 4 * PAGE, FIXED, place) == place);
  CHECK(is_written(place, 4, 1));
  memset(place, 50, 4 * PAGE);
  int status = -1;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  munmap(place, 4 * PAGE);
}

CASE(Remap, OldSizeZeroOfASharedMapping) {
  char *memory = written(3, MAP_SHARED);
  CHECK(memory);
  char *again = mremap(memory, 0, 2 * PAGE, MOVE);
  CHECK(again != MAP_FAILED && again != memory);
  CHECK(is_written(again, 2, 1));
  again[PAGE] = 77;
  CHECK_EQ(memory[PAGE], 77);
  munmap(again, 2 * PAGE);
  CHECK_EQ(memory[PAGE], 77);
  // A shared mapping can be larger than what it shows.
  char *large = mremap(memory, 3 * PAGE, 6 * PAGE, MOVE);
  CHECK(large != MAP_FAILED);
  CHECK_EQ(large[2 * PAGE], 3);
  CHECK(killed_by(in_child(read_byte, large + 5 * PAGE), SIGBUS));
  munmap(large, 6 * PAGE);
}

CASE(Remap, FilesKeepTheirOffset) {
  int fd = make_file("memory_remap", 8 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * PAGE);
  CHECK(memory != MAP_FAILED);
  memory[PAGE] = 100;
  char *place = hole(8);
  CHECK(place);
  CHECK(mremap(memory + PAGE, 3 * PAGE, 6 * PAGE, FIXED, place) == place);
  CHECK_EQ(place[0], 100);
  CHECK_EQ(place[PAGE], 5);
  CHECK_EQ(place[4 * PAGE], 8);
  CHECK(killed_by(in_child(read_byte, place + 5 * PAGE), SIGBUS));
  char byte = 0;
  CHECK_EQ(pread(fd, &byte, 1, 3 * PAGE), 1);
  CHECK_EQ(byte, 100);
  munmap(memory, PAGE);
  munmap(place, 6 * PAGE);
  close(fd);
  scratch("memory_remap");
}

// --- madvise ------------------------------------------------------------------------------------

CASE(Advise, Errors) {
  char *memory = written(3, MAP_PRIVATE);
  char *shared = written(1, MAP_SHARED);
  CHECK(memory && shared);
  CHECK_ERRNO(madvise(memory, PAGE, 5), EINVAL);
  CHECK_ERRNO(madvise(memory, PAGE, -1), EINVAL);
  CHECK_ERRNO(madvise(memory, PAGE, 1000), EINVAL);
  CHECK_ERRNO(madvise(memory + 1, PAGE, MADV_NORMAL), EINVAL);
  CHECK_ERRNO(madvise(memory, SIZE_MAX, MADV_NORMAL), EINVAL);
  CHECK_ERRNO(madvise(memory, SIZE_MAX & ~(PAGE - 1), MADV_NORMAL), EINVAL);
  CHECK_EQ(madvise(memory, 0, MADV_DONTNEED), 0);
  CHECK_ERRNO(madvise(shared, PAGE, MADV_FREE), EINVAL);
  CHECK_ERRNO(madvise(shared, PAGE, MADV_WIPEONFORK), EINVAL);
  munmap(memory + PAGE, PAGE);
  CHECK_ERRNO(madvise(memory, 3 * PAGE, MADV_SEQUENTIAL), ENOMEM);
  CHECK_ERRNO(madvise(memory, 3 * PAGE, MADV_DONTNEED), ENOMEM);
  CHECK(is_zero(memory, 1) && is_zero(memory + 2 * PAGE, 1));
  CHECK_ERRNO(madvise(memory, 3 * PAGE, MADV_POPULATE_READ), ENOMEM);
  CHECK_EQ(mprotect(memory, PAGE, PROT_READ), 0);
  CHECK_ERRNO(madvise(memory, PAGE, MADV_POPULATE_WRITE), EINVAL);
  CHECK_EQ(posix_madvise(memory, PAGE, 99), EINVAL);
  CHECK_EQ(posix_madvise(memory + 1, PAGE, POSIX_MADV_NORMAL), EINVAL);
  CHECK_EQ(posix_madvise(memory, 3 * PAGE, POSIX_MADV_WILLNEED), ENOMEM);
  munmap(memory, 3 * PAGE);
  munmap(shared, PAGE);
}

CASE(Advise, HintsChangeNoContent) {
  static const int hints[] = {MADV_NORMAL,   MADV_RANDOM,        MADV_SEQUENTIAL,
                              MADV_WILLNEED, MADV_DODUMP,        MADV_DOFORK,
                              MADV_DONTDUMP, MADV_POPULATE_READ, MADV_POPULATE_WRITE};
  char *memory = written(16, MAP_PRIVATE);
  CHECK(memory);
  for (size_t i = 0; i < sizeof hints / sizeof hints[0]; ++i) {
    CHECK_EQ(madvise(memory + i * PAGE, 4 * PAGE, hints[i]), 0);
    CHECK(is_written(memory, 16, 1));
  }
  for (int advice = POSIX_MADV_NORMAL; advice <= POSIX_MADV_DONTNEED; ++advice) {
    CHECK_EQ(posix_madvise(memory, 16 * PAGE, advice), 0);
    CHECK(is_written(memory, 16, 1));
  }
  munmap(memory, 16 * PAGE);
}

CASE(Advise, DontNeedForgetsPrivateMemory) {
  char *memory = written(5, MAP_PRIVATE);
  CHECK(memory);
  CHECK_EQ(madvise(memory + PAGE, 3 * PAGE, MADV_DONTNEED), 0);
  CHECK(is_written(memory, 1, 1));
  CHECK(is_zero(memory + PAGE, 3));
  CHECK(is_written(memory + 4 * PAGE, 1, 5));
  memory[PAGE] = 3;
  CHECK_EQ(memory[PAGE], 3);
  munmap(memory, 5 * PAGE);
}

CASE(Advise, DontNeedShowsTheFileAgain) {
  int fd = make_file("memory_advise", 2 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  memset(memory, 100, 2 * PAGE);
  CHECK_EQ(madvise(memory, 2 * PAGE, MADV_DONTNEED), 0);
  CHECK(is_written(memory, 2, 1));
  munmap(memory, 2 * PAGE);
  memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  memory[0] = 100;
  CHECK_EQ(madvise(memory, 2 * PAGE, MADV_DONTNEED), 0);
  CHECK_EQ(memory[0], 100);
  munmap(memory, 2 * PAGE);
  close(fd);
  scratch("memory_advise");
}

CASE(Advise, FreedPagesThatAreWrittenStay) {
  char *memory = written(4, MAP_PRIVATE);
  CHECK(memory);
  CHECK_EQ(madvise(memory, 4 * PAGE, MADV_FREE), 0);
  memset(memory + PAGE, 70, PAGE);
  CHECK_EQ(memory[PAGE], 70);
  CHECK_EQ(memory[2 * PAGE - 1], 70);
  CHECK(memory[0] == 1 || memory[0] == 0);
  munmap(memory, 4 * PAGE);
}

static char *advised;

static void check_fork_advice(void *unused) {
  (void)unused;
  CHILD_CHECK(is_written(advised, 1, 1));
  CHILD_CHECK(is_zero(advised + PAGE, 1));
  CHILD_CHECK(is_written(advised + 3 * PAGE, 1, 4));
  advised[PAGE] = 10;
  advised[3 * PAGE] = 10;
}

static void read_forbidden(void *unused) {
  (void)unused;
  read_byte(advised + 2 * PAGE);
}

CASE(Advise, ForkDoesNotInherit) {
  advised = written(4, MAP_PRIVATE);
  CHECK(advised);
  CHECK_EQ(madvise(advised + PAGE, PAGE, MADV_WIPEONFORK), 0);
  CHECK_EQ(madvise(advised + 2 * PAGE, PAGE, MADV_DONTFORK), 0);
  CHECK_EQ(in_child(check_fork_advice, NULL), 0);
  CHECK(killed_by(in_child(read_forbidden, NULL), SIGSEGV));
  CHECK(is_written(advised, 4, 1));
  CHECK_EQ(madvise(advised, 4 * PAGE, MADV_KEEPONFORK), 0);
  CHECK_EQ(madvise(advised, 4 * PAGE, MADV_DOFORK), 0);
  CHECK_EQ(in_child(read_forbidden, NULL), 0);
  munmap(advised, 4 * PAGE);
}

// --- mlock --------------------------------------------------------------------------------------

CASE(Lock, Errors) {
  char *memory = written(4, MAP_PRIVATE);
  CHECK(memory);
  munmap(memory + 2 * PAGE, PAGE);
  CHECK_ERRNO(mlock(memory, 4 * PAGE), ENOMEM);
  CHECK_ERRNO(munlock(memory, 4 * PAGE), ENOMEM);
  CHECK_ERRNO(mlock(memory + 2 * PAGE, PAGE), ENOMEM);
  CHECK_ERRNO(munlock(memory, SIZE_MAX & ~(PAGE - 1)), EINVAL);
  CHECK_EQ(mlock(memory, 0), 0);
  CHECK_EQ(munlock(memory + 2 * PAGE, 0), 0);
  CHECK_EQ(mlock(memory + 5, 2 * PAGE - 5), 0);
  CHECK_ERRNO(madvise(memory, PAGE, MADV_DONTNEED), EINVAL);
  CHECK_ERRNO(madvise(memory, PAGE, MADV_FREE), EINVAL);
  CHECK_ERRNO(msync(memory, PAGE, MS_INVALIDATE), EBUSY);
  CHECK_EQ(munlock(memory, 2 * PAGE), 0);
  CHECK_EQ(madvise(memory, PAGE, MADV_DONTNEED), 0);
  CHECK_ERRNO(mlockall(0), EINVAL);
  CHECK_ERRNO(mlockall(64), EINVAL);
  CHECK_ERRNO(mlockall(MCL_ONFAULT), EINVAL);
  CHECK_ERRNO(mlock2(memory, PAGE, 8), EINVAL);
  CHECK_EQ(mprotect(memory, PAGE, PROT_NONE), 0);
  CHECK_ERRNO(mlock(memory, PAGE), ENOMEM);
  munmap(memory, 4 * PAGE);
}

CASE(Lock, MakesPagesPresent) {
  unsigned char in_memory[8];
  char *memory = anonymous(8);
  CHECK(memory);
  CHECK_EQ(mlock(memory + PAGE + 1, 3 * PAGE), 0);
  CHECK_EQ(mincore(memory, 8 * PAGE, in_memory), 0);
  for (int i = 1; i < 5; ++i) CHECK_EQ(in_memory[i] & 1, 1);
  CHECK_EQ(in_memory[6] & 1, 0);
  CHECK_EQ(mlock2(memory + 6 * PAGE, PAGE, MLOCK_ONFAULT), 0);
  CHECK_EQ(mincore(memory, 8 * PAGE, in_memory), 0);
  CHECK_EQ(in_memory[6] & 1, 0);
  CHECK(is_zero(memory, 8));
  CHECK_EQ(munlock(memory, 8 * PAGE), 0);
  munmap(memory, 8 * PAGE);
  memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_LOCKED, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(mincore(memory, 4 * PAGE, in_memory), 0);
  for (int i = 0; i < 4; ++i) CHECK_EQ(in_memory[i] & 1, 1);
  char *larger = mremap(memory, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
  CHECK(larger != MAP_FAILED);
  CHECK_EQ(mincore(larger, 8 * PAGE, in_memory), 0);
  for (int i = 0; i < 8; ++i) CHECK_EQ(in_memory[i] & 1, 1);
  munmap(larger, 8 * PAGE);
}

static void lock_everything(void *unused) {
  (void)unused;
  unsigned char in_memory[16];
  char *before = anonymous(16);
  CHILD_CHECK(before);
  CHILD_CHECK(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
  CHILD_CHECK(mincore(before, 16 * PAGE, in_memory) == 0);
  for (int i = 0; i < 16; ++i) CHILD_CHECK(in_memory[i] & 1);
  char *after = anonymous(16);
  CHILD_CHECK(after);
  CHILD_CHECK(mincore(after, 16 * PAGE, in_memory) == 0);
  for (int i = 0; i < 16; ++i) CHILD_CHECK(in_memory[i] & 1);
  errno = 0;
  CHILD_CHECK(madvise(after, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
  CHILD_CHECK(munlockall() == 0);
  CHILD_CHECK(madvise(after, PAGE, MADV_DONTNEED) == 0);
  char *later = anonymous(1);
  CHILD_CHECK(later && mincore(later, PAGE, in_memory) == 0);
  CHILD_CHECK(!(in_memory[0] & 1));
}

CASE(Lock, AllAndWhatComes) { CHECK_EQ(in_child(lock_everything, NULL), 0); }

// --- mincore ------------------------------------------------------------------------------------

CASE(InCore, TellsWhatIsThere) {
  static unsigned char in_memory[5000];
  char *memory = anonymous(5000);
  CHECK(memory);
  memory[PAGE] = 1;
  memory[4999 * PAGE] = 1;
  CHECK_EQ(mincore(memory, 5000 * PAGE, in_memory), 0);
  CHECK_EQ(in_memory[0] & 1, 0);
  CHECK_EQ(in_memory[1] & 1, 1);
  CHECK_EQ(in_memory[4000] & 1, 0);
  CHECK_EQ(in_memory[4999] & 1, 1);
  CHECK_EQ(mincore(memory, 0, in_memory), 0);
  CHECK_ERRNO(mincore(memory + 1, PAGE, in_memory), EINVAL);
  munmap(memory + 2 * PAGE, PAGE);
  CHECK_ERRNO(mincore(memory, 5 * PAGE, in_memory), ENOMEM);
  CHECK_ERRNO(mincore(memory, SIZE_MAX & ~(PAGE - 1), in_memory), ENOMEM);
  munmap(memory, 5000 * PAGE);
}

// --- limits -------------------------------------------------------------------------------------

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

CASE(System, TellsThePageSize) {
  CHECK_EQ(sysconf(_SC_PAGESIZE), PAGE);
  CHECK_EQ(getpagesize(), PAGE);
  CHECK(sysconf(_SC_MEMLOCK_RANGE) > 0);
  CHECK(sysconf(_SC_MAPPED_FILES) > 0);
}
