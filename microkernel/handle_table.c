#include "microkernel/handle_table.h"

#include <errno.h>

#include "microkernel/space.h"

struct handle *handle_slot(struct space *space, uint64_t index) {
  if (index >= space->handle_count || index == HANDLE_NONE) return NULL;
  return &space->handles[index >> HANDLE_CHUNK_SHIFT][index & (HANDLES_INLINE - 1)];
}

static inline bool is_range(uint8_t type) {
  return type == OBJECT_FRAMES || type == OBJECT_DEVICES || type == OBJECT_IRQ;
}

_Static_assert(OBJECT_ENDPOINT < OBJECT_FRAMES && OBJECT_FRAMES < OBJECT_DEVICES &&
                   OBJECT_DEVICES < OBJECT_IRQ && OBJECT_IRQ < OBJECT_KERNEL,
               "objects in frames come first");

static inline bool is_alive(const struct handle *handle) {
  if (handle->type >= OBJECT_FRAMES) return true;
  return handle_is_object(handle);
}

// Sets what an object's handle must find in the frame table, for its rights.
static void set_keys(struct handle *handle, uint32_t type_generation) {
  bool endpoint = handle->type == OBJECT_ENDPOINT;
  handle->call = endpoint && handle->rights & RIGHT_CALL ? type_generation : ~type_generation;
  handle->receive = endpoint && handle->rights & RIGHT_RECEIVE ? type_generation : 0;
}

struct handle *handle_get(struct space *space, uint64_t index, uint8_t type, uint8_t rights,
                          int *error) {
  struct handle *handle = &space->handles_inline[index];  // its slot 0 is never taken
  if (UNLIKELY(index >= HANDLES_INLINE)) handle = handle_slot(space, index);
  if (LIKELY(handle && handle_is(handle, type, rights) && is_alive(handle))) return handle;
  *error = handle && handle->type == type && is_alive(handle) ? -EACCES : -EBADF;
  return NULL;
}

void *handle_object(struct space *space, uint64_t index, uint8_t type, uint8_t rights, int *error) {
  struct handle *handle = handle_get(space, index, type, rights, error);
  return handle ? handle_named(handle) : NULL;
}

COLD int handle_put(struct space *space, uint64_t index, uint8_t type, frame_t frame) {
  struct handle *handle = handle_slot(space, index);
  if (!handle) return -EBADF;
  if (handle->type != OBJECT_NONE && is_alive(handle)) return -EEXIST;
  *handle = (struct handle){.type = type, .rights = RIGHTS_ALL, .object = frame - frame_first};
  set_keys(handle, frame_entry(frame)->type_generation);
  return 0;
}

// A copy of a range handle may be of a part of it.
static int narrow(struct handle *handle, uint64_t range) {
  uint32_t first = (uint32_t)range;
  uint32_t count = (uint32_t)(range >> 32);
  if (first < handle->first || count == 0 ||
      (uint64_t)first + count > (uint64_t)handle->first + handle->count)
    return -EINVAL;
  handle->first = first;
  handle->count = count;
  return 0;
}

int handle_copy(struct space *to, uint64_t to_index, struct space *from, uint64_t from_index,
                uint8_t rights, uint64_t badge) {
  struct handle *source = handle_slot(from, from_index);
  struct handle *target = handle_slot(to, to_index);
  if (!source || !target || source->type == OBJECT_NONE || !is_alive(source)) return -EBADF;
  if (!(source->rights & RIGHT_COPY)) return -EACCES;
  if (target->type != OBJECT_NONE && is_alive(target)) return -EEXIST;
  struct handle copy = *source;
  copy.rights &= rights;
  if (is_range(copy.type)) {
    int error = narrow(&copy, badge);
    if (error) return error;
  } else if (copy.type != OBJECT_KERNEL) {
    if (badge > UINT16_MAX) return -EINVAL;
    if (copy.badge == 0) copy.badge = (uint16_t)badge;  // a badge once given stays
    set_keys(&copy, frame_table[copy.object].type_generation);
  }
  *target = copy;
  return 0;
}

COLD int handle_drop(struct space *space, uint64_t index) {
  struct handle *handle = handle_slot(space, index);
  if (!handle || handle->type == OBJECT_NONE) return -EBADF;
  *handle = (struct handle){0};
  return 0;
}
