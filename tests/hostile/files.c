// Damaged programs, damaged requests to make processes, and a full disk.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "libsys/kcall.h"
#include "libsys/quire.h"
#include "protocols/fs.h"
#include "protocols/pager.h"
#include "protocols/proc.h"
#include "tests/hostile/hostile.h"

#define HEAD_BYTES 512  // ELF header and program headers

static char program[65536];
static size_t program_bytes;

// Writes the program with some bytes of its head changed.
static void write_damaged(void) {
  for (uint64_t i = random_bits() % 4 + 1; i > 0; --i) {
    uint64_t at = random_bits() % HEAD_BYTES;
    if (random_bits() % 2) {
      program[at] = (char)random_bits();
    } else {
      uint64_t word = random_word();
      memcpy(program + at / 8 * 8, &word, sizeof word);
    }
  }
  int fd = open("/tmp/damaged", O_WRONLY | O_CREAT | O_TRUNC, 0700);
  if (write(fd, program, program_bytes) != (ssize_t)program_bytes) _exit(1);
  close(fd);
}

static void run_damaged(uint64_t number) {
  (void)number;
  write_damaged();
  execl("/tmp/damaged", "damaged", (char *)NULL);
}

static void spawn_damaged(uint64_t number) {
  char *argv[] = {"damaged", NULL};
  pid_t pid;
  (void)number;
  write_damaged();
  if (posix_spawn(&pid, "/tmp/damaged", NULL, NULL, argv, environ) == 0) waitpid(pid, NULL, 0);
}

CASE(Exec, SurvivesDamagedPrograms) {
  int fd = open("/bin/true", O_RDONLY);
  CHECK(fd >= 0);
  ssize_t bytes = read(fd, program, sizeof program);
  close(fd);
  CHECK(bytes > HEAD_BYTES);
  program_bytes = (size_t)bytes;
  for (uint64_t i = 0; i < 200; ++i) CHECK(run_for_some_time(run_damaged, i));
  for (uint64_t i = 200; i < 300; ++i) CHECK(run_for_some_time(spawn_damaged, i));
  CHECK(system_works());
  unlink("/tmp/damaged");
}

// FS_SHM for an object of the caller's, as memory_object_create asks who makes it a provider first.
static int64_t provided_object(uint64_t bound) {
  strcpy((char *)MESSAGE_PAGE, "provided");
  uint64_t how = FS_SHM_PROVIDED | FS_SHM_LINKED;
  return kcall_call(HANDLE_FS, FS_SHM, how, PAGE_SIZE, bound, 0, 0).status;
}

CASE(Object, IsNotMadeForWhoIsNoProvider) {
  for (int i = 0; i < 100; ++i) CHECK_EQ(provided_object(100), -ESRCH);
  CHECK_EQ(provided_object(0), -EINVAL);
  CHECK_EQ(access("/dev/shm/provided", F_OK), -1);
  CHECK_EQ(errno, ENOENT);
}

// An exec that the pager refuses, after fs has taken it for good.
CASE(Exec, RefusedOneChangesNothing) {
  int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  memset((void *)MESSAGE_PAGE, 0xff, sizeof(struct exec_image));
  CHECK_EQ(kcall_call(HANDLE_PROC, PROC_EXEC, (uint64_t)fd, 0, 0, 0, 0).status, -EINVAL);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  close(fd);
}

// The message page as posix_spawn leaves it, with words of it changed.
static void spawn_with_damaged_request(uint64_t number) {
  char *argv[] = {"true", NULL};
  uint64_t saved[PAGE_SIZE / sizeof(uint64_t)];
  uint64_t *page = (uint64_t *)MESSAGE_PAGE;
  int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
  (void)number;
  if (fd < 0 || posix_spawn(NULL, "/bin/true", NULL, NULL, argv, environ)) _exit(1);
  memcpy(saved, page, MESSAGE_BYTES);
  for (int i = 0; i < CALLS_A_CHILD; ++i) {
    memcpy(page, saved, MESSAGE_BYTES);
    for (uint64_t n = random_bits() % 3; n > 0; --n) {
      page[random_bits() % (EXEC_INLINE / sizeof *page)] = random_word();
    }
    kcall_call(HANDLE_PROC, PROC_SPAWN, (uint64_t)fd, 0, 0, 0, 0);
  }
  while (wait(NULL) > 0) {
  }
}

CASE(Spawn, SurvivesDamagedRequests) {
  for (uint64_t i = 0; i < 20; ++i) CHECK(run_for_some_time(spawn_with_damaged_request, i));
  CHECK(system_works());
}

// Writes until there is no room, in pieces of this size. Returns the bytes written.
static size_t fill_disk(int fd, size_t piece) {
  static char data[65536];
  size_t total = 0;
  for (ssize_t bytes; (bytes = write(fd, data, piece)) > 0;) total += (size_t)bytes;
  return total;
}

static void touch_hole(uint64_t number) {
  int fd = open("/tmp/hole", O_RDWR);
  char *memory = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) _exit(1);
  memory[0] = (char)number;
}

CASE(Disk, FullIsAnError) {
  int hole = open("/tmp/hole", O_RDWR | O_CREAT | O_TRUNC, 0600), status;
  CHECK(hole >= 0);
  CHECK_EQ(ftruncate(hole, PAGE_SIZE), 0);
  int fd = open("/tmp/full", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0);
  size_t total = fill_disk(fd, 65536);
  CHECK_EQ(errno, ENOSPC);
  total += fill_disk(fd, 512);
  CHECK_EQ(errno, ENOSPC);
  CHECK(total > 16 << 20);
  CHECK(run_to_the_end(touch_hole, &status));  // no room for the page
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
  CHECK(system_works());
  CHECK_EQ(fsync(fd), 0);
  CHECK_EQ(close(fd), 0);
  CHECK_EQ(unlink("/tmp/full"), 0);
  CHECK(run_to_the_end(touch_hole, &status));  // now there is
  CHECK_EQ(status, 0);
  close(hole);
  unlink("/tmp/hole");
}
