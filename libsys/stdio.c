// The standard streams. stdout and stderr go out line by line; once it is known that stdout is not
// a terminal, block by block. Reading stdin flushes stdout first (picolibc does).
#include <stdio-bufio.h>
#include <stdio.h>
#include <unistd.h>

#include "libsys/stream.h"

#define BUFFER_BYTES 1024

static ssize_t write_output(int fd, const void *buffer, size_t length);

// Newer versions of picolibc have streams of other things than descriptors, too.
#ifdef __BFPTR
#define FUNCTIONS(number, write_function)                                                       \
  .ptr = (void *)(number), .read_int = read, .write_int = (write_function), .lseek_int = lseek, \
  .close_int = close
#else
#define FUNCTIONS(number, write_function) \
  .fd = (number), .read = read, .write = (write_function), .lseek = lseek, .close = close
#endif

// A stream whose memory is not malloc's.
#define STANDARD_STREAM(number, memory, write_function, direction, buffering)                 \
  {                                                                                           \
    .xfile = FDEV_SETUP_EXT(__bufio_put, __bufio_get, __bufio_flush, stream_close_descriptor, \
                            __bufio_seek, __bufio_setvbuf, (direction) | __SBUF),             \
    .bflags = (buffering), .buf = (memory), .size = sizeof(memory),                           \
    FUNCTIONS(number, write_function),                                                        \
  }

static char in_buffer[BUFFER_BYTES], out_buffer[BUFFER_BYTES], error_buffer[BUFFER_BYTES / 4];

static struct __file_bufio in = STANDARD_STREAM(STDIN_FILENO, in_buffer, write, __SRD, 0);
static struct __file_bufio out =
    STANDARD_STREAM(STDOUT_FILENO, out_buffer, write_output, __SWR, __BLBF);
static struct __file_bufio error =
    STANDARD_STREAM(STDERR_FILENO, error_buffer, write, __SWR, __BLBF);

FILE *const stdin = &in.xfile.cfile.file;
FILE *const stdout = &out.xfile.cfile.file;
FILE *const stderr = &error.xfile.cfile.file;

// stdout's write, which looks the first time where it goes, and keeps for ferror that it failed:
// what could not be written is gone when a line ends.
static ssize_t write_output(int fd, const void *buffer, size_t length) {
  static bool known;
  if (!known) {
    known = true;
    if (!stream_is_terminal(fd)) out.bflags &= (uint8_t)~__BLBF;
  }
  ssize_t written = write(fd, buffer, length);
  if (written < 0) out.xfile.cfile.file.flags |= __SERR;
  return written;
}

// All streams are flushed when the program exits.
__attribute__((destructor)) static void flush_all(void) {
  fflush(stdout);
  fflush(stderr);
  stream_flush_all();
}
