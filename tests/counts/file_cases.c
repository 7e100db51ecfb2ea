// Mapped files are the page cache itself.
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/counts/probe.h"

// An open file of `pages` pages, all in the cache and stored.
static int make_file(const char *path, int pages) {
  static char page[PAGE];
  memset(page, 'x', sizeof page);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  for (int i = 0; fd >= 0 && i < pages; ++i) {
    if (write(fd, page, sizeof page) != (ssize_t)sizeof page) return -1;
  }
  return fd >= 0 && fsync(fd) == 0 ? fd : -1;
}

// Maps it at the start of a leaf.
static char *map_file(const struct area *area, int fd, int pages, int flags) {
  char *memory =
      mmap(area->start, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

CASE(MappedFile, ReadsFromTheCache) {
  struct area area;
  int fd = make_file("/tmp/counts_read", 16);
  CHECK(fd >= 0);
  CHECK(map_area(&area, 64));
  char *memory = map_file(&area, fd, 16, MAP_PRIVATE);
  CHECK(memory);
  probe_begin();
  CHECK_EQ(read_pages(memory, 16, 1), 16 * 'x');
  probe_end();
  CHECK_COUNTS(1, 0, 0);  // one fault for the whole window
  CHECK_EQ(SYSTEM(faults_file), 1);
  CHECK_EQ(SYSTEM(pages_in), 0);
  CHECK_EQ(SYSTEM(frames_free), 0);
  unmap_area(&area);
  close(fd);
  unlink("/tmp/counts_read");
}

CASE(MappedFile, PrivateWriteCopies) {
  struct area area;
  int fd = make_file("/tmp/counts_private", 16);
  CHECK(fd >= 0);
  CHECK(map_area(&area, 64));
  char *memory = map_file(&area, fd, 16, MAP_PRIVATE);
  CHECK(memory);
  probe_begin();
  write_pages(memory, 16, 1);
  probe_end();
  CHECK_COUNTS(16, 0, 16);
  probe_begin();
  write_pages(memory, 16, 1);
  probe_end();
  CHECK_COUNTS(0, 0, 0);
  unmap_area(&area);
  close(fd);
  unlink("/tmp/counts_private");
}

CASE(MappedFile, SharedWriteCopiesNothing) {
  struct area area;
  int fd = make_file("/tmp/counts_shared", 16);
  CHECK(fd >= 0);
  CHECK(map_area(&area, 64));
  char *memory = map_file(&area, fd, 16, MAP_SHARED);
  CHECK(memory);
  probe_begin();
  write_pages(memory, 16, 1);
  probe_end();
  CHECK_COUNTS(1, 0, 0);
  CHECK_EQ(SYSTEM(pages_in), 0);
  unmap_area(&area);
  close(fd);
  unlink("/tmp/counts_shared");
}

CASE(MappedFile, SyncWritesDirtyPagesAlone) {
  struct area area;
  int fd = make_file("/tmp/counts_sync", 16);
  CHECK(fd >= 0);
  CHECK(map_area(&area, 64));
  char *memory = map_file(&area, fd, 16, MAP_SHARED);
  CHECK(memory);
  CHECK_EQ(read_pages(memory, 16, 1), 16 * 'x');
  write_pages(memory, 3, 5);
  probe_begin();
  CHECK_EQ(msync(memory, 16 * PAGE, MS_SYNC), 0);
  probe_end();
  CHECK_EQ(SYSTEM(pages_out), 3);
  probe_begin();
  CHECK_EQ(msync(memory, 16 * PAGE, MS_SYNC), 0);
  probe_end();
  CHECK_EQ(SYSTEM(pages_out), 0);
  unmap_area(&area);
  close(fd);
  unlink("/tmp/counts_sync");
}

// A program that nothing else runs: its pages are on disk alone.
CASE(MappedFile, UncachedPagesComeFromDiskOnce) {
  int fd = open("/bin/demo", O_RDONLY);
  CHECK(fd >= 0);
  off_t bytes = lseek(fd, 0, SEEK_END);
  int pages = (int)((bytes + (off_t)PAGE - 1) / (off_t)PAGE);
  char *memory = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  probe_begin();
  read_pages(memory, pages, 1);
  probe_end();
  CHECK_EQ(SYSTEM(pages_in), pages);
  CHECK(OWN(major) >= 1 && OWN(major) <= pages);
  CHECK_EQ(OWN(copied), 0);
  munmap(memory, (size_t)bytes);
  memory = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  probe_begin();
  read_pages(memory, pages, 1);
  probe_end();
  CHECK_EQ(SYSTEM(pages_in), 0);
  CHECK_EQ(OWN(major), 0);
  munmap(memory, (size_t)bytes);
  close(fd);
}

static bool run_true(void) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    execl("/bin/true", "true", (char *)NULL);
    _exit(1);
  }
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

CASE(Exec, SecondRunReadsNothing) {
  CHECK(run_true());
  probe_begin();
  CHECK(run_true());
  probe_end();
  CHECK_EQ(SYSTEM(pages_in), 0);
  CHECK_EQ(SYSTEM(execs), 1);
  CHECK_EQ(SYSTEM(forks), 1);
  CHECK_EQ(SYSTEM(frames_free), 0);
}
