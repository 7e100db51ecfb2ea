// Memory as files: shm_open, memfd_create, /dev/zero.
// For memfd_create.
#define _GNU_SOURCE

#include "tests/behaviour/support.h"

#define NAME "/quire-shm-test"

// A new object of this name, of `pages` pages. -1 and a failed case if that is not possible.
static int make_shm(const char *name, size_t pages) {
  shm_unlink(name);
  int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0 || ftruncate(fd, (off_t)(pages * PAGE))) {
    case_failed(__FILE__, __LINE__, "shm_open: %s", strerror(errno));
    return -1;
  }
  return fd;
}

static char *map_shared(int fd, size_t pages) {
  char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    case_failed(__FILE__, __LINE__, "mmap: %s", strerror(errno));
    return NULL;
  }
  return memory;
}

CASE(Shm, IsZeroAndShared) {
  int fd = make_shm(NAME, 4);
  CHECK(fd >= 0);
  char *one = map_shared(fd, 4), *two = map_shared(fd, 4);
  CHECK(one && two);
  for (size_t i = 0; i < 4 * PAGE; i += 64) CHECK_EQ(one[i], 0);
  one[PAGE + 1] = 5;
  CHECK_EQ(two[PAGE + 1], 5);
  char byte = 0;
  CHECK_EQ(pread(fd, &byte, 1, PAGE + 1), 1);
  CHECK_EQ(byte, 5);
  byte = 6;
  CHECK_EQ(pwrite(fd, &byte, 1, 2 * PAGE), 1);
  CHECK_EQ(one[2 * PAGE] + two[2 * PAGE], 12);
  CHECK_EQ(msync(one, 4 * PAGE, MS_SYNC), 0);
  CHECK_EQ(fsync(fd), 0);
  munmap(one, 4 * PAGE);
  munmap(two, 4 * PAGE);
  close(fd);
  CHECK_EQ(shm_unlink(NAME), 0);
}

static void write_by_name(void *unused) {
  (void)unused;
  int fd = shm_open(NAME, O_RDWR, 0);
  CHILD_CHECK(fd >= 0);
  char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHILD_CHECK(memory != MAP_FAILED);
  strcpy(memory, "from the child");
}

CASE(Shm, IsFoundByName) {
  int fd = make_shm(NAME, 1);
  CHECK(fd >= 0);
  char *memory = map_shared(fd, 1);
  CHECK(memory);
  CHECK_EQ(in_child(write_by_name, NULL), 0);
  CHECK_EQ(strcmp(memory, "from the child"), 0);
  munmap(memory, PAGE);
  close(fd);
  CHECK_EQ(shm_unlink(NAME), 0);
}

CASE(Shm, KeepsItsContentWhileNobodyHasItOpen) {
  int fd = make_shm(NAME, 1);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, "kept", 4), 4);
  close(fd);
  fd = shm_open(NAME, O_RDONLY, 0);
  CHECK(fd >= 0);
  char bytes[5] = {0};
  CHECK_EQ(read(fd, bytes, 4), 4);
  CHECK_EQ(strcmp(bytes, "kept"), 0);
  close(fd);
  CHECK_EQ(shm_unlink(NAME), 0);
}

CASE(Shm, LivesUnlinkedWhileMapped) {
  int fd = make_shm(NAME, 2);
  CHECK(fd >= 0);
  char *memory = map_shared(fd, 2);
  CHECK(memory);
  CHECK_EQ(shm_unlink(NAME), 0);
  CHECK_ERRNO(shm_unlink(NAME), ENOENT);
  CHECK_ERRNO(shm_open(NAME, O_RDWR, 0), ENOENT);
  close(fd);
  memory[0] = 1;
  memory[PAGE] = 2;
  CHECK_EQ(memory[0] + memory[PAGE], 3);
  munmap(memory, 2 * PAGE);
}

CASE(Shm, UnlinkedNameIsFreeForAnother) {
  int first = make_shm(NAME, 1);
  CHECK(first >= 0);
  CHECK_EQ(write(first, "first", 5), 5);
  int second = make_shm(NAME, 1);
  CHECK(second >= 0);
  char bytes[6] = {0};
  CHECK_EQ(pread(second, bytes, 5, 0), 5);
  CHECK_EQ(bytes[0], 0);
  CHECK_EQ(pread(first, bytes, 5, 0), 5);
  CHECK_EQ(strcmp(bytes, "first"), 0);
  close(first);
  close(second);
  CHECK_EQ(shm_unlink(NAME), 0);
}

CASE(Shm, TruncationTakesPagesAway) {
  int fd = make_shm(NAME, 3);
  CHECK(fd >= 0);
  char *memory = map_shared(fd, 3);
  CHECK(memory);
  memset(memory, 7, 3 * PAGE);
  CHECK_EQ(ftruncate(fd, PAGE + 10), 0);
  CHECK_EQ(memory[PAGE + 9], 7);
  CHECK(killed_by(in_child(read_byte, memory + 2 * PAGE), SIGBUS));
  CHECK_EQ(ftruncate(fd, 3 * PAGE), 0);
  CHECK_EQ(memory[PAGE + 9], 7);
  CHECK_EQ(memory[PAGE + 10], 0);
  CHECK_EQ(memory[2 * PAGE], 0);
  struct stat status;
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_size, 3 * PAGE);
  CHECK(S_ISREG(status.st_mode));
  CHECK_EQ(status.st_mode & 0777, 0600);
  munmap(memory, 3 * PAGE);
  close(fd);
  CHECK_EQ(shm_unlink(NAME), 0);
}

CASE(Shm, RightsAreChecked) {
  int fd = make_shm(NAME, 1);
  CHECK(fd >= 0);
  close(fd);
  fd = shm_open(NAME, O_RDONLY, 0);
  CHECK(fd >= 0);
  CHECK_ERRNO(write(fd, "x", 1), EBADF);
  CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
  char *memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_ERRNO(mprotect(memory, PAGE, PROT_READ | PROT_WRITE), EACCES);
  munmap(memory, PAGE);
  memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  memory[0] = 1;
  char byte = 9;
  CHECK_EQ(pread(fd, &byte, 1, 0), 1);
  CHECK_EQ(byte, 0);
  munmap(memory, PAGE);
  close(fd);
  CHECK_EQ(shm_unlink(NAME), 0);
}

CASE(Shm, NamesAreChecked) {
  CHECK_ERRNO(shm_open("/quire/shm", O_RDWR | O_CREAT, 0600), EINVAL);
  CHECK_ERRNO(shm_open("/", O_RDWR | O_CREAT, 0600), EINVAL);
  CHECK_ERRNO(shm_open("/quire-none", O_RDWR, 0600), ENOENT);
  CHECK_ERRNO(shm_unlink("/quire-none"), ENOENT);
  int fd = make_shm(NAME, 1);
  CHECK(fd >= 0);
  CHECK_ERRNO(shm_open(NAME, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  close(fd);
  fd = shm_open(NAME, O_RDWR | O_TRUNC, 0);
  CHECK(fd >= 0);
  CHECK_EQ(lseek(fd, 0, SEEK_END), 0);
  close(fd);
  CHECK_EQ(shm_unlink(NAME), 0);
}

CASE(Shm, IsSharedOverFork) {
  int fd = make_shm(NAME, 1);
  CHECK(fd >= 0);
  char *memory = map_shared(fd, 1);
  CHECK(memory);
  CHECK_EQ(in_child(write_byte, memory), 0);
  CHECK(memory[0] != 0);
  munmap(memory, PAGE);
  close(fd);
  CHECK_EQ(shm_unlink(NAME), 0);
}

CASE(Memfd, GrowsAndIsMapped) {
  int fd = memfd_create("test", MFD_CLOEXEC);
  CHECK(fd >= 0);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(write(fd, "abc", 3), 3);
  CHECK_EQ(pwrite(fd, "z", 1, 3 * PAGE), 1);
  CHECK_EQ(lseek(fd, 0, SEEK_END), 3 * PAGE + 1);
  char *memory = map_shared(fd, 4);
  CHECK(memory);
  CHECK_EQ(memory[2] + memory[PAGE] + memory[3 * PAGE], 'c' + 'z');
  memory[PAGE] = 'm';
  char byte = 0;
  CHECK_EQ(pread(fd, &byte, 1, PAGE), 1);
  CHECK_EQ(byte, 'm');
  close(fd);
  CHECK_EQ(memory[PAGE], 'm');
  munmap(memory, 4 * PAGE);
}

CASE(Memfd, RefusesBadArguments) {
  CHECK_ERRNO(memfd_create("test", 0x8000), EINVAL);
  int fd = memfd_create("test", 0);
  CHECK(fd >= 0);
  CHECK_EQ(fcntl(fd, F_GETFD), 0);
  CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
  CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
  struct stat status;
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_nlink, 0);
  close(fd);
}

CASE(Memfd, ComeAndGo) {
  for (int i = 0; i < 300; ++i) {
    int fd = memfd_create("many", 0);
    CHECK(fd >= 0);
    CHECK_EQ(ftruncate(fd, 4 * PAGE), 0);
    char *memory = map_shared(fd, 4);
    CHECK(memory);
    memset(memory, i, 4 * PAGE);
    if (i % 2) close(fd);
    CHECK_EQ(munmap(memory, 4 * PAGE), 0);
    if (i % 2 == 0) close(fd);
  }
}

CASE(DevZero, PrivateMappingIsAnonymousMemory) {
  int fd = open("/dev/zero", O_RDWR);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(memory[0] + memory[PAGE], 0);
  memory[PAGE] = 1;
  char *other = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(other != MAP_FAILED);
  CHECK_EQ(other[PAGE], 0);
  close(fd);
  CHECK_EQ(memory[PAGE], 1);
  munmap(memory, 2 * PAGE);
  munmap(other, 2 * PAGE);
}

CASE(DevZero, SharedMappingIsSharedWithChildrenAlone) {
  int fd = open("/dev/zero", O_RDWR);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(in_child(write_byte, memory), 0);
  CHECK(memory[0] != 0);
  char *other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(other != MAP_FAILED);
  CHECK_EQ(other[0], 0);
  close(fd);
  munmap(memory, PAGE);
  munmap(other, PAGE);
}

CASE(DevZero, MappingHasTheRightsOfTheDescriptor) {
  int reader = open("/dev/zero", O_RDONLY), writer = open("/dev/zero", O_WRONLY);
  CHECK(reader >= 0 && writer >= 0);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0), EACCES);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_NONE, MAP_SHARED, writer, 0), EACCES);
  CHECK_ERRNO(mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE, writer, 0), EACCES);
  char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
  char *private = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, reader, 0);
  CHECK(shared != MAP_FAILED && private != MAP_FAILED);
  CHECK_ERRNO(mprotect(shared, PAGE, PROT_READ | PROT_WRITE), EACCES);
  CHECK_EQ(mprotect(private, PAGE, PROT_READ | PROT_WRITE), 0);
  private[0] = 1;
  CHECK_EQ(shared[0], 0);
  munmap(shared, PAGE);
  munmap(private, PAGE);
  close(reader);
  close(writer);
}
