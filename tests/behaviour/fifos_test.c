// FIFOs: pipes that have a name, and their opening.
#include <sys/time.h>

#include "tests/behaviour/signal_support.h"
#include "tests/behaviour/support.h"

// The path of a new FIFO. NULL and a failed case if there is none.
static const char *make_fifo(const char *name) {
  const char *path = scratch(name);
  if (mkfifo(path, 0600) == 0) return path;
  case_failed(__FILE__, __LINE__, "mkfifo: %s", strerror(errno));
  return NULL;
}

CASE(Fifo, IsANode) {
  struct stat status;
  const char *path = make_fifo("fifo");
  CHECK(path);
  CHECK_EQ(stat(path, &status), 0);
  CHECK(S_ISFIFO(status.st_mode));
  CHECK_EQ(status.st_size, 0);
  CHECK_ERRNO(mkfifo(path, 0600), EEXIST);
  CHECK_ERRNO(open(path, O_RDONLY | O_NONBLOCK | O_DIRECTORY), ENOTDIR);
  CHECK_ERRNO(open(path, O_RDONLY | O_NONBLOCK | O_CREAT | O_EXCL, 0600), EEXIST);
  CHECK_ERRNO(truncate(path, 0), EINVAL);
  CHECK_EQ(chmod(path, 0700), 0);
  CHECK_ERRNO(execl(path, path, (char *)NULL), EACCES);
  unlink(path);
}

CASE(Fifo, NeedNotWait) {
  const char *path = make_fifo("fifo");
  char text[8];
  CHECK(path);
  CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
  int in = open(path, O_RDONLY | O_NONBLOCK);
  CHECK(in >= 0);
  CHECK_EQ(read(in, text, sizeof text), 0);
  int out = open(path, O_WRONLY | O_NONBLOCK);
  CHECK(out >= 0);
  CHECK_ERRNO(read(in, text, sizeof text), EAGAIN);
  CHECK_EQ(write(out, "abc", 3), 3);
  CHECK_EQ(read(in, text, sizeof text), 3);
  CHECK_EQ(memcmp(text, "abc", 3), 0);
  CHECK_EQ(write(out, "de", 2), 2);
  close(out);
  CHECK_EQ(read(in, text, sizeof text), 2);
  CHECK_EQ(read(in, text, sizeof text), 0);
  close(in);
  CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
  unlink(path);
}

CASE(Fifo, HasNoPositionNorPages) {
  const char *path = make_fifo("fifo");
  CHECK(path);
  int fd = open(path, O_RDWR | O_TRUNC);
  char byte = 'x';
  CHECK(fd >= 0);
  CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
  CHECK_ERRNO(lseek(fd, 0, SEEK_SET), ESPIPE);
  CHECK_ERRNO(pread(fd, &byte, 1, 0), ESPIPE);
  CHECK_ERRNO(pwrite(fd, &byte, 1, 0), ESPIPE);
  CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
  CHECK_ERRNO(fsync(fd), EINVAL);
  errno = 0;
  CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
  CHECK_EQ(errno, ENODEV);
  close(fd);
  unlink(path);
}

CASE(Fifo, OpenForBothIsItsOwnOtherEnd) {
  const char *path = make_fifo("fifo");
  char text[4];
  CHECK(path);
  int fd = open(path, O_RDWR);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, "xyz", 3), 3);
  CHECK_EQ(read(fd, text, sizeof text), 3);
  int in = open(path, O_RDONLY), out = open(path, O_WRONLY);
  CHECK(in >= 0 && out >= 0);
  CHECK_EQ(write(out, "q", 1), 1);
  CHECK_EQ(read(in, text, 1), 1);
  CHECK_EQ(text[0], 'q');
  close(in);
  close(out);
  close(fd);
  unlink(path);
}

CASE(Fifo, KeepsBytesWhileItIsOpen) {
  const char *path = make_fifo("fifo");
  char text[4];
  CHECK(path);
  int both = open(path, O_RDWR), out = open(path, O_WRONLY);
  CHECK_EQ(write(out, "abc", 3), 3);
  close(out);
  int in = open(path, O_RDONLY);
  CHECK_EQ(read(in, text, 1), 1);
  close(in);
  close(both);
  in = open(path, O_RDONLY | O_NONBLOCK);
  CHECK_EQ(read(in, text, sizeof text), 0);
  close(in);
  unlink(path);
}

CASE(Fifo, OfTheSameNameIsAnother) {
  char text[4];
  const char *path = make_fifo("fifo");
  CHECK(path);
  int old = open(path, O_RDWR | O_NONBLOCK);
  unlink(path);
  path = make_fifo("fifo");
  CHECK(path);
  int new = open(path, O_RDWR | O_NONBLOCK);
  CHECK(old >= 0 && new >= 0);
  CHECK_EQ(write(old, "1", 1), 1);
  CHECK_ERRNO(read(new, text, 1), EAGAIN);
  CHECK_EQ(read(old, text, 1), 1);
  close(old);
  close(new);
  unlink(path);
}

CASE(Fifo, WritesSetItsTime) {
  const char *path = make_fifo("fifo");
  struct timeval then[2] = {{1000, 0}, {1000, 0}};
  struct stat status;
  CHECK(path);
  int fd = open(path, O_RDWR);
  CHECK_EQ(utimes(path, then), 0);
  CHECK_EQ(write(fd, "x", 1), 1);
  CHECK_EQ(fstat(fd, &status), 0);
  CHECK(status.st_mtime > 1000);
  close(fd);
  unlink(path);
}

// --- waiting for the other end -----------------------------------------------------------------

static void write_word(void *path) {
  int fd = open(path, O_WRONLY);
  CHILD_CHECK(fd >= 0 && write(fd, "word", 4) == 4);
}

static void read_word(void *path) {
  int fd = open(path, O_RDONLY);
  char text[8];
  CHILD_CHECK(fd >= 0 && read(fd, text, sizeof text) == 4 && memcmp(text, "word", 4) == 0);
  CHILD_CHECK(read(fd, text, sizeof text) == 0);
}

static pid_t start(void (*function)(void *), const char *path) {
  pid_t child = fork();
  if (child != 0) return child;
  function((void *)(uintptr_t)path);
  _exit(0);
}

CASE(Fifo, BothEndsWaitForEachOther) {
  const char *path = make_fifo("fifo");
  int status;
  CHECK(path);
  for (int i = 0; i < 20; ++i) {
    pid_t first = start(i % 2 ? write_word : read_word, path);
    pid_t second = start(i % 2 ? read_word : write_word, path);
    CHECK_EQ(waitpid(first, &status, 0), first);
    CHECK_EQ(status, 0);
    CHECK_EQ(waitpid(second, &status, 0), second);
    CHECK_EQ(status, 0);
  }
  unlink(path);
}

// It may be closed again before the waiting one has looked.
static void open_and_close(void *path) {
  int fd = open(path, O_WRONLY);
  CHILD_CHECK(fd >= 0 && close(fd) == 0);
}

CASE(Fifo, AShortVisitIsEnough) {
  const char *path = make_fifo("fifo");
  int status;
  CHECK(path);
  for (int i = 0; i < 20; ++i) {
    pid_t child = start(open_and_close, path);
    int fd = open(path, O_RDONLY);
    char byte;
    CHECK(fd >= 0);
    CHECK_EQ(read(fd, &byte, 1), 0);
    close(fd);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
  }
  unlink(path);
}

static void open_reader(void *path) {
  int fd = open(path, O_RDONLY);
  CHILD_CHECK(fd >= 0);
}

CASE(Fifo, WhoHasEndedWaitsNoMore) {
  const char *path = make_fifo("fifo");
  int status;
  CHECK(path);
  for (int i = 0; i < 10; ++i) {
    pid_t child = start(open_reader, path);
    if (i % 2) usleep(1000);
    kill(child, SIGKILL);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(killed_by(status, SIGKILL));
    CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
  }
  unlink(path);
}

CASE(Fifo, ASignalEndsTheWaiting) {
  const char *path = make_fifo("fifo");
  struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
  CHECK(path);
  signal_handle(SIGALRM, signal_note, 0, 0);
  setitimer(ITIMER_REAL, &often, NULL);
  CHECK_ERRNO(open(path, O_RDONLY), EINTR);
  CHECK_ERRNO(open(path, O_WRONLY), EINTR);
  CHECK(signal_seen.count >= 2);
  setitimer(ITIMER_REAL, &never, NULL);
  signal(SIGALRM, SIG_DFL);
  CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
  unlink(path);
}

static const char *awaited;
static volatile int other_end;

static void open_other_end(int signal, siginfo_t *info, void *context) {
  signal_note(signal, info, context);
  if (signal_seen.count == 3) other_end = open(awaited, O_RDONLY | O_NONBLOCK);
}

CASE(Fifo, WaitsOnAfterAHandlerThatRestarts) {
  awaited = make_fifo("fifo");
  struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
  CHECK(awaited);
  signal_handle(SIGALRM, open_other_end, SA_RESTART, 0);
  setitimer(ITIMER_REAL, &often, NULL);
  int fd = open(awaited, O_WRONLY);
  setitimer(ITIMER_REAL, &never, NULL);
  signal(SIGALRM, SIG_DFL);
  CHECK(fd >= 0);
  CHECK(signal_seen.count >= 3);
  CHECK_EQ(write(fd, "x", 1), 1);
  close(fd);
  close(other_end);
  unlink(awaited);
}

// --- many at each end --------------------------------------------------------------------------

CASE(Fifo, EndsWhenTheLastWriterCloses) {
  const char *path = make_fifo("fifo");
  char text[8];
  CHECK(path);
  int in = open(path, O_RDONLY | O_NONBLOCK);
  int first = open(path, O_WRONLY), second = open(path, O_WRONLY);
  CHECK_EQ(write(first, "1", 1), 1);
  CHECK_EQ(write(second, "2", 1), 1);
  close(first);
  CHECK_EQ(read(in, text, sizeof text), 2);
  CHECK_ERRNO(read(in, text, sizeof text), EAGAIN);
  close(second);
  CHECK_EQ(read(in, text, sizeof text), 0);
  close(in);
  unlink(path);
}

static void write_without_reader(void *path) {
  int in = open(path, O_RDONLY | O_NONBLOCK), out = open(path, O_WRONLY);
  CHILD_CHECK(in >= 0 && out >= 0 && close(in) == 0);
  signal(SIGPIPE, SIG_IGN);
  CHILD_CHECK(write(out, "x", 1) == -1 && errno == EPIPE);
  signal(SIGPIPE, SIG_DFL);
  write(out, "x", 1);
}

CASE(Fifo, WithoutReadersEndsTheWriter) {
  const char *path = make_fifo("fifo");
  CHECK(path);
  CHECK(killed_by(in_child(write_without_reader, (void *)(uintptr_t)path), SIGPIPE));
  unlink(path);
}

enum { LINES = 200, LINE = 32, WRITERS = 3 };

static void write_lines(void *path) {
  char line[LINE];
  int fd = open(path, O_WRONLY);
  CHILD_CHECK(fd >= 0);
  memset(line, 'a' + getpid() % 26, sizeof line);
  for (int i = 0; i < LINES; ++i) CHILD_CHECK(write(fd, line, sizeof line) == LINE);
}

CASE(Fifo, MixesWritersButNotTheirWrites) {
  const char *path = make_fifo("fifo");
  CHECK(path);
  int hold = open(path, O_RDWR), count = 0;
  for (int i = 0; i < WRITERS; ++i) CHECK(start(write_lines, path) > 0);
  int in = open(path, O_RDONLY);
  for (; count < WRITERS * LINES; ++count) {
    char line[LINE];
    CHECK_EQ(read(in, line, sizeof line), LINE);
    for (int k = 1; k < LINE; ++k) CHECK_EQ(line[k], line[0]);
  }
  for (int i = 0, status; i < WRITERS; ++i) {
    CHECK(wait(&status) > 0);
    CHECK_EQ(status, 0);
  }
  close(in);
  close(hold);
  unlink(path);
}
