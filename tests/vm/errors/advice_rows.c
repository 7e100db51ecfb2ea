// mremap, madvise, mincore, mlock.
#define _GNU_SOURCE

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/vm/errors/errors.h"

#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS)

#if HAVE_MREMAP
#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)

void errors_mremap(void) {
  char *memory = errors_memory(4), *other = errors_memory(4);
  munmap(other, 4 * PAGE);
  ROW("misaligned", mremap(memory + 1, PAGE, PAGE, 0));
  ROW("new length 0", mremap(memory, PAGE, 0, 0));
  ROW("unknown flags", mremap(memory, PAGE, PAGE, 0x100));
  ROW("fixed but not to be moved", mremap(memory, PAGE, PAGE, MREMAP_FIXED, other));
  ROW("fixed, misaligned", mremap(memory, PAGE, PAGE, MOVE, other + 1));
  ROW("fixed, in the kernel", mremap(memory, PAGE, PAGE, MOVE, KERNEL));
  ROW("fixed, overlaps", mremap(memory, 2 * PAGE, 2 * PAGE, MOVE, memory + PAGE));
  ROW("fixed, in its place", mremap(memory, PAGE, PAGE, MOVE, memory));
  ROW("fixed, endless", mremap(memory, PAGE, ENDLESS, MOVE, other));
  ROW("nothing", mremap(other, PAGE, PAGE, 0));
  ROW("nothing, grows", mremap(other, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
  ROW("nothing, moves", mremap(other, PAGE, PAGE, MOVE, other + PAGE));
  ROW("in the kernel", mremap(KERNEL, PAGE, PAGE, 0));
  ROW("no room", mremap(memory, PAGE, 2 * PAGE, 0));
  ROW("old length wraps", mremap(memory, WRAPS, 2 * PAGE, MREMAP_MAYMOVE));
  ROW("grows over its end", mremap(memory, 6 * PAGE, 7 * PAGE, MREMAP_MAYMOVE));
  ROW("old length 0 of private memory", mremap(memory, 0, PAGE, MREMAP_MAYMOVE));
  ROW("the same", mremap(memory, 4 * PAGE, 4 * PAGE, 0) == memory);
  ROW("shrinks", mremap(memory, 4 * PAGE, 3 * PAGE, 0) == memory);
  ROW("grows again", mremap(memory, 3 * PAGE, 4 * PAGE, 0) == memory);
  ROW("moves", mremap(memory, 4 * PAGE, 4 * PAGE, MOVE, other) == other);
  ROW("is gone", mremap(memory, PAGE, PAGE, 0));
  munmap(other, 4 * PAGE);
  memory = errors_memory_with_hole(4, 1);
  ROW("over a hole", mremap(memory, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
  errors_memory_free(memory, 4);
  memory = mmap(NULL, PAGE, RW, SHARED, -1, 0);
  ROW("old length 0 of shared memory", mremap(memory, 0, PAGE, MREMAP_MAYMOVE));
  ROW("old length 0, in place", mremap(memory, 0, PAGE, 0));
  munmap(memory, PAGE);
}
#endif

#if HAVE_MADVISE
static void each_advice(char *memory) {
  ROW("normal", madvise(memory, PAGE, MADV_NORMAL));
  ROW("random", madvise(memory, PAGE, MADV_RANDOM));
  ROW("sequential", madvise(memory, PAGE, MADV_SEQUENTIAL));
  ROW("don't need", madvise(memory, PAGE, MADV_DONTNEED));
  ROW("free", madvise(memory, PAGE, MADV_FREE));
  ROW("don't fork", madvise(memory, PAGE, MADV_DONTFORK));
  ROW("do fork", madvise(memory, PAGE, MADV_DOFORK));
}

static void advice_on_objects(void) {
  int fd = errors_file(O_RDWR);
  char *memory = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
  ROW("free of a shared file", madvise(memory, PAGE, MADV_FREE));
  ROW("don't need of a shared file", madvise(memory, PAGE, MADV_DONTNEED));
  ROW("will need of a file", madvise(memory, PAGE, MADV_WILLNEED));
  munmap(memory, 2 * PAGE);
  memory = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
  ROW("free of a private file", madvise(memory, PAGE, MADV_FREE));
  munmap(memory, 2 * PAGE);
  close(fd);
  memory = mmap(NULL, PAGE, RW, SHARED, -1, 0);
  ROW("free of shared memory", madvise(memory, PAGE, MADV_FREE));
  ROW("don't need of shared memory", madvise(memory, PAGE, MADV_DONTNEED));
  munmap(memory, PAGE);
}

void errors_madvise(void) {
  char *memory = errors_memory_with_hole(4, 2);
  each_advice(memory);
  ROW("misaligned", madvise(memory + 1, PAGE, MADV_NORMAL));
  ROW("unknown", madvise(memory, PAGE, 9999));
  ROW("negative", madvise(memory, PAGE, -1));
  ROW("length 0", madvise(memory, 0, MADV_DONTNEED));
  ROW("length 0, unknown", madvise(memory, 0, 9999));
  ROW("length 0 of a hole", madvise(memory + 2 * PAGE, 0, MADV_DONTNEED));
  ROW("a hole in the middle", madvise(memory, 4 * PAGE, MADV_NORMAL));
  ROW("don't need with a hole", madvise(memory, 4 * PAGE, MADV_DONTNEED));
  ROW("a hole first", madvise(memory + 2 * PAGE, 2 * PAGE, MADV_NORMAL));
  ROW("nothing", madvise(memory + 2 * PAGE, PAGE, MADV_NORMAL));
  ROW("length wraps when rounded", madvise(memory, SIZE_MAX, MADV_NORMAL));
  ROW("length wraps", madvise(memory, WRAPS, MADV_NORMAL));
  ROW("endless", madvise(memory, ENDLESS, MADV_NORMAL));
  ROW("in the kernel", madvise(KERNEL, PAGE, MADV_NORMAL));
  errors_memory_free(memory, 4);
  advice_on_objects();
}

void errors_posix_madvise(void) {
  char *memory = errors_memory_with_hole(4, 2);
  errors_row_number("normal", posix_madvise(memory, PAGE, POSIX_MADV_NORMAL));
  errors_row_number("sequential", posix_madvise(memory, PAGE, POSIX_MADV_SEQUENTIAL));
  errors_row_number("random", posix_madvise(memory, PAGE, POSIX_MADV_RANDOM));
  errors_row_number("don't need", posix_madvise(memory, PAGE, POSIX_MADV_DONTNEED));
  errors_row_number("misaligned", posix_madvise(memory + 1, PAGE, POSIX_MADV_NORMAL));
  errors_row_number("unknown", posix_madvise(memory, PAGE, 9999));
  errors_row_number("a hole", posix_madvise(memory, 4 * PAGE, POSIX_MADV_NORMAL));
  errors_row_number("length 0", posix_madvise(memory, 0, POSIX_MADV_NORMAL));
  errors_memory_free(memory, 4);
}

void errors_mincore(void) {
  unsigned char resident[8];
  char *memory = errors_memory_with_hole(4, 2);
  ROW("all right", mincore(memory, 2 * PAGE, resident));
  ROW("part of a page", mincore(memory, 1, resident));
  ROW("length 0", mincore(memory, 0, resident));
  ROW("length 0, no result", mincore(memory, 0, NULL));
  ROW("misaligned", mincore(memory + 1, PAGE, resident));
  ROW("a hole in the middle", mincore(memory, 4 * PAGE, resident));
  ROW("a hole first", mincore(memory + 2 * PAGE, 2 * PAGE, resident));
  ROW("nothing", mincore(memory + 2 * PAGE, PAGE, resident));
  ROW("in the kernel", mincore(KERNEL, PAGE, resident));
  ROW("endless", mincore(memory, ENDLESS, resident));
  ROW("length wraps", mincore(memory, WRAPS, resident));
  errors_memory_free(memory, 4);
}
#endif

#if HAVE_MLOCK
static void lock_what_cannot_be_read(void) {
  char *memory = mmap(NULL, PAGE, PROT_NONE, PRIVATE, -1, 0);
  ROW("no rights", mlock(memory, PAGE));
  munlock(memory, PAGE);
  munmap(memory, PAGE);
  int fd = errors_file(O_RDWR);
  memory = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
  ROW("a file", mlock(memory, 3 * PAGE));
  ROW("behind the end of a file", mlock(memory + 3 * PAGE, PAGE));
  munlock(memory, 4 * PAGE);
  munmap(memory, 4 * PAGE);
  close(fd);
}

void errors_mlock(void) {
  char *memory = errors_memory_with_hole(4, 2);
  ROW("misaligned", mlock(memory + 1, PAGE / 2));
  ROW("length 0", mlock(memory, 0));
  ROW("length 0 of a hole", mlock(memory + 2 * PAGE, 0));
  ROW("a hole in the middle", mlock(memory, 4 * PAGE));
  ROW("a hole first", mlock(memory + 2 * PAGE, 2 * PAGE));
  ROW("nothing", mlock(memory + 2 * PAGE, PAGE));
  ROW("in the kernel", mlock(KERNEL, PAGE));
  ROW("locked", mlock(memory, PAGE));
  ROW("locked again", mlock(memory, PAGE));
#if HAVE_MADVISE
  ROW("don't need of locked memory", madvise(memory, PAGE, MADV_DONTNEED));
  ROW("free of locked memory", madvise(memory, PAGE, MADV_FREE));
#endif
  ROW("invalidate of locked memory", msync(memory, PAGE, MS_INVALIDATE));
  ROW("unlock, a hole in the middle", munlock(memory, 4 * PAGE));
  ROW("unlock nothing", munlock(memory + 2 * PAGE, PAGE));
  ROW("unlock, length 0", munlock(memory, 0));
  ROW("unlock, length wraps", munlock(memory, WRAPS));
  ROW("unlock, in the kernel", munlock(KERNEL, PAGE));
  ROW("unlock", munlock(memory, PAGE));
  ROW("unlock what is not locked", munlock(memory, PAGE));
  errors_memory_free(memory, 4);
  lock_what_cannot_be_read();
  ROW("lock all, no flags", mlockall(0));
  ROW("lock all, unknown flags", mlockall(0x100));
  ROW("lock all in future", mlockall(MCL_FUTURE));
  ROW("unlock all", munlockall());
}
#endif
