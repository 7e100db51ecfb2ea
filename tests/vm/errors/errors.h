// Calls with bad arguments, and what they say: rows of a table that Linux writes when the test is
// built, and that Quire must write in the same way.
#ifndef TESTS_VM_ERRORS_ERRORS_H
#define TESTS_VM_ERRORS_ERRORS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/vm/features.h"

#define PAGE 4096ul
#define KERNEL ((void *)0xffffffc000000000ul)  // an address that is never a program's
#define ENDLESS (1ul << 50)                    // bytes, more than any address space has
#define NOWHERE (errors_nowhere)               // NULL, which compilers know to be wrong
#define WRAPS (SIZE_MAX - PAGE + 1)            // bytes, so many that the end is below the start

// X(group): functions of which each writes some rows.
#if HAVE_MREMAP
#define ERROR_GROUPS_MREMAP(X) X(mremap)
#else
#define ERROR_GROUPS_MREMAP(X)
#endif
#if HAVE_MADVISE
#define ERROR_GROUPS_ADVICE(X) X(madvise) X(posix_madvise) X(mincore)
#else
#define ERROR_GROUPS_ADVICE(X)
#endif
#if HAVE_MLOCK
#define ERROR_GROUPS_LOCK(X) X(mlock)
#else
#define ERROR_GROUPS_LOCK(X)
#endif
#if HAVE_MEMFD
#define ERROR_GROUPS_OBJECTS(X) X(shared_memory)
#else
#define ERROR_GROUPS_OBJECTS(X)
#endif
#if HAVE_SIGACTION
#define ERROR_GROUPS_SIGNALS(X) X(signals) X(alternate_stack) X(timers) X(bad_signals)
#else
#define ERROR_GROUPS_SIGNALS(X)
#endif
#if HAVE_LIMITS
#define ERROR_GROUPS_LIMITS(X) X(limits) X(bad_limits)
#else
#define ERROR_GROUPS_LIMITS(X)
#endif
#define ERROR_GROUPS_MEMORY(X) X(mmap) X(mmap_file) X(munmap) X(mprotect) X(msync) X(heap)
#define ERROR_GROUPS_FILES(X) X(transfer) X(truncate) X(descriptors) X(names) X(processes)
#define ERROR_GROUPS_ADDRESSES(X) X(bad_paths) X(bad_pipe_data) X(bad_results) X(bad_exec)
#define ERROR_GROUPS_MAYBE(X) \
  ERROR_GROUPS_MREMAP(X)      \
  ERROR_GROUPS_ADVICE(X)      \
  ERROR_GROUPS_LOCK(X)        \
  ERROR_GROUPS_OBJECTS(X)     \
  ERROR_GROUPS_SIGNALS(X)     \
  ERROR_GROUPS_LIMITS(X)
#define ERROR_GROUPS(X)     \
  ERROR_GROUPS_MEMORY(X)    \
  ERROR_GROUPS_FILES(X)     \
  ERROR_GROUPS_ADDRESSES(X) \
  ERROR_GROUPS_MAYBE(X)

#define X(group) void errors_##group(void);
ERROR_GROUPS(X)
#undef X

// What becomes of each row: its text, and "ok", a small result, or the name of an errno.
typedef void row_sink(const char *text, const char *result);
extern row_sink *errors_sink;

extern void *volatile errors_nowhere;

void errors_row(const char *text, long result);
// The same where the result is an errno itself.
void errors_row_number(const char *text, int error);

#define ROW(text, call) (errno = 0, errors_row(text, (long)(call)))

// Anonymous private memory to do it to, with nothing in front of it nor behind it.
char *errors_memory(size_t pages);
void errors_memory_free(char *memory, size_t pages);
// The same with a hole of one page at number `hole`.
char *errors_memory_with_hole(size_t pages, size_t hole);

// A file of two and a half pages, open as `flags` say.
int errors_file(int flags);

#endif
