// What picolibc's streams lack for a system where files can be closed and programs end.
#ifndef LIBSYS_STREAM_H
#define LIBSYS_STREAM_H

#include <stdbool.h>
#include <stdio.h>

// As isatty, but leaves errno alone.
bool stream_is_terminal(int fd);

// Writes out what the stream holds and closes its descriptor. Returns 0 or EOF.
// picolibc's __bufio_close frees the stream and keeps the descriptors 0 to 2 open.
int stream_close_descriptor(FILE *stream);

// Writes out what streams that fdopen made hold. Returns 0, or EOF if one could not.
int stream_flush_all(void);

#endif
