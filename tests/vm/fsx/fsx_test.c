// One file, read and written in every way there is, against an array of bytes: in the manner of
// Apple's and Linux' fsx. FSX_SEED and FSX_OPERATIONS in the environment say where to begin and how
// long to go on.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/cases.h"
#include "tests/vm/random.h"

#ifndef OPERATIONS
#define OPERATIONS 20000u
#endif

#define PAGE 4096u
#define FILE_MAX (256u << 10)
#define PIECE_MAX (16u << 10)
#define STRIPE 1000u  // of two processes' bytes, which share pages
#define LOG_LINES 16u

// A process at work on the file.
struct fsx {
  struct random random;
  const char *path;
  int fd;
  uint32_t size;           // of the file
  uint8_t *view;           // a mapping of FILE_MAX bytes that stays, NULL if there is none
  uint8_t good[FILE_MAX];  // what the file holds; zeros behind its end
  uint8_t piece[PIECE_MAX];
  char log[LOG_LINES][80];  // the last operations
  uint32_t count;
  bool failed;
};

static struct fsx fsx;

static uint32_t setting(const char *name, uint32_t otherwise) {
  const char *text = getenv(name);
  return text ? (uint32_t)strtoul(text, NULL, 0) : otherwise;
}

static uint32_t below(uint32_t bound) { return random_below(&fsx.random, bound); }

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(fsx.log[fsx.count % LOG_LINES], sizeof fsx.log[0], format, args);
  va_end(args);
}

// The first failure counts.
static void __attribute__((format(printf, 1, 2))) fail(const char *format, ...) {
  if (fsx.failed) return;
  fsx.failed = true;
  char text[160];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  printf("operation %u: %s, errno %s. The last ones:\n", (unsigned)fsx.count, text,
         strerror(errno));
  uint32_t first = fsx.count < LOG_LINES ? 0 : fsx.count - LOG_LINES + 1;
  for (uint32_t i = first; i <= fsx.count; i++) printf("  %s\n", fsx.log[i % LOG_LINES]);
  case_failed(__FILE__, __LINE__, "operation %u: %s", (unsigned)fsx.count, text);
}

static void compare(const uint8_t *seen, uint32_t offset, uint32_t length) {
  if (memcmp(seen, fsx.good + offset, length) == 0) return;
  uint32_t i = 0;
  while (seen[i] == fsx.good[offset + i]) i++;
  fail("byte %u is 0x%02x and not 0x%02x", (unsigned)(offset + i), seen[i], fsx.good[offset + i]);
}

static void check_size(void) {
  struct stat status;
  if (fstat(fsx.fd, &status)) {
    fail("fstat");
  } else if (status.st_size != (off_t)fsx.size) {
    fail("size is %ld and not %u", (long)status.st_size, (unsigned)fsx.size);
  }
}

// --- operations ---------------------------------------------------------------------------------

struct range {
  uint32_t offset, length;
};

static void do_read(struct range r) {
  ssize_t right = r.offset >= fsx.size             ? 0
                  : fsx.size - r.offset < r.length ? (ssize_t)(fsx.size - r.offset)
                                                   : (ssize_t)r.length;
  ssize_t n = pread(fsx.fd, fsx.piece, r.length, (off_t)r.offset);
  if (n != right) {
    fail("read gives %zd and not %zd", n, right);
  } else {
    compare(fsx.piece, r.offset, (uint32_t)n);
  }
}

// New bytes for the piece, and for the model.
static void fresh_bytes(struct range r) {
  uint32_t seed = (uint32_t)random_next(&fsx.random);
  for (uint32_t i = 0; i < r.length; i++) fsx.piece[i] = pattern_byte(seed, i);
  memcpy(fsx.good + r.offset, fsx.piece, r.length);
}

static void grow_model(struct range r) {
  if (r.length && r.offset + r.length > fsx.size) fsx.size = r.offset + r.length;
}

static void do_write(struct range r) {
  fresh_bytes(r);
  grow_model(r);
  ssize_t n = pwrite(fsx.fd, fsx.piece, r.length, (off_t)r.offset);
  if (n != (ssize_t)r.length) fail("write gives %zd", n);
}

// By the position of the descriptor, in two calls.
static void do_write_on(struct range r) {
  fresh_bytes(r);
  grow_model(r);
  uint32_t part = below(r.length + 1);
  if (lseek(fsx.fd, (off_t)r.offset, SEEK_SET) != (off_t)r.offset) fail("lseek");
  if (write(fsx.fd, fsx.piece, part) != (ssize_t)part) fail("first write");
  if (write(fsx.fd, fsx.piece + part, r.length - part) != (ssize_t)(r.length - part)) {
    fail("second write");
  }
}

static void do_truncate(uint32_t size) {
  if (size < fsx.size) memset(fsx.good + size, 0, fsx.size - size);
  fsx.size = size;
  if (ftruncate(fsx.fd, (off_t)size)) fail("ftruncate");
}

// Maps what holds the range. *bytes: where the range is.
static void *map(struct range r, int prot, int flags, uint8_t **bytes) {
  uint32_t skip = r.offset % PAGE;
  void *memory = mmap(NULL, r.length + skip, prot, flags, fsx.fd, (off_t)(r.offset - skip));
  if (memory == MAP_FAILED) fail("mmap");
  *bytes = (uint8_t *)memory + skip;
  return memory;
}

static void do_map_read(struct range r) {
  uint8_t *bytes;
  if (r.offset + r.length > fsx.size) return;
  void *memory = map(r, PROT_READ, below(2) ? MAP_SHARED : MAP_PRIVATE, &bytes);
  if (memory == MAP_FAILED) return;
  compare(bytes, r.offset, r.length);
  if (munmap(memory, r.length + r.offset % PAGE)) fail("munmap");
}

static void do_map_write(struct range r) {
  uint8_t *bytes;
  if (r.offset + r.length > fsx.size) do_truncate(r.offset + r.length);
  void *memory = map(r, PROT_READ | PROT_WRITE, MAP_SHARED, &bytes);
  if (memory == MAP_FAILED) return;
  fresh_bytes(r);
  memcpy(bytes, fsx.piece, r.length);
  uint32_t sync = below(4);
  if (sync < 2 && msync(memory, r.length + r.offset % PAGE, sync ? MS_SYNC : MS_ASYNC)) {
    fail("msync");
  }
  if (munmap(memory, r.length + r.offset % PAGE)) fail("munmap");
}

// What is written to private memory goes nowhere.
static void do_map_private(struct range r) {
  uint8_t *bytes;
  if (r.offset + r.length > fsx.size) return;
  void *memory = map(r, PROT_READ | PROT_WRITE, MAP_PRIVATE, &bytes);
  if (memory == MAP_FAILED) return;
  for (uint32_t i = 0; i < r.length; i += 1000) bytes[i] ^= 0xff;
  if (munmap(memory, r.length + r.offset % PAGE)) fail("munmap");
}

static void view_open(void) {
  fsx.view = mmap(NULL, FILE_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fsx.fd, 0);
  if (fsx.view == MAP_FAILED) fail("mmap of the view");
}

static void do_view(struct range r) {
  if (r.offset >= fsx.size) return;
  if (r.length > fsx.size - r.offset) r.length = fsx.size - r.offset;
  if (below(2)) {
    compare(fsx.view + r.offset, r.offset, r.length);
    return;
  }
  fresh_bytes(r);
  memcpy(fsx.view + r.offset, fsx.piece, r.length);
}

static void do_sync(void) {
  uint32_t which = below(3);
  if (which == 0 && fsync(fsx.fd)) fail("fsync");
  if (which > 0 && msync(fsx.view, FILE_MAX, which == 1 ? MS_SYNC : MS_ASYNC)) fail("msync");
}

static void do_reopen(void) {
  if (munmap(fsx.view, FILE_MAX)) fail("munmap");
  if (close(fsx.fd)) fail("close");
  fsx.fd = open(fsx.path, O_RDWR);
  if (fsx.fd < 0) fail("open");
  view_open();
}

static struct range draw_range(void) {
  struct range r = {.length = 1 + below(below(4) ? PAGE : PIECE_MAX)};
  r.offset = below(FILE_MAX - r.length + 1);
  return r;
}

static void operate(void) {
  struct range r = draw_range();
  uint32_t which = below(100);
  static const struct {
    uint32_t end;
    const char *name;
    void (*run)(struct range);
  } ranged[] = {
      {20, "read", do_read},
      {38, "write", do_write},
      {43, "write on", do_write_on},
      {55, "map, read", do_map_read},
      {69, "map, write", do_map_write},
      {72, "private", do_map_private},
      {90, "view", do_view},
  };
  for (uint32_t i = 0; i < sizeof ranged / sizeof ranged[0]; i++) {
    if (which >= ranged[i].end) continue;
    note("%s %u..%u of %u", ranged[i].name, (unsigned)r.offset, (unsigned)(r.offset + r.length),
         (unsigned)fsx.size);
    ranged[i].run(r);
    return;
  }
  if (which < 95) {
    note("truncate from %u to %u", (unsigned)fsx.size, (unsigned)r.offset);
    do_truncate(r.offset);
  } else if (which < 98) {
    note("sync");
    do_sync();
  } else {
    note("reopen");
    do_reopen();
  }
}

static const char *file_path(void) {
  static char path[256];
  const char *directory = getenv("TEST_TMPDIR");
  snprintf(path, sizeof path, "%s/fsx", directory ? directory : "/tmp");
  return path;
}

static bool begin(uint32_t seed, uint32_t size) {
  memset(&fsx, 0, sizeof fsx);
  fsx.random.state = setting("FSX_SEED", seed);
  fsx.path = file_path();
  unlink(fsx.path);
  fsx.fd = open(fsx.path, O_RDWR | O_CREAT | O_EXCL, 0644);
  if (fsx.fd < 0) fail("open");
  do_truncate(size);
  view_open();
  return !fsx.failed;
}

static void check_all(void) {
  check_size();
  for (uint32_t at = 0; at < fsx.size && !fsx.failed; at += PIECE_MAX) {
    do_read((struct range){at, PIECE_MAX});
  }
  if (!fsx.failed) compare(fsx.view, 0, fsx.size);
}

static void finish(void) {
  munmap(fsx.view, FILE_MAX);
  close(fsx.fd);
}

CASE(Fsx, OneProcess) {
  uint32_t operations = setting("FSX_OPERATIONS", OPERATIONS);
  CHECK(begin(1, 0));
  for (; fsx.count < operations && !fsx.failed; fsx.count++) {
    operate();
    if (fsx.count % 64 == 0) check_size();
  }
  if (!fsx.failed) check_all();
  finish();
}

// --- two processes ------------------------------------------------------------------------------

// Every second stripe is this process' own; the model knows these alone.
static struct range own_range(uint32_t process) {
  uint32_t stripes = FILE_MAX / STRIPE / 2;
  uint32_t start = (2 * below(stripes) + process) * STRIPE, skip = below(STRIPE);
  return (struct range){start + skip, 1 + below(STRIPE - skip)};
}

static void work_on_own(uint32_t process, uint32_t operations) {
  static void (*const run[])(struct range) = {do_read, do_write,    do_map_read, do_map_write,
                                              do_view, do_write_on, do_view};
  for (; fsx.count < operations && !fsx.failed; fsx.count++) {
    uint32_t which = below(sizeof run / sizeof run[0] * 20);
    struct range r = own_range(process);
    note("%u at %u..%u", (unsigned)which, (unsigned)r.offset, (unsigned)(r.offset + r.length));
    if (which == 0) {
      do_sync();
    } else if (which == 1) {
      do_reopen();
    } else {
      run[which % (sizeof run / sizeof run[0])](r);
    }
  }
  for (uint32_t i = process; i < FILE_MAX / STRIPE / 2 * 2 && !fsx.failed; i += 2) {
    compare(fsx.view + i * STRIPE, i * STRIPE, STRIPE);
  }
}

CASE(Fsx, TwoProcessesShareTheFilesPages) {
  uint32_t operations = setting("FSX_OPERATIONS", OPERATIONS / 2);
  CHECK(begin(2, FILE_MAX));
  pid_t pid[2];
  fflush(stdout);
  for (uint32_t process = 0; process < 2; process++) {
    pid[process] = fork();
    CHECK(pid[process] >= 0);
    if (pid[process] > 0) continue;
    fsx.random.state += process;
    // A descriptor of its own, with its own position.
    do_reopen();
    work_on_own(process, operations);
    fflush(stdout);
    _exit(fsx.failed);
  }
  for (int i = 0; i < 2; i++) {
    int status = -1;
    CHECK_EQ(waitpid(pid[i], &status, 0), pid[i]);
    CHECK_EQ(status, 0);
  }
  finish();
}
