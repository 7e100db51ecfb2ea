// What the behaviour tests share.
#ifndef TESTS_BEHAVIOUR_SUPPORT_H
#define TESTS_BEHAVIOUR_SUPPORT_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/cases.h"

#define PAGE 4096ul

// The call must fail with this errno.
#define CHECK_ERRNO(call, error) \
  do {                           \
    errno = 0;                   \
    CHECK_EQ((long)(call), -1);  \
    CHECK_EQ(errno, error);      \
  } while (0)

// Path of a scratch file of this name, in one of four buffers, in turn.
const char *scratch_path(const char *name);
// The same, after removing the file or empty directory.
const char *scratch(const char *name);

// A new scratch file, open for reading and writing, that holds `bytes` bytes, each the number of
// its page + 1. -1 and a failed case if that is not possible.
int make_file(const char *name, size_t bytes);

// Anonymous private memory, readable and writable. NULL and a failed case if there is none.
char *anonymous(size_t pages);

// Runs the function in a child process, which ends with status 0 after it. Returns the wait status.
int in_child(void (*function)(void *), void *argument);

// In a child: ends with status 1, which the parent sees, unless the condition holds.
#define CHILD_CHECK(condition)                                        \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      _exit(1);                                                       \
    }                                                                 \
  } while (0)

// Whether a wait status says: ended by this signal.
int killed_by(int status, int signal);

// Reads or writes one byte, for in_child.
void read_byte(void *address);
void write_byte(void *address);

#endif
