// For MAP_ANONYMOUS.
#define _GNU_SOURCE

#include "tests/vm/errors/errors.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

row_sink *errors_sink;
void *volatile errors_nowhere;

static const struct {
  int number;
  const char *name;
} names[] = {
    {EPERM, "EPERM"},
    {ENOENT, "ENOENT"},
    {ESRCH, "ESRCH"},
    {EINTR, "EINTR"},
    {ENXIO, "ENXIO"},
    {E2BIG, "E2BIG"},
    {ENOEXEC, "ENOEXEC"},
    {EXDEV, "EXDEV"},
    {ENOTTY, "ENOTTY"},
    {ENOTEMPTY, "ENOTEMPTY"},
    {ELOOP, "ELOOP"},
    {EIO, "EIO"},
    {EBADF, "EBADF"},
    {EAGAIN, "EAGAIN"},
    {ENOMEM, "ENOMEM"},
    {EACCES, "EACCES"},
    {EFAULT, "EFAULT"},
    {EBUSY, "EBUSY"},
    {EEXIST, "EEXIST"},
    {ENODEV, "ENODEV"},
    {ENOTDIR, "ENOTDIR"},
    {EISDIR, "EISDIR"},
    {EINVAL, "EINVAL"},
    {EFBIG, "EFBIG"},
    {ENOSPC, "ENOSPC"},
    {ESPIPE, "ESPIPE"},
    {ENAMETOOLONG, "ENAMETOOLONG"},
    {ENOSYS, "ENOSYS"},
    {EOVERFLOW, "EOVERFLOW"},
    {EMFILE, "EMFILE"},
    {EROFS, "EROFS"},
    {ENOTSUP, "ENOTSUP"},
    {ECHILD, "ECHILD"},
    {0, "0"},
};

static const char *name_of(int error) {
  static char number[24];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (names[i].number == error) return names[i].name;
  }
  snprintf(number, sizeof number, "errno %d", error);
  return number;
}

void errors_row_number(const char *text, int error) { errors_sink(text, name_of(error)); }

void errors_row(const char *text, long result) {
  char number[24];
  if (result == -1) {
    errors_sink(text, name_of(errno));
  } else if (result < 0 || result >= 1l << 30) {
    errors_sink(text, "ok");
  } else {
    snprintf(number, sizeof number, "%ld", result);
    errors_sink(text, number);
  }
}

char *errors_memory(size_t pages) {
  char *whole =
      mmap(NULL, (pages + 2) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (whole == MAP_FAILED) abort();
  munmap(whole, PAGE);
  munmap(whole + (pages + 1) * PAGE, PAGE);
  return whole + PAGE;
}

void errors_memory_free(char *memory, size_t pages) { munmap(memory, pages * PAGE); }

char *errors_memory_with_hole(size_t pages, size_t hole) {
  char *memory = errors_memory(pages);
  munmap(memory + hole * PAGE, PAGE);
  return memory;
}

int errors_file(int flags) {
  char path[256], bytes[2 * PAGE + PAGE / 2];
  const char *directory = getenv("TEST_TMPDIR");
  snprintf(path, sizeof path, "%s/errors_file", directory ? directory : "/tmp");
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  memset(bytes, 'x', sizeof bytes);
  if (fd < 0 || write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes) abort();
  close(fd);
  fd = open(path, flags);
  if (fd < 0) abort();
  unlink(path);
  return fd;
}
