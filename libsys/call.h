// Calls to the servers, and what becomes of their answers. Signals that came during a call to fs or
// proc are delivered before its answer is looked at. Where every instruction counts, kcall_call is
// used instead: proc looks after those who do not look themselves.
#ifndef LIBSYS_CALL_H
#define LIBSYS_CALL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/layout.h"
#include "libsys/kcall.h"
#include "libsys/signals.h"
#include "protocols/fs.h"
#include "protocols/pager.h"
#include "protocols/proc.h"

static inline struct reply call_fs(enum fs_op op, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                   uint64_t e) {
  struct reply reply = kcall_call(HANDLE_FS, op, a, b, c, d, e);
  signals_check(true);
  return reply;
}

static inline struct reply call_pager(enum pager_op op, uint64_t a, uint64_t b, uint64_t c) {
  return kcall_call(HANDLE_PAGER, op, a, b, c, 0, 0);
}

static inline struct reply call_proc(enum proc_op op, uint64_t a, uint64_t b) {
  struct reply reply = kcall_call(HANDLE_PROC, op, a, b, 0, 0, 0);
  signals_check(true);
  return reply;
}

// A call was answered with `status`: whether to make it again, as it was refused for want of
// memory, which is there now.
#define MEMORY_TRIES 8
static inline bool memory_came(int64_t status, int tries) {
  return status == -ENOMEM && tries < MEMORY_TRIES && call_pager(PAGER_MEMORY, 0, 0, 0).status == 0;
}

// A negative errno becomes errno and -1; anything else is the result.
static inline int64_t result(int64_t status) {
  if (status >= 0) return status;
  errno = (int)-status;
  return -1;
}

#endif
