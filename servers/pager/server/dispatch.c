#include "servers/pager/server/dispatch.h"

#include <errno.h>

#include "abi/stats.h"
#include "protocols/server.h"
#include "servers/pager/core/kernel_ops.h"
#include "servers/pager/server/kernel.h"

#define FROM(via) (1u << (via))

// Arguments as they come; `space` is the origin's, NULL unless the operation needs it.
typedef int64_t handler(struct pager *pager, struct space *space, const struct event *event);

struct operation {
  handler *run;
  uint8_t callers;      // FROM() each via that may
  uint8_t needs_space;  // works on the origin's space
};

static uint32_t object_of(const struct event *event) { return (uint32_t)(event->word[0] >> 32); }

// --- programs ----------------------------------------------------------------------------------

int64_t dispatch_quick(struct pager *pager, struct space *space, uint64_t operation, uint64_t a,
                       uint64_t b, uint64_t c) {
  switch (operation) {
    case PAGER_MAP:
      return c >> 40 ? -EINVAL : pager_map(pager, space, a, b, c & 0xff, (uint32_t)(c >> 8));
    case PAGER_UNMAP:
      return pager_unmap(pager, space, a, b);
    case PAGER_PROTECT:
      return c > UINT32_MAX ? -EINVAL : pager_protect(pager, space, a, b, (uint32_t)c);
    case PAGER_BREAK:
      return pager_break(pager, space, a);
  }
  return NOT_QUICK;
}

static int64_t do_quick(struct pager *pager, struct space *space, const struct event *event) {
  return dispatch_quick(pager, space, (uint32_t)event->word[0], event->word[1], event->word[2],
                        event->word[3]);
}

static int64_t do_sync(struct pager *pager, struct space *space, const struct event *event) {
  if (event->word[3] > UINT32_MAX) return -EINVAL;
  return pager_sync(pager, space, event->token, event->word[1], event->word[2],
                    (uint32_t)event->word[3]);
}

static int64_t do_remap(struct pager *pager, struct space *space, const struct event *event) {
  return pager_remap(pager, space, event->word[1], event->word[2], event->word[3], event->word[4],
                     event->word[5]);
}

static int64_t do_advise(struct pager *pager, struct space *space, const struct event *event) {
  return pager_advise(pager, space, event->token, event->word[1], event->word[2], event->word[3]);
}

static int64_t do_memory(struct pager *pager, struct space *space, const struct event *event) {
  return pager_memory(pager, space, event->token);
}

static int64_t do_lock(struct pager *pager, struct space *space, const struct event *event) {
  if (event->word[3] > UINT32_MAX) return -EINVAL;
  return pager_lock(pager, space, event->word[1], event->word[2], (uint32_t)event->word[3]);
}

static int64_t do_unlock(struct pager *pager, struct space *space, const struct event *event) {
  if (event->word[3] > UINT32_MAX) return -EINVAL;
  return pager_unlock(pager, space, event->word[1], event->word[2], (uint32_t)event->word[3]);
}

static int64_t do_resident(struct pager *pager, struct space *space, const struct event *event) {
  return pager_resident(pager, space, event->word[1], event->word[2]);
}

static int64_t do_limit(struct pager *pager, struct space *space, const struct event *event) {
  return pager_limit(pager, space, event->word[1], event->word[2], event->word[3]);
}

static int64_t do_option(struct pager *pager, struct space *space, const struct event *event) {
  (void)space;
  return pager_option(pager, event->word[1], event->word[2]);
}

static int64_t do_regions(struct pager *pager, struct space *space, const struct event *event) {
  return pager_regions(pager, space, event->word[1], event->word[2]);
}

static int64_t do_counts(struct pager *pager, struct space *space, const struct event *event) {
  (void)event;
  int64_t status = pager_counts(pager, space);
  if (status < 0) return status;
  struct pager_counts *counts = pager_message(pager, space);
  for (uint32_t i = 0; i < sizeof(counts->kernel) / sizeof(counts->kernel[0]); i++) {
    counts->kernel[i] = i < STAT_COUNT ? kernel_stat(i) : 0;
  }
  return status;
}

static int64_t do_space_counts(struct pager *pager, struct space *space,
                               const struct event *event) {
  return pager_space_counts(pager, space, event->word[1]);
}

static int64_t do_upcall(struct pager *pager, struct space *space, const struct event *event) {
  (void)event;
  return pager_upcall(pager, space);
}

static int64_t do_dirty(struct pager *pager, struct space *space, const struct event *event) {
  return pager_dirty(pager, space, event->word[1], event->word[2]);
}

static int64_t do_provider(struct pager *pager, struct space *space, const struct event *event) {
  (void)event;
  return pager_provider(pager, space);
}

static int64_t do_serve(struct pager *pager, struct space *space, const struct event *event) {
  return pager_serve(pager, space, event->token, event->word[1], event->word[2], event->word[3]);
}

static int64_t do_invalidate(struct pager *pager, struct space *space, const struct event *event) {
  return pager_invalidate(pager, space, event->word[1], event->word[2], event->word[3]);
}

static int64_t do_detach(struct pager *pager, struct space *space, const struct event *event) {
  return pager_detach(pager, space, event->word[1]);
}

// --- fs ----------------------------------------------------------------------------------------

static int64_t do_object_create(struct pager *pager, struct space *space,
                                const struct event *event) {
  (void)space;
  return pager_object_create(pager, event->word[1], event->word[2],
                             (enum object_kind)(uint32_t)event->word[3],
                             (uint32_t)(event->word[3] >> 32), event->word[4]);
}

static int64_t do_object_resize(struct pager *pager, struct space *space,
                                const struct event *event) {
  (void)space;
  return pager_object_resize(pager, object_of(event), event->word[1]);
}

static int64_t do_object_close(struct pager *pager, struct space *space,
                               const struct event *event) {
  (void)space;
  return pager_object_close(pager, object_of(event));
}

static int64_t do_object_destroy(struct pager *pager, struct space *space,
                                 const struct event *event) {
  (void)space;
  return pager_object_destroy(pager, object_of(event), event->word[1]);
}

static int64_t do_object_flush(struct pager *pager, struct space *space,
                               const struct event *event) {
  (void)space;
  uint64_t then = event->word[1];
  int64_t status =
      pager_object_flush(pager, badge_origin(event->badge), event->token, object_of(event), then);
  if (status != PAGER_PARKED) kops_flushed(event->token, then, status);
  return PAGER_PARKED;
}

static int64_t do_object_read(struct pager *pager, struct space *space, const struct event *event) {
  return pager_object_read(pager, space, event->token, object_of(event), event->word[1],
                           event->word[2], event->word[3], event->word[4]);
}

static int64_t do_object_write(struct pager *pager, struct space *space,
                               const struct event *event) {
  uint32_t fresh = (uint32_t)event->word[0] >> 8;
  return pager_object_write(pager, space, event->token, object_of(event), fresh, event->word[1],
                            event->word[2], event->word[3], event->word[4]);
}

static int64_t do_object_map(struct pager *pager, struct space *space, const struct event *event) {
  uint64_t mode = event->word[4];
  return pager_object_map(pager, space, object_of(event), event->word[1], event->word[2],
                          event->word[3], mode & 0xff, (uint32_t)(mode >> 8) & 0xffffff,
                          (uint32_t)(mode >> 32));
}

static int64_t do_swaps(struct pager *pager, struct space *space, const struct event *event) {
  (void)event;
  return pager_swaps(pager, space);
}

static int64_t do_swap_add(struct pager *pager, struct space *space, const struct event *event) {
  (void)space;
  return pager_swap_add(pager, event->word[1], event->word[2], event->word[3]);
}

static int64_t do_swap_remove(struct pager *pager, struct space *space, const struct event *event) {
  (void)space;
  uint64_t then = event->word[2];
  int64_t status =
      pager_swap_remove(pager, badge_origin(event->badge), event->token, event->word[1], then);
  if (status != PAGER_PARKED) kops_flushed(event->token, then, status);
  return PAGER_PARKED;
}

static int64_t do_exec(struct pager *pager, struct space *space, const struct event *event) {
  return pager_exec(pager, space, event->token, object_of(event));
}

static int64_t do_exec_status(struct pager *pager, struct space *space, const struct event *event) {
  (void)space;
  return pager_exec_status(pager, event->word[1]);
}

// --- proc --------------------------------------------------------------------------------------

static int64_t do_fork(struct pager *pager, struct space *space, const struct event *event) {
  (void)space;
  if (event->word[1] > UINT32_MAX || event->word[2] > UINT32_MAX) return -EINVAL;
  return pager_fork(pager, (uint32_t)event->word[1], (uint32_t)event->word[2]);
}

static int64_t do_spawn(struct pager *pager, struct space *space, const struct event *event) {
  (void)space;
  if (event->word[1] > UINT32_MAX || event->word[2] > UINT32_MAX) return -EINVAL;
  return pager_spawn(pager, (uint32_t)event->word[1], (uint32_t)event->word[2], object_of(event));
}

static int64_t do_kill(struct pager *pager, struct space *space, const struct event *event) {
  if (event->word[1] > UINT32_MAX) return -ESRCH;
  return pager_kill(pager, (uint32_t)event->word[1], pager_message(pager, space));
}

static int64_t do_oom_victim(struct pager *pager, struct space *space, const struct event *event) {
  (void)space;
  (void)event;
  return pager_oom_victim(pager);
}

static int64_t do_interrupt(struct pager *pager, struct space *space, const struct event *event) {
  (void)space;
  if (event->word[1] > UINT32_MAX) return -ESRCH;
  return pager_interrupt(pager, (uint32_t)event->word[1]);
}

// -----------------------------------------------------------------------------------------------

static const struct operation kOperations[] = {
    // fs forwards mappings of /dev/zero.
    [PAGER_MAP] = {do_quick, FROM(VIA_PROGRAM) | FROM(VIA_FS), 1},
    [PAGER_UNMAP] = {do_quick, FROM(VIA_PROGRAM), 1},
    [PAGER_PROTECT] = {do_quick, FROM(VIA_PROGRAM), 1},
    [PAGER_BREAK] = {do_quick, FROM(VIA_PROGRAM), 1},
    [PAGER_SYNC] = {do_sync, FROM(VIA_PROGRAM), 1},
    [PAGER_REGIONS] = {do_regions, FROM(VIA_PROGRAM) | FROM(VIA_FS), 1},
    [PAGER_COUNTS] = {do_counts, FROM(VIA_PROGRAM) | FROM(VIA_FS), 1},
    [PAGER_SPACE_COUNTS] = {do_space_counts, FROM(VIA_PROGRAM) | FROM(VIA_FS), 1},
    [PAGER_REMAP] = {do_remap, FROM(VIA_PROGRAM), 1},
    [PAGER_ADVISE] = {do_advise, FROM(VIA_PROGRAM), 1},
    [PAGER_LOCK] = {do_lock, FROM(VIA_PROGRAM), 1},
    [PAGER_UNLOCK] = {do_unlock, FROM(VIA_PROGRAM), 1},
    [PAGER_RESIDENT] = {do_resident, FROM(VIA_PROGRAM), 1},
    [PAGER_LIMIT] = {do_limit, FROM(VIA_PROGRAM), 1},
    [PAGER_OPTION] = {do_option, FROM(VIA_PROGRAM), 0},
    [PAGER_MEMORY] = {do_memory, FROM(VIA_PROGRAM), 1},
    [PAGER_UPCALL] = {do_upcall, FROM(VIA_PROGRAM), 1},
    [PAGER_DIRTY] = {do_dirty, FROM(VIA_PROGRAM), 1},
    [PAGER_PROVIDER] = {do_provider, FROM(VIA_PROGRAM), 1},
    [PAGER_SERVE] = {do_serve, FROM(VIA_PROGRAM), 1},
    [PAGER_INVALIDATE] = {do_invalidate, FROM(VIA_PROGRAM), 1},
    [PAGER_DETACH] = {do_detach, FROM(VIA_PROGRAM), 1},
    [PAGER_OBJECT_CREATE] = {do_object_create, FROM(VIA_FS), 0},
    [PAGER_OBJECT_RESIZE] = {do_object_resize, FROM(VIA_FS), 0},
    [PAGER_OBJECT_CLOSE] = {do_object_close, FROM(VIA_FS), 0},
    [PAGER_OBJECT_DESTROY] = {do_object_destroy, FROM(VIA_FS), 0},
    [PAGER_OBJECT_FLUSH] = {do_object_flush, FROM(VIA_FS), 0},
    [PAGER_OBJECT_READ] = {do_object_read, FROM(VIA_FS), 1},
    [PAGER_OBJECT_WRITE] = {do_object_write, FROM(VIA_FS), 1},
    [PAGER_OBJECT_MAP] = {do_object_map, FROM(VIA_FS), 1},
    [PAGER_SWAPS] = {do_swaps, FROM(VIA_PROGRAM) | FROM(VIA_FS), 1},
    [PAGER_SWAP_ADD] = {do_swap_add, FROM(VIA_FS), 0},
    [PAGER_SWAP_REMOVE] = {do_swap_remove, FROM(VIA_FS), 0},
    [PAGER_EXEC] = {do_exec, FROM(VIA_FS), 1},
    [PAGER_EXEC_STATUS] = {do_exec_status, FROM(VIA_FS), 0},
    [PAGER_FORK] = {do_fork, FROM(VIA_PROC), 0},
    [PAGER_KILL] = {do_kill, FROM(VIA_PROC), 1},
    [PAGER_OOM_VICTIM] = {do_oom_victim, FROM(VIA_PROC), 0},
    [PAGER_INTERRUPT] = {do_interrupt, FROM(VIA_PROC), 0},
    [PAGER_SPAWN] = {do_spawn, FROM(VIA_PROC), 0},
};

int64_t dispatch_call(struct pager *pager, const struct event *event) {
  uint32_t number = (uint32_t)event->word[0];
  // The upper bytes are an argument of this one (PAGER_WRITE_WORD0).
  if ((uint8_t)number == PAGER_OBJECT_WRITE) number = PAGER_OBJECT_WRITE;
  if (number >= sizeof(kOperations) / sizeof(kOperations[0])) return -ENOSYS;
  const struct operation *operation = &kOperations[number];
  if (operation->run == NULL) return -ENOSYS;
  uint32_t via = badge_via(event->badge);
  if (via >= 8 || !(operation->callers & FROM(via))) return -EPERM;
  struct space *space = NULL;
  if (operation->needs_space) {
    space = pager_space(pager, badge_origin(event->badge));
    if (space == NULL) return -ESRCH;
  }
  return operation->run(pager, space, event);
}
