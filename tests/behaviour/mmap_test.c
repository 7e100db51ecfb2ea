// Mappings: anonymous and of files, private and shared, and what takes them away.
#include "tests/behaviour/support.h"

CASE(Anonymous, ReadsAsZeros) {
  char *memory = anonymous(4);
  CHECK(memory);
  for (size_t i = 0; i < 4 * PAGE; ++i) CHECK_EQ(memory[i], 0);
  CHECK_EQ(munmap(memory, 4 * PAGE), 0);
}

CASE(Anonymous, KeepsWhatIsWritten) {
  char *memory = anonymous(100);
  CHECK(memory);
  for (int i = 0; i < 100; i += 3) memory[(size_t)i * PAGE + (size_t)i] = (char)(i + 1);
  for (int i = 0; i < 100; ++i) {
    CHECK_EQ(memory[(size_t)i * PAGE + (size_t)i], i % 3 ? 0 : i + 1);
  }
  CHECK_EQ(munmap(memory, 100 * PAGE), 0);
}

CASE(Anonymous, ZeroPageBecomesPrivateOnWrite) {
  char *memory = anonymous(2);
  CHECK(memory);
  CHECK_EQ(memory[0] + memory[PAGE], 0);
  memory[0] = 1;
  CHECK_EQ(memory[0], 1);
  CHECK_EQ(memory[PAGE], 0);
  munmap(memory, 2 * PAGE);
}

CASE(Anonymous, LargeReservationCostsNothing) {
  size_t bytes = 1ul << 36;
  char *memory =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(memory != MAP_FAILED);
  memory[0] = 1;
  memory[bytes / 2] = 2;
  memory[bytes - 1] = 3;
  CHECK_EQ(memory[0] + memory[bytes / 2] + memory[bytes - 1], 6);
  CHECK_EQ(munmap(memory, bytes), 0);
}

CASE(Anonymous, MappingsDoNotOverlap) {
  enum { COUNT = 50 };
  char *memory[COUNT];
  for (int i = 0; i < COUNT; ++i) {
    memory[i] = anonymous((size_t)(1 + i % 5));
    CHECK(memory[i]);
    memset(memory[i], i + 1, (size_t)(1 + i % 5) * PAGE);
  }
  for (int i = 0; i < COUNT; ++i) {
    for (size_t k = 0; k < (size_t)(1 + i % 5) * PAGE; k += 512) CHECK_EQ(memory[i][k], i + 1);
    CHECK_EQ(munmap(memory[i], (size_t)(1 + i % 5) * PAGE), 0);
  }
}

CASE(Map, RefusesBadArguments) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  CHECK_ERRNO(mmap(NULL, 0, PROT_READ, flags, -1, 0), EINVAL);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
  CHECK_ERRNO(mmap((void *)1, PAGE, PROT_READ, flags | MAP_FIXED, -1, 0), EINVAL);
  CHECK_ERRNO(mmap(NULL, SIZE_MAX - PAGE, PROT_READ, flags, -1, 0), ENOMEM);
  CHECK_ERRNO(mmap(NULL, 1ul << 50, PROT_READ, flags, -1, 0), ENOMEM);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 63, 0), EBADF);
}

CASE(Map, RefusesBadFiles) {
  int fd = make_file("mmap_bad", 2 * PAGE);
  CHECK(fd >= 0);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1), EINVAL);
  int only = open(scratch("mmap_only"), O_WRONLY | O_CREAT, 0644);
  CHECK(only >= 0);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, only, 0), EACCES);
  close(only);
  close(fd);
  fd = open(scratch("mmap_bad"), O_RDONLY | O_CREAT, 0644);
  CHECK(fd >= 0);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
  char *memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_ERRNO(mprotect(memory, PAGE, PROT_READ | PROT_WRITE), EACCES);
  munmap(memory, PAGE);
  close(fd);
  int fds[2];
  CHECK_EQ(pipe(fds), 0);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0), ENODEV);
  close(fds[0]);
  close(fds[1]);
  scratch("mmap_bad");
  scratch("mmap_only");
}

CASE(Map, FixedReplacesWhatIsThere) {
  char *memory = anonymous(3);
  CHECK(memory);
  memset(memory, 7, 3 * PAGE);
  char *middle = mmap(memory + PAGE, PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  CHECK(middle == memory + PAGE);
  CHECK_EQ(memory[PAGE - 1], 7);
  CHECK_EQ(memory[PAGE], 0);
  CHECK_EQ(memory[2 * PAGE - 1], 0);
  CHECK_EQ(memory[2 * PAGE], 7);
  munmap(memory, 3 * PAGE);
}

CASE(Map, FixedNoReplaceRefuses) {
  char *memory = anonymous(2);
  CHECK(memory);
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  CHECK_ERRNO(mmap(memory + PAGE, 2 * PAGE, PROT_READ, flags, -1, 0), EEXIST);
  munmap(memory, 2 * PAGE);
  CHECK(mmap(memory, PAGE, PROT_READ, flags, -1, 0) == memory);
  munmap(memory, PAGE);
}

CASE(Map, HintIsRoundedDown) {
  char *memory = anonymous(1);
  CHECK(memory);
  munmap(memory, PAGE);
  char *again = mmap(memory + 5, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(again != MAP_FAILED);
  CHECK_EQ((uintptr_t)again % PAGE, 0);
  munmap(again, PAGE);
}

CASE(Unmap, MiddleLeavesTheRest) {
  char *memory = anonymous(5);
  CHECK(memory);
  memset(memory, 9, 5 * PAGE);
  CHECK_EQ(munmap(memory + 2 * PAGE, PAGE), 0);
  CHECK_EQ(memory[2 * PAGE - 1], 9);
  CHECK_EQ(memory[3 * PAGE], 9);
  CHECK(killed_by(in_child(read_byte, memory + 2 * PAGE), SIGSEGV));
  CHECK(killed_by(in_child(write_byte, memory + 3 * PAGE - 1), SIGSEGV));
  CHECK_EQ(in_child(read_byte, memory + 3 * PAGE), 0);
  CHECK_EQ(munmap(memory, 5 * PAGE), 0);
  CHECK(killed_by(in_child(read_byte, memory), SIGSEGV));
}

CASE(Unmap, NothingThereIsNoError) {
  char *memory = anonymous(4);
  CHECK(memory);
  CHECK_EQ(munmap(memory, 4 * PAGE), 0);
  CHECK_EQ(munmap(memory, 4 * PAGE), 0);
}

CASE(Unmap, RefusesBadArguments) {
  char *memory = anonymous(1);
  CHECK(memory);
  CHECK_ERRNO(munmap(memory + 1, PAGE), EINVAL);
  CHECK_ERRNO(munmap(memory, 0), EINVAL);
  CHECK_ERRNO(munmap(memory, SIZE_MAX - PAGE), EINVAL);
  CHECK_EQ(memory[0], 0);
  munmap(memory, PAGE);
}

CASE(Unmap, MemoryThatComesBackIsZero) {
  for (int i = 0; i < 20; ++i) {
    char *memory = anonymous(16);
    CHECK(memory);
    for (size_t k = 0; k < 16 * PAGE; k += 64) CHECK_EQ(memory[k], 0);
    memset(memory, 0x55, 16 * PAGE);
    munmap(memory, 16 * PAGE);
  }
}

CASE(Protect, TakesAndGivesRights) {
  char *memory = anonymous(3);
  CHECK(memory);
  memset(memory, 1, 3 * PAGE);
  CHECK_EQ(mprotect(memory + PAGE, PAGE, PROT_READ), 0);
  CHECK_EQ(memory[PAGE], 1);
  CHECK(killed_by(in_child(write_byte, memory + PAGE), SIGSEGV));
  CHECK_EQ(in_child(write_byte, memory + 2 * PAGE), 0);
  CHECK_EQ(in_child(write_byte, memory + PAGE - 1), 0);
  CHECK_EQ(mprotect(memory + PAGE, PAGE, PROT_NONE), 0);
  CHECK(killed_by(in_child(read_byte, memory + PAGE), SIGSEGV));
  CHECK_EQ(mprotect(memory, 3 * PAGE, PROT_READ | PROT_WRITE), 0);
  memory[PAGE] = 2;
  CHECK_EQ(memory[PAGE] + memory[PAGE + 1], 3);
  munmap(memory, 3 * PAGE);
}

CASE(Protect, RefusesHolesAndBadArguments) {
  char *memory = anonymous(3);
  CHECK(memory);
  munmap(memory + PAGE, PAGE);
  CHECK_ERRNO(mprotect(memory, 3 * PAGE, PROT_READ), ENOMEM);
  CHECK_ERRNO(mprotect(memory + 1, PAGE, PROT_READ), EINVAL);
  CHECK_EQ(mprotect(memory, 0, PROT_READ), 0);
  munmap(memory, 3 * PAGE);
}

CASE(Protect, DataIsNotExecutable) {
  uint32_t *memory = (uint32_t *)anonymous(1);
  CHECK(memory);
  memory[0] = 0x00008067;  // a return, on RISC-V
  CHECK(killed_by(in_child((void (*)(void *))(uintptr_t)memory, NULL), SIGSEGV));
  munmap(memory, PAGE);
}

CASE(Null, IsNotMapped) {
  CHECK(killed_by(in_child(read_byte, NULL), SIGSEGV));
  CHECK(killed_by(in_child(write_byte, NULL), SIGSEGV));
}

CASE(Text, IsNotWritable) {
  CHECK(killed_by(in_child(write_byte, (void *)(uintptr_t)read_byte), SIGSEGV));
}

CASE(File, PrivateReads) {
  int fd = make_file("mmap_private", 3 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  for (size_t i = 0; i < 3 * PAGE; ++i) CHECK_EQ(memory[i], i / PAGE + 1);
  munmap(memory, 3 * PAGE);
  close(fd);
  scratch("mmap_private");
}

CASE(File, OffsetCounts) {
  int fd = make_file("mmap_offset", 4 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(memory[0], 3);
  CHECK_EQ(memory[PAGE], 4);
  munmap(memory, 2 * PAGE);
  close(fd);
  scratch("mmap_offset");
}

CASE(File, PrivateWritesStayPrivate) {
  char byte;
  int fd = make_file("mmap_cow", 2 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  char *other = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED && other != MAP_FAILED);
  memory[0] = 100;  // never read before
  CHECK_EQ(memory[PAGE], 2);
  memory[PAGE] = 101;  // read before
  CHECK_EQ(memory[0], 100);
  CHECK_EQ(memory[1], 1);
  CHECK_EQ(memory[PAGE], 101);
  CHECK_EQ(other[0], 1);
  CHECK_EQ(other[PAGE], 2);
  CHECK_EQ(pread(fd, &byte, 1, 0), 1);
  CHECK_EQ(byte, 1);
  munmap(memory, 2 * PAGE);
  munmap(other, 2 * PAGE);
  close(fd);
  scratch("mmap_cow");
}

CASE(File, SharedIsCoherentWithReadAndWrite) {
  char byte = 0;
  int fd = make_file("mmap_shared", 2 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  memory[10] = 50;
  CHECK_EQ(pread(fd, &byte, 1, 10), 1);
  CHECK_EQ(byte, 50);
  byte = 60;
  CHECK_EQ(pwrite(fd, &byte, 1, PAGE + 20), 1);
  CHECK_EQ(memory[PAGE + 20], 60);
  char *again = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(again != MAP_FAILED);
  CHECK_EQ(again[10] + again[PAGE + 20], 110);
  memory[11] = 5;
  CHECK_EQ(again[11], 5);
  munmap(memory, 2 * PAGE);
  munmap(again, 2 * PAGE);
  close(fd);
  scratch("mmap_shared");
}

CASE(File, RestOfTheLastPageIsZero) {
  int fd = make_file("mmap_tail", PAGE + 100);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(memory[PAGE + 99], 2);
  for (size_t i = PAGE + 100; i < 2 * PAGE; ++i) CHECK_EQ(memory[i], 0);
  memory[PAGE + 200] = 1;  // goes nowhere
  munmap(memory, 2 * PAGE);
  struct stat status;
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_size, PAGE + 100);
  close(fd);
  scratch("mmap_tail");
}

CASE(File, BeyondTheEndIsABusError) {
  int fd = make_file("mmap_beyond", PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(in_child(read_byte, memory), 0);
  CHECK(killed_by(in_child(read_byte, memory + PAGE), SIGBUS));
  CHECK(killed_by(in_child(write_byte, memory + 2 * PAGE), SIGBUS));
  CHECK_EQ(ftruncate(fd, 2 * PAGE), 0);
  CHECK_EQ(in_child(write_byte, memory + PAGE), 0);
  CHECK_EQ(memory[PAGE], 1);
  munmap(memory, 3 * PAGE);
  close(fd);
  scratch("mmap_beyond");
}

CASE(File, TruncationTakesPagesAway) {
  int fd = make_file("mmap_truncated", 2 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(memory[0] + memory[PAGE], 3);
  CHECK_EQ(ftruncate(fd, 100), 0);
  CHECK(killed_by(in_child(read_byte, memory + PAGE), SIGBUS));
  CHECK_EQ(memory[99], 1);
  CHECK_EQ(memory[100], 0);
  CHECK_EQ(ftruncate(fd, 2 * PAGE), 0);
  CHECK_EQ(memory[PAGE], 0);
  CHECK_EQ(memory[100], 0);
  munmap(memory, 2 * PAGE);
  close(fd);
  scratch("mmap_truncated");
}

// In a process that has the file mapped by inheritance, and may have its own copy of a page.
static void lose_the_second_page(void *mappings) {
  char **memory = mappings;
  int ready[2], go[2];
  char byte = 0;
  CHILD_CHECK(pipe(ready) == 0 && pipe(go) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    close(go[1]);
    memory[1][PAGE] = 99;
    if (memory[0][PAGE] != 2 || write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1) {
      _exit(1);
    }
    int right = memory[0][0] == 1 && killed_by(in_child(read_byte, memory[0] + PAGE), SIGBUS) &&
                killed_by(in_child(write_byte, memory[1] + PAGE), SIGBUS);
    _exit(right ? 0 : 2);
  }
  int status = -1;
  CHILD_CHECK(pid > 0 && read(ready[0], &byte, 1) == 1);
  CHILD_CHECK(truncate(scratch_path("mmap_shortened"), PAGE) == 0);
  CHILD_CHECK(write(go[1], &byte, 1) == 1);
  CHILD_CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

CASE(File, TruncationTakesPagesAwayInEveryProcess) {
  int fd = make_file("mmap_shortened", 2 * PAGE);
  CHECK(fd >= 0);
  char *memory[2];
  memory[0] = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  memory[1] = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(memory[0] != MAP_FAILED && memory[1] != MAP_FAILED);
  CHECK_EQ(in_child(lose_the_second_page, memory), 0);
  CHECK(killed_by(in_child(read_byte, memory[0] + PAGE), SIGBUS));
  CHECK_EQ(ftruncate(fd, 2 * PAGE), 0);
  CHECK_EQ(memory[0][PAGE], 0);
  CHECK_EQ(memory[1][PAGE], 0);
  munmap(memory[0], 2 * PAGE);
  munmap(memory[1], 2 * PAGE);
  close(fd);
  scratch("mmap_shortened");
}

CASE(File, SurvivesCloseAndUnlink) {
  int fd = make_file("mmap_unlinked", 2 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  scratch("mmap_unlinked");
  close(fd);
  CHECK_EQ(memory[0], 1);
  memory[0] = 77;
  CHECK_EQ(memory[PAGE], 2);
  CHECK_EQ(memory[0], 77);
  CHECK_EQ(munmap(memory, 2 * PAGE), 0);
}

CASE(File, WritesThroughAMappingAreStored) {
  char byte = 0;
  const char *path = scratch("mmap_stored");
  int fd = make_file("mmap_stored", 3 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  close(fd);
  memory[5] = 42;
  memory[2 * PAGE] = 43;
  CHECK_EQ(munmap(memory, 3 * PAGE), 0);
  fd = open(path, O_RDONLY);
  CHECK(fd >= 0);
  CHECK_EQ(pread(fd, &byte, 1, 5), 1);
  CHECK_EQ(byte, 42);
  CHECK_EQ(pread(fd, &byte, 1, 2 * PAGE), 1);
  CHECK_EQ(byte, 43);
  close(fd);
  scratch("mmap_stored");
}

CASE(File, HolesReadAsZerosAndTakeWrites) {
  char byte = 9;
  int fd = make_file("mmap_hole", 0);
  CHECK(fd >= 0);
  CHECK_EQ(ftruncate(fd, 10 * PAGE), 0);
  char *memory = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(memory[3 * PAGE], 0);
  memory[3 * PAGE] = 1;
  memory[7 * PAGE] = 2;
  CHECK_EQ(msync(memory, 10 * PAGE, MS_SYNC), 0);
  CHECK_EQ(pread(fd, &byte, 1, 3 * PAGE), 1);
  CHECK_EQ(byte, 1);
  CHECK_EQ(pread(fd, &byte, 1, 5 * PAGE), 1);
  CHECK_EQ(byte, 0);
  munmap(memory, 10 * PAGE);
  close(fd);
  scratch("mmap_hole");
}

CASE(Sync, RefusesBadArguments) {
  char *memory = anonymous(2);
  CHECK(memory);
  CHECK_EQ(msync(memory, 2 * PAGE, MS_SYNC), 0);
  CHECK_EQ(msync(memory, PAGE, MS_ASYNC), 0);
  CHECK_ERRNO(msync(memory + 1, PAGE, MS_SYNC), EINVAL);
  CHECK_ERRNO(msync(memory, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
  munmap(memory + PAGE, PAGE);
  CHECK_ERRNO(msync(memory, 2 * PAGE, MS_SYNC), ENOMEM);
  munmap(memory, PAGE);
}

CASE(Break, GrowsAndShrinks) {
  char *start = sbrk(0);
  CHECK(start != (void *)-1);
  char *before = sbrk(10 * (long)PAGE);
  CHECK(before == start);
  for (size_t i = 0; i < 10 * PAGE; i += 100) CHECK_EQ(start[i], 0);
  memset(start, 1, 10 * PAGE);
  CHECK(sbrk(-5 * (long)PAGE) == start + 10 * PAGE);
  CHECK(sbrk(0) == start + 5 * PAGE);
  CHECK_EQ(start[5 * PAGE - 1], 1);
  CHECK(sbrk(5 * (long)PAGE) == start + 5 * PAGE);
  // What has been given back whole comes back as zeros.
  char *whole = (char *)(((uintptr_t)start + 5 * PAGE + PAGE - 1) & ~(PAGE - 1));
  CHECK_EQ(whole[0], 0);
  CHECK(sbrk(-10 * (long)PAGE) == start + 10 * PAGE);
}

CASE(Break, RefusesTooMuch) {
  char *start = sbrk(0);
  CHECK_ERRNO((intptr_t)sbrk(1l << 45), ENOMEM);
  CHECK(sbrk(0) == start);
}

static int recurse(int depth) {
  volatile char frame[1024];
  frame[0] = (char)depth;
  frame[1023] = 1;
  return depth == 0 ? 0 : recurse(depth - 1) + frame[1023];
}

static void use_stack(void *depth) { CHILD_CHECK(recurse(*(int *)depth) == *(int *)depth); }

CASE(Stack, GrowsToItsLimit) {
  int megabytes = 4 * 1024, endless = 100 * 1024;
  CHECK_EQ(in_child(use_stack, &megabytes), 0);
  CHECK(killed_by(in_child(use_stack, &endless), SIGSEGV));
}
