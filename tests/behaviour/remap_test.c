// mremap.
#define _GNU_SOURCE
#include "tests/behaviour/memory_support.h"
#include "tests/behaviour/support.h"

static void *const beyond_user = (void *)(1ul << 62);

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
