// Calls to the pager (protocols/pager.h) that are answered at once.
#ifndef SERVERS_FS_PAGER_CALL_H_
#define SERVERS_FS_PAGER_CALL_H_

#include <stdint.h>

#include "libsys/kcall.h"
#include "protocols/pager.h"

static inline int64_t pager_object_create(uint64_t cookie, uint64_t size) {
  return kcall_call(HANDLE_PAGER, PAGER_OBJECT_CREATE, cookie, size, 0, 0, 0).status;
}

static inline int64_t pager_object_resize(uint32_t object, uint64_t size) {
  return kcall_call(HANDLE_PAGER, PAGER_WORD0(PAGER_OBJECT_RESIZE, object), size, 0, 0, 0, 0)
      .status;
}

static inline int64_t pager_object_close(uint32_t object) {
  return kcall_call(HANDLE_PAGER, PAGER_WORD0(PAGER_OBJECT_CLOSE, object), 0, 0, 0, 0, 0).status;
}

static inline int64_t pager_object_destroy(uint32_t object, uint64_t force) {
  return kcall_call(HANDLE_PAGER, PAGER_WORD0(PAGER_OBJECT_DESTROY, object), force, 0, 0, 0, 0)
      .status;
}

#endif  // SERVERS_FS_PAGER_CALL_H_
