#include <fcntl.h>
#include <quire/memory_object.h>

#include "libsys/call.h"
#include "libsys/descriptor.h"
#include "libsys/message.h"
#include "protocols/object.h"

_Static_assert((int)MEMORY_PAGE_IN == (int)OBJECT_PAGE_IN, "");
_Static_assert((int)MEMORY_PAGE_OUT == (int)OBJECT_PAGE_OUT, "");

static void *buffer;  // of the provider, once it is one

static int64_t become_provider(void) {
  int64_t at = call_pager(PAGER_PROVIDER, 0, 0, 0).status;
  if (at > 0) buffer = (void *)(uintptr_t)at;
  return at;
}

int memory_object_create(const char *name, off_t size, unsigned bound, uint64_t *object) {
  if (size < 0) {
    errno = EINVAL;
    return -1;
  }
  int64_t at = become_provider();
  if (at < 0) return (int)result(at);
  while (name && *name == '/') name++;
  if (message_path(name ? name : "object")) return -1;
  uint64_t how = FS_SHM_PROVIDED | O_CLOEXEC | (name ? FS_SHM_LINKED : 0u);
  struct reply reply = call_fs(FS_SHM, how, (uint64_t)size, bound, 0, 0);
  if (reply.status < 0) return (int)result(reply.status);
  int fd = (int)(uint32_t)reply.status;
  descriptor_opened(fd, (enum fs_kind)(reply.status >> 32));
  *object = reply.word[0];
  return fd;
}

static int serve(struct memory_request *request, uint64_t flags) {
  uint64_t status = request->error > 0 ? (uint64_t) - (int64_t)request->error : 0;
  uint64_t mark = signals_mark();
  struct reply reply = call_pager(PAGER_SERVE, request->tag, request->tag ? status : 0, flags);
  for (;;) {
    signals_check(true);
    // Too late: nobody waits for this one any more. Interrupted: it has been answered.
    if (reply.status != -ETIMEDOUT && (reply.status != -EINTR || !signals_restart(&mark))) break;
    reply = call_pager(PAGER_SERVE, 0, 0, flags);
  }
  if (reply.status < 0) {
    *request = (struct memory_request){.op = MEMORY_NOTHING};
    return (int)result(reply.status);
  }
  *request = (struct memory_request){.op = PAGER_SERVED_OP(reply.status),
                                     .tag = PAGER_SERVED_TAG(reply.status),
                                     .object = reply.word[0],
                                     .page = reply.word[1],
                                     .count = PAGER_SERVED_COUNT(reply.status),
                                     .bytes = (uint32_t)reply.word[2],
                                     .data = buffer};
  return 0;
}

int memory_object_serve(struct memory_request *request) { return serve(request, 0); }

int memory_object_poll(struct memory_request *request) { return serve(request, PAGER_SERVE_POLL); }

// The pager says ESRCH where there is no such object.
static int64_t named(int64_t status) { return result(status == -ESRCH ? -ENOENT : status); }

long memory_object_invalidate(uint64_t object, uint64_t page, uint64_t count) {
  return (long)named(call_pager(PAGER_INVALIDATE, object, page, count).status);
}

int memory_object_detach(uint64_t object) {
  return (int)named(call_pager(PAGER_DETACH, object, 0, 0).status);
}
