// Pipes.
#include "tests/behaviour/support.h"

#define ATOMIC 3584  // PIPE_BUF, here

struct ends {
  int reader, writer;
};

// A pipe; false and a failed case if there is none.
static bool open_pipe(struct ends *ends) {
  int fds[2];
  if (pipe(fds)) {
    case_failed(__FILE__, __LINE__, "pipe: %s", strerror(errno));
    return false;
  }
  *ends = (struct ends){fds[0], fds[1]};
  return true;
}

static void close_pipe(const struct ends *ends) {
  close(ends->reader);
  close(ends->writer);
}

CASE(Pipe, CarriesBytesInOrder) {
  struct ends ends;
  char text[16] = {0};
  CHECK(open_pipe(&ends));
  CHECK_EQ(write(ends.writer, "one", 3), 3);
  CHECK_EQ(write(ends.writer, "two", 3), 3);
  CHECK_EQ(read(ends.reader, text, 4), 4);
  CHECK_EQ(strcmp(text, "onet"), 0);
  CHECK_EQ(read(ends.reader, text, sizeof text), 2);
  CHECK_EQ(memcmp(text, "wo", 2), 0);
  close_pipe(&ends);
}

CASE(Pipe, EndsWhenTheLastWriterCloses) {
  struct ends ends;
  char byte;
  CHECK(open_pipe(&ends));
  int copy = dup(ends.writer);
  CHECK_EQ(write(ends.writer, "x", 1), 1);
  close(ends.writer);
  CHECK_EQ(read(ends.reader, &byte, 1), 1);
  close(copy);
  CHECK_EQ(read(ends.reader, &byte, 1), 0);
  CHECK_EQ(read(ends.reader, &byte, 1), 0);
  close(ends.reader);
}

static void write_to(void *fd) { CHILD_CHECK(write(*(int *)fd, "x", 1) == 1); }

CASE(Pipe, WithoutReadersEndsTheWriter) {
  struct ends ends;
  CHECK(open_pipe(&ends));
  close(ends.reader);
  CHECK(killed_by(in_child(write_to, &ends.writer), SIGPIPE));
  close(ends.writer);
}

CASE(Pipe, EndsHaveOneDirection) {
  struct ends ends;
  char byte = 0;
  CHECK(open_pipe(&ends));
  CHECK_ERRNO(write(ends.reader, &byte, 1), EBADF);
  CHECK_ERRNO(read(ends.writer, &byte, 1), EBADF);
  CHECK_ERRNO(lseek(ends.reader, 0, SEEK_SET), ESPIPE);
  CHECK_ERRNO(pread(ends.reader, &byte, 1, 0), ESPIPE);
  struct stat status;
  CHECK_EQ(fstat(ends.reader, &status), 0);
  CHECK(S_ISFIFO(status.st_mode));
  close_pipe(&ends);
}

// Writes `total` bytes in pieces of changing length.
static void write_much(int fd, size_t total) {
  static char data[10000];
  for (size_t done = 0, piece = 1; done < total; piece = piece * 3 % 9973 + 1) {
    size_t now = total - done < piece ? total - done : piece;
    for (size_t i = 0; i < now; ++i) data[i] = (char)((done + i) % 251);
    CHILD_CHECK(write(fd, data, now) == (ssize_t)now);
    done += now;
  }
}

CASE(Pipe, CarriesMoreThanItHolds) {
  enum { TOTAL = 300000 };
  static char data[7000];
  struct ends ends;
  CHECK(open_pipe(&ends));
  pid_t child = fork();
  if (child == 0) {
    close(ends.reader);
    write_much(ends.writer, TOTAL);
    _exit(0);
  }
  close(ends.writer);
  size_t done = 0;
  for (ssize_t bytes; (bytes = read(ends.reader, data, sizeof data)) > 0; done += (size_t)bytes) {
    for (ssize_t i = 0; i < bytes; ++i) {
      CHECK_EQ((unsigned char)data[i], (done + (size_t)i) % 251);
    }
  }
  CHECK_EQ(done, TOTAL);
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  close(ends.reader);
}

CASE(Pipe, ShortWritesAreWhole) {
  enum { WRITERS = 4, ROUNDS = 50, BYTES = ATOMIC };
  static char data[BYTES];
  struct ends ends;
  CHECK(open_pipe(&ends));
  for (int i = 0; i < WRITERS; ++i) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      memset(data, 'a' + i, BYTES);
      for (int k = 0; k < ROUNDS; ++k) CHILD_CHECK(write(ends.writer, data, BYTES) == BYTES);
      _exit(0);
    }
  }
  close(ends.writer);
  for (int k = 0; k < WRITERS * ROUNDS; ++k) {
    for (size_t done = 0; done < BYTES;) {
      ssize_t bytes = read(ends.reader, data + done, BYTES - done);
      CHECK(bytes > 0);
      done += (size_t)bytes;
    }
    for (int i = 1; i < BYTES; ++i) CHECK_EQ(data[i], data[0]);
  }
  for (int i = 0; i < WRITERS; ++i) {
    int status;
    CHECK(wait(&status) > 0);
    CHECK_EQ(status, 0);
  }
  close(ends.reader);
}

CASE(Pipe, DoesNotBlockWhenToldSo) {
  static char data[ATOMIC];
  struct ends ends;
  CHECK(open_pipe(&ends));
  CHECK_EQ(fcntl(ends.reader, F_SETFL, O_NONBLOCK), 0);
  CHECK_EQ(fcntl(ends.writer, F_SETFL, O_NONBLOCK), 0);
  CHECK_ERRNO(read(ends.reader, data, 1), EAGAIN);
  size_t written = 0;
  ssize_t bytes;
  while ((bytes = write(ends.writer, data, ATOMIC)) > 0) written += (size_t)bytes;
  CHECK_EQ(errno, EAGAIN);
  CHECK(written >= ATOMIC && written % ATOMIC == 0);
  CHECK_EQ(read(ends.reader, data, ATOMIC), ATOMIC);
  CHECK_EQ(write(ends.writer, data, ATOMIC), ATOMIC);
  close_pipe(&ends);
}

CASE(Pipe, PassesAWordBothWays) {
  struct ends there, back;
  CHECK(open_pipe(&there));
  CHECK(open_pipe(&back));
  pid_t child = fork();
  if (child == 0) {
    close(there.writer);
    for (int number; read(there.reader, &number, sizeof number) == (ssize_t)sizeof number;) {
      ++number;
      CHILD_CHECK(write(back.writer, &number, sizeof number) == (ssize_t)sizeof number);
    }
    _exit(0);
  }
  for (int i = 0; i < 200; ++i) {
    int number = i;
    CHECK_EQ(write(there.writer, &number, sizeof number), sizeof number);
    CHECK_EQ(read(back.reader, &number, sizeof number), sizeof number);
    CHECK_EQ(number, i + 1);
  }
  close_pipe(&there);
  close_pipe(&back);
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
}

CASE(Pipe, DescriptorsRunOut) {
  enum { MOST = 2000 };
  static struct ends many[MOST];
  int count = 0, fds[2];
  while (count < MOST && pipe(fds) == 0) many[count++] = (struct ends){fds[0], fds[1]};
  int error = errno;
  for (int i = 0; i < count; ++i) close_pipe(&many[i]);
  CHECK(count >= 4);
  CHECK(count == MOST || error == EMFILE || error == ENFILE);
  CHECK(open_pipe(&many[0]));
  close_pipe(&many[0]);
}
