// fdopen (and with it fopen, tmpfile), which keeps the list that exit and fflush(NULL) need.
#include "libsys/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio-bufio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES 1024

// In one allocation.
struct stream {
  struct __file_bufio file;  // first
  struct stream *next;
  char buffer[BUFFER_BYTES];
};

static struct stream *streams;

bool stream_is_terminal(int fd) {
  int error = errno;
  bool terminal = isatty(fd);
  errno = error;
  return terminal;
}

int stream_close_descriptor(FILE *file) {
  int status = __bufio_flush(file);
  if (close(fileno(file))) status = EOF;
  return status;
}

static int close_stream(FILE *file) {
  int status = stream_close_descriptor(file);
  struct stream **link = &streams;
  while (*link != (struct stream *)file) link = &(*link)->next;
  *link = (*link)->next;
  free(file);
  return status;
}

// __SRD, __SWR or both; 0 for a bad mode.
static int direction(const char *mode) {
  int plus = strchr(mode, '+') ? __SRD | __SWR : 0;
  switch (*mode) {
    case 'r':
      return plus | __SRD;
    case 'w':
    case 'a':
      return plus | __SWR;
  }
  return 0;
}

FILE *fdopen(int fd, const char *mode) {
  int flags = direction(mode);
  if (!flags) {
    errno = EINVAL;
    return NULL;
  }
  if (fcntl(fd, F_GETFD) < 0) return NULL;
  struct stream *stream = malloc(sizeof *stream);
  if (!stream) return NULL;
  uint8_t buffering = stream_is_terminal(fd) ? __BLBF : 0;
  stream->file = (struct __file_bufio)FDEV_SETUP_BUFIO(fd, stream->buffer, BUFFER_BYTES, read,
                                                       write, lseek, close, flags, buffering);
  stream->file.xfile.cfile.close = close_stream;
  stream->next = streams;
  streams = stream;
  return &stream->file.xfile.cfile.file;
}

int stream_flush_all(void) {
  int status = 0;
  for (struct stream *stream = streams; stream; stream = stream->next) {
    if (__bufio_flush(&stream->file.xfile.cfile.file)) status = EOF;
  }
  return status;
}

int fflush(FILE *file) {
  if (file) return file->flush ? file->flush(file) : 0;
  int status = stream_flush_all();
  if (fflush(stdout)) status = EOF;
  if (fflush(stderr)) status = EOF;
  return status;
}
