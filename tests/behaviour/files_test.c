// Files, descriptors, devices and streams.
#include <limits.h>

#include "tests/behaviour/support.h"

#define BAD_FD 50

CASE(Open, MakesFiles) {
  struct stat status;
  const char *path = scratch("open_new");
  CHECK_ERRNO(open(path, O_RDWR), ENOENT);
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0640);
  CHECK(fd >= 0);
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK(S_ISREG(status.st_mode));
  CHECK_EQ(status.st_mode & 0777, 0640);
  CHECK_EQ(status.st_size, 0);
  CHECK_EQ(status.st_nlink, 1);
  CHECK_ERRNO(open(path, O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
  CHECK_EQ(close(fd), 0);
  CHECK_ERRNO(close(fd), EBADF);
  CHECK_EQ(unlink(path), 0);
  CHECK_ERRNO(unlink(path), ENOENT);
}

CASE(Open, UsesTheUmask) {
  struct stat status;
  mode_t old = umask(027);
  int fd = open(scratch("open_umask"), O_RDWR | O_CREAT, 0666);
  CHECK_EQ(umask(old), 027);
  CHECK(fd >= 0);
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_mode & 0777, 0640);
  close(fd);
  scratch("open_umask");
}

CASE(Open, Truncates) {
  struct stat status;
  int fd = make_file("open_truncate", 3 * PAGE);
  CHECK(fd >= 0);
  close(fd);
  char path[300];
  strcpy(path, scratch_path("open_truncate"));
  fd = open(path, O_WRONLY | O_TRUNC);
  CHECK(fd >= 0);
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_size, 0);
  close(fd);
  unlink(path);
}

CASE(Open, RefusesBadPaths) {
  char longer[PATH_MAX + 10];
  memset(longer, 'a', sizeof longer);
  longer[sizeof longer - 1] = 0;
  CHECK_ERRNO(open("", O_RDONLY), ENOENT);
  CHECK_ERRNO(open("/nowhere/file", O_RDWR | O_CREAT, 0600), ENOENT);
  CHECK_ERRNO(open(longer, O_RDONLY), ENAMETOOLONG);
  longer[300] = 0;
  CHECK_ERRNO(open(longer, O_RDONLY), ENAMETOOLONG);
  CHECK_ERRNO(open("/", O_RDWR), EISDIR);
  int fd = make_file("open_file", 1);
  CHECK(fd >= 0);
  close(fd);
  char below[300];
  strcpy(below, scratch_path("open_file/x"));
  CHECK_ERRNO(open(below, O_RDONLY), ENOTDIR);
  *strrchr(below, '/') = 0;
  CHECK_ERRNO(open(below, O_RDONLY | O_DIRECTORY), ENOTDIR);
  unlink(below);
}

CASE(Open, HasALimit) {
  int fds[2000], count = 0;
  while (count < 2000 && (fds[count] = open("/", O_RDONLY)) >= 0) ++count;
  int error = errno;
  for (int i = 0; i < count; ++i) close(fds[i]);
  CHECK(count >= 16);
  CHECK(count == 2000 || error == EMFILE);
}

CASE(Open, GivesTheLowestDescriptor) {
  int a = open("/", O_RDONLY), b = open("/", O_RDONLY), c = open("/", O_RDONLY);
  CHECK(a >= 0 && b > a && c > b);
  close(b);
  CHECK_EQ(open("/", O_RDONLY), b);
  close(a);
  close(b);
  close(c);
}

CASE(Read, ReturnsWhatWasWritten) {
  char text[64];
  int fd = make_file("read_write", 0);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, "hello, file", 11), 11);
  CHECK_EQ(read(fd, text, sizeof text), 0);
  CHECK_EQ(lseek(fd, 7, SEEK_SET), 7);
  CHECK_EQ(read(fd, text, sizeof text), 4);
  CHECK_EQ(memcmp(text, "file", 4), 0);
  CHECK_EQ(read(fd, text, 0), 0);
  close(fd);
  scratch("read_write");
}

CASE(Read, AcrossPages) {
  static char data[5 * 4096 + 123], back[sizeof data];
  int fd = make_file("read_pages", 0);
  CHECK(fd >= 0);
  for (size_t i = 0; i < sizeof data; ++i) data[i] = (char)(i * 7 + i / 251);
  CHECK_EQ(write(fd, data, sizeof data), sizeof data);
  CHECK_EQ(pread(fd, back, sizeof back, 0), sizeof back);
  CHECK_EQ(memcmp(data, back, sizeof data), 0);
  CHECK_EQ(pread(fd, back, 5000, 4000), 5000);
  CHECK_EQ(memcmp(data + 4000, back, 5000), 0);
  CHECK_EQ(pread(fd, back, 5000, sizeof data - 10), 10);
  CHECK_EQ(pread(fd, back, 10, sizeof data + 10), 0);
  close(fd);
  scratch("read_pages");
}

CASE(Read, ManySizesAndOffsets) {
  static char model[40000], back[40000];
  size_t size = 0;
  unsigned random = 12345;
  int fd = make_file("read_model", 0);
  CHECK(fd >= 0);
  memset(model, 0, sizeof model);
  for (int i = 0; i < 300; ++i) {
    random = random * 1103515245 + 12345;
    size_t at = random / 65536 % 30000;
    random = random * 1103515245 + 12345;
    size_t length = random / 65536 % 9000;
    if (i % 3) {
      memset(model + at, i, length);
      CHECK_EQ(pwrite(fd, model + at, length, (off_t)at), length);
      if (length && at + length > size) size = at + length;
    } else {
      size_t expected = at >= size ? 0 : size - at < length ? size - at : length;
      CHECK_EQ(pread(fd, back, length, (off_t)at), expected);
      CHECK_EQ(memcmp(back, model + at, expected), 0);
    }
  }
  struct stat status;
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_size, size);
  close(fd);
  scratch("read_model");
}

CASE(Read, RefusesBadArguments) {
  char byte = 0, *volatile nowhere = (char *)8;
  CHECK_ERRNO(read(BAD_FD, &byte, 1), EBADF);
  CHECK_ERRNO(write(BAD_FD, &byte, 1), EBADF);
  CHECK_ERRNO(read(-1, &byte, 1), EBADF);
  CHECK_ERRNO(read(1 << 20, &byte, 1), EBADF);
  int fd = make_file("read_bad", PAGE);
  CHECK(fd >= 0);
  CHECK_ERRNO(pread(fd, &byte, 1, -1), EINVAL);
  CHECK_ERRNO(pread(fd, nowhere, 10, 0), EFAULT);
  CHECK_ERRNO(pwrite(fd, nowhere, 10, 0), EFAULT);
  CHECK_ERRNO(pread(fd, (char *)(uintptr_t)read_byte, 10, 0), EFAULT);
  CHECK_EQ(pread(fd, &byte, 1, 0), 1);
  CHECK_EQ(byte, 1);
  close(fd);
  fd = open(scratch("read_bad"), O_WRONLY | O_CREAT, 0600);
  CHECK_ERRNO(read(fd, &byte, 1), EBADF);
  close(fd);
  fd = open("/", O_RDONLY);
  CHECK_ERRNO(read(fd, &byte, 1), EISDIR);
  CHECK_ERRNO(write(fd, &byte, 1), EBADF);
  close(fd);
  scratch("read_bad");
}

CASE(Read, IntoUntouchedMemory) {
  int fd = make_file("read_untouched", 3 * PAGE);
  CHECK(fd >= 0);
  char *memory = anonymous(4);
  CHECK(memory);
  CHECK_EQ(pread(fd, memory + 100, 3 * PAGE, 0), 3 * PAGE);
  CHECK_EQ(memory[99], 0);
  CHECK_EQ(memory[100], 1);
  CHECK_EQ(memory[100 + 3 * PAGE - 1], 3);
  CHECK_EQ(memory[100 + 3 * PAGE], 0);
  munmap(memory, 4 * PAGE);
  close(fd);
  scratch("read_untouched");
}

CASE(Write, FromUntouchedMemory) {
  char back[100];
  int fd = make_file("write_untouched", PAGE);
  CHECK(fd >= 0);
  char *memory = anonymous(1);
  CHECK(memory);
  CHECK_EQ(pwrite(fd, memory, 100, 0), 100);
  CHECK_EQ(pread(fd, back, 100, 0), 100);
  for (int i = 0; i < 100; ++i) CHECK_EQ(back[i], 0);
  munmap(memory, PAGE);
  close(fd);
  scratch("write_untouched");
}

CASE(Write, FromAMappingOfTheSameFile) {
  char byte = 0;
  int fd = make_file("write_self", 2 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(pwrite(fd, memory + PAGE, PAGE, 0), PAGE);
  CHECK_EQ(memory[0], 2);
  CHECK_EQ(pread(fd, memory, PAGE, PAGE), PAGE);
  CHECK_EQ(pread(fd, &byte, 1, 0), 1);
  CHECK_EQ(byte, 2);
  munmap(memory, 2 * PAGE);
  close(fd);
  scratch("write_self");
}

CASE(Write, Appends) {
  char text[16] = {0};
  int fd = open(scratch("append"), O_RDWR | O_CREAT | O_APPEND, 0600);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, "one", 3), 3);
  CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
  CHECK_EQ(write(fd, "two", 3), 3);
  CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
  CHECK_EQ(pread(fd, text, 10, 0), 6);
  CHECK_EQ(strcmp(text, "onetwo"), 0);
  close(fd);
  scratch("append");
}

CASE(Write, BehindTheEndLeavesAHole) {
  char text[8];
  struct stat status;
  int fd = make_file("hole", 3);
  CHECK(fd >= 0);
  CHECK_EQ(pwrite(fd, "end", 3, 50 * PAGE), 3);
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_size, 50 * PAGE + 3);
  CHECK(status.st_blocks * 512 < 50l * (long)PAGE);
  CHECK_EQ(pread(fd, text, 4, 1), 4);
  CHECK_EQ(text[0] + text[1], 2);
  CHECK_EQ(text[2] + text[3], 0);
  CHECK_EQ(pread(fd, text, 4, 20 * PAGE), 4);
  CHECK_EQ(text[0] | text[1] | text[2] | text[3], 0);
  close(fd);
  scratch("hole");
}

CASE(Seek, CountsFromThreePlaces) {
  int fd = make_file("seek", 100);
  CHECK(fd >= 0);
  CHECK_EQ(lseek(fd, 10, SEEK_SET), 10);
  CHECK_EQ(lseek(fd, 10, SEEK_CUR), 20);
  CHECK_EQ(lseek(fd, -10, SEEK_END), 90);
  CHECK_EQ(lseek(fd, 100, SEEK_END), 200);
  CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
  CHECK_ERRNO(lseek(fd, 0, 77), EINVAL);
  CHECK_EQ(lseek(fd, 0, SEEK_CUR), 200);
  CHECK_ERRNO(lseek(BAD_FD, 0, SEEK_SET), EBADF);
  close(fd);
  scratch("seek");
}

CASE(Truncate, ShortensAndLengthens) {
  char text[10];
  struct stat status;
  int fd = make_file("truncate", 2 * PAGE);
  CHECK(fd >= 0);
  CHECK_EQ(ftruncate(fd, 5), 0);
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK_EQ(status.st_size, 5);
  CHECK_EQ(ftruncate(fd, PAGE), 0);
  CHECK_EQ(pread(fd, text, 10, 0), 10);
  CHECK_EQ(text[4], 1);
  for (int i = 5; i < 10; ++i) CHECK_EQ(text[i], 0);
  CHECK_ERRNO(ftruncate(fd, -1), EINVAL);
  CHECK_ERRNO(ftruncate(BAD_FD, 0), EBADF);
  close(fd);
  scratch("truncate");
}

CASE(Descriptors, DupSharesThePosition) {
  char byte;
  int fd = make_file("dup", 2 * PAGE);
  CHECK(fd >= 0);
  int copy = dup(fd);
  CHECK(copy > fd);
  CHECK_EQ(lseek(fd, PAGE, SEEK_SET), PAGE);
  CHECK_EQ(read(copy, &byte, 1), 1);
  CHECK_EQ(byte, 2);
  CHECK_EQ(lseek(fd, 0, SEEK_CUR), PAGE + 1);
  CHECK_EQ(close(fd), 0);
  CHECK_EQ(read(copy, &byte, 1), 1);
  CHECK_ERRNO(dup(fd), EBADF);
  CHECK_ERRNO(dup2(fd, copy), EBADF);
  CHECK_EQ(dup2(copy, copy), copy);
  CHECK_EQ(dup2(copy, 40), 40);
  CHECK_EQ(read(40, &byte, 1), 1);
  CHECK_ERRNO(dup2(copy, 1 << 20), EBADF);
  close(40);
  close(copy);
  scratch("dup");
}

CASE(Descriptors, HaveFlags) {
  int fd = make_file("flags", 0);
  CHECK(fd >= 0);
  CHECK_EQ(fcntl(fd, F_GETFD), 0);
  CHECK_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
  CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
  CHECK(fcntl(fd, F_GETFL) & O_APPEND);
  int copy = fcntl(fd, F_DUPFD, 30);
  CHECK(copy >= 30);
  CHECK_EQ(fcntl(copy, F_GETFD), 0);
  CHECK_ERRNO(fcntl(BAD_FD, F_GETFD), EBADF);
  close(copy);
  close(fd);
  scratch("flags");
}

static void read_on(void *fd) {
  char byte;
  CHILD_CHECK(read(*(int *)fd, &byte, 1) == 1 && byte == 1);
}

CASE(Descriptors, AreSharedOverFork) {
  int fd = make_file("shared_position", PAGE);
  CHECK(fd >= 0);
  CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
  CHECK_EQ(in_child(read_on, &fd), 0);
  CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1);
  close(fd);
  scratch("shared_position");
}

CASE(Devices, NullAndZero) {
  char bytes[4] = {1, 2, 3, 4};
  int fd = open("/dev/null", O_RDWR);
  CHECK(fd >= 0);
  CHECK_EQ(read(fd, bytes, 4), 0);
  CHECK_EQ(write(fd, bytes, 4), 4);
  close(fd);
  fd = open("/dev/zero", O_RDWR);
  CHECK(fd >= 0);
  CHECK_EQ(read(fd, bytes, 4), 4);
  CHECK_EQ(bytes[0] | bytes[1] | bytes[2] | bytes[3], 0);
  CHECK_EQ(write(fd, bytes, 4), 4);
  CHECK(!isatty(fd));
  close(fd);
}

CASE(Streams, BufferAndSeek) {
  char line[32];
  const char *path = scratch("stream");
  FILE *file = fopen(path, "w+");
  CHECK(file);
  for (int i = 0; i < 1000; ++i) fprintf(file, "line %d\n", i);
  CHECK_EQ(fseek(file, 0, SEEK_SET), 0);
  for (int i = 0; i < 1000; ++i) {
    CHECK(fgets(line, sizeof line, file));
    CHECK_EQ(atoi(line + 5), i);
  }
  CHECK(!fgets(line, sizeof line, file));
  CHECK(feof(file));
  CHECK_EQ(fclose(file), 0);
  CHECK(!fopen("/nowhere/x", "r"));
  CHECK_EQ(errno, ENOENT);
  file = fopen(path, "a");
  CHECK(file);
  fputs("last\n", file);
  fclose(file);
  struct stat status;
  CHECK_EQ(stat(path, &status), 0);
  CHECK_EQ(status.st_size, 10 * 7 + 90 * 8 + 900 * 9 + 5);
  unlink(path);
}

static void write_and_leave(void *path) {
  FILE *file = fopen(path, "w");
  CHILD_CHECK(file);
  fputs("not closed", file);
  exit(0);
}

CASE(Streams, AreFlushedAtExit) {
  struct stat status;
  char path[300];
  strcpy(path, scratch("stream_exit"));
  CHECK_EQ(in_child(write_and_leave, path), 0);
  CHECK_EQ(stat(path, &status), 0);
  CHECK_EQ(status.st_size, 10);
  unlink(path);
}

CASE(Temporary, FilesAreNew) {
  char a[300], b[300];
  strcpy(a, scratch_path("tmpXXXXXX"));
  strcpy(b, a);
  int fd = mkstemp(a), other = mkstemp(b);
  CHECK(fd >= 0 && other >= 0);
  CHECK(strcmp(a, b) != 0);
  close(fd);
  close(other);
  CHECK_EQ(unlink(a), 0);
  CHECK_EQ(unlink(b), 0);
}
