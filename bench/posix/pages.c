#include "bench/posix/pages.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/posix/measure.h"

volatile char *pages_map(size_t count) {
  void *pages =
      mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(pages != MAP_FAILED, "mmap");
  return pages;
}

void pages_unmap(volatile char *pages, size_t count) {
  must(munmap((void *)pages, count * PAGE) == 0, "munmap");
}

void pages_write(volatile char *pages, size_t count) {
  for (size_t i = 0; i < count; i++) pages[i * PAGE] = 1;
}

int pages_file(size_t count) {
  static char page[PAGE];
  char name[] = "/tmp/benchXXXXXX";
  int fd = mkstemp(name);
  must(fd >= 0 && unlink(name) == 0, name);
  memset(page, 'q', sizeof page);
  for (size_t i = 0; i < count; i++) must(write(fd, page, sizeof page) == (ssize_t)PAGE, "write");
  must(fsync(fd) == 0, "fsync");
  return fd;
}
