// read and write with memory that is not there, ftruncate, shm_open, memfd_create.
#define _GNU_SOURCE

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/vm/errors/errors.h"

void errors_transfer(void) {
  int fd = errors_file(O_RDWR);
  char *memory = errors_memory_with_hole(4, 1), bytes[16];
  mprotect(memory + 2 * PAGE, PAGE, PROT_READ);
  mprotect(memory + 3 * PAGE, PAGE, PROT_NONE);
  ROW("read to a hole", pread(fd, memory + PAGE, 10, 0));
  ROW("read to memory that is read only", pread(fd, memory + 2 * PAGE, 10, 0));
  ROW("read to memory without rights", pread(fd, memory + 3 * PAGE, 10, 0));
  ROW("read to the kernel", pread(fd, KERNEL, 10, 0));
  ROW("read to the end", pread(fd, (void *)WRAPS, 2 * PAGE, 0));
  ROW("read to 0", pread(fd, NOWHERE, 10, 0));
  ROW("read nothing to a hole", pread(fd, memory + PAGE, 0, 0));
  ROW("read behind the end to a hole", pread(fd, memory + PAGE, 10, 100 * (off_t)PAGE));
  ROW("read from offset -1", pread(fd, bytes, 10, -1));
  ROW("read", pread(fd, memory, 10, 0));
  ROW("write from a hole", pwrite(fd, memory + PAGE, 10, 0));
  ROW("write from memory without rights", pwrite(fd, memory + 3 * PAGE, 10, 0));
  ROW("write from the kernel", pwrite(fd, KERNEL, 10, 0));
  ROW("write from 0", pwrite(fd, NOWHERE, 10, 0));
  ROW("write nothing from a hole", pwrite(fd, memory + PAGE, 0, 0));
  ROW("write to offset -1", pwrite(fd, memory, 10, -1));
  ROW("write from memory that is read only", pwrite(fd, memory + 2 * PAGE, 10, 0));
  ROW("size", lseek(fd, 0, SEEK_END));
  ROW("write from a hole at the end", write(fd, memory + PAGE, 10));
  ROW("position after it", lseek(fd, 0, SEEK_CUR));
  ROW("size after it", lseek(fd, 0, SEEK_END));
  ROW("read from the start to a hole", lseek(fd, 0, SEEK_SET) + read(fd, memory + PAGE, 10));
  ROW("position after reading", lseek(fd, 0, SEEK_CUR));
  errors_memory_free(memory, 4);
  close(fd);
}

void errors_truncate(void) {
  int fd = errors_file(O_RDWR), rdonly = errors_file(O_RDONLY), ends[2];
  if (pipe(ends)) return;
  ROW("negative", ftruncate(fd, -1));
  ROW("read only", ftruncate(rdonly, 0));
  ROW("pipe", ftruncate(ends[1], 0));
  ROW("descriptor -1", ftruncate(-1, 0));
  ROW("by a name that is not there", truncate("/no/such/file", 0));
  ROW("by the name of a directory", truncate("/", 0));
  ROW("by a negative length", truncate("/", -1));
  close(fd);
  close(rdonly);
  close(ends[0]);
  close(ends[1]);
}

#if HAVE_MEMFD
static void memory_files(void) {
  char name[300];
  memset(name, 'x', sizeof name);
  name[249] = 0;
  int fd = memfd_create(name, 0);
  ROW("memfd, longest name", fd >= 0);
  close(fd);
  name[249] = 'x';
  name[250] = 0;
  ROW("memfd, name too long", memfd_create(name, 0));
  ROW("memfd, unknown flags", memfd_create("x", 0x10000));
  ROW("memfd, no name", memfd_create(NOWHERE, 0));
  fd = memfd_create("", MFD_CLOEXEC);
  ROW("memfd, empty name", fd >= 0);
  ROW("memfd, length", ftruncate(fd, 5000));
  ROW("memfd, negative length", ftruncate(fd, -1));
  ROW("memfd, size", lseek(fd, 0, SEEK_END));
  close(fd);
}

void errors_shared_memory(void) {
  shm_unlink("/quire_errors");
  ROW("unlink what is not there", shm_unlink("/quire_errors"));
  ROW("open what is not there", shm_open("/quire_errors", O_RDWR, 0600));
  int fd = shm_open("/quire_errors", O_RDWR | O_CREAT | O_EXCL, 0600);
  ROW("make", fd >= 0);
  ROW("make again", shm_open("/quire_errors", O_RDWR | O_CREAT | O_EXCL, 0600));
  ROW("size at first", lseek(fd, 0, SEEK_END));
  ROW("grow", ftruncate(fd, (off_t)PAGE));
  ROW("size then", lseek(fd, 0, SEEK_END));
  int rdonly = shm_open("/quire_errors", O_RDONLY, 0);
  ROW("open read only", rdonly >= 0);
  ROW("map it for writing", mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, rdonly, 0));
  ROW("truncate it", ftruncate(rdonly, 0));
  ROW("empty name", shm_open("", O_RDWR | O_CREAT, 0600));
  ROW("only a slash", shm_open("/", O_RDWR | O_CREAT, 0600));
  ROW("a slash in the middle", shm_open("/a/b", O_RDWR | O_CREAT, 0600));
  ROW("unlink", shm_unlink("/quire_errors"));
  ROW("unlink again", shm_unlink("/quire_errors"));
  ROW("unlink the empty name", shm_unlink(""));
  close(fd);
  close(rdonly);
  memory_files();
}
#endif
