// A space's handles. Guarded by the kernel lock.
#ifndef MICROKERNEL_HANDLE_TABLE_H
#define MICROKERNEL_HANDLE_TABLE_H

#include "abi/handle.h"
#include "microkernel/frame.h"
#include "microkernel/types.h"

struct space;

struct handle {
  uint8_t type;  // enum object_type; OBJECT_NONE: free
  uint8_t rights;
  uint16_t reserved;
  uint32_t type_generation;  // that the object's frame must still have
  uint32_t object;           // its frame; ranges: the first frame or interrupt
  uint32_t badge;            // endpoints; ranges: the count
};

#define HANDLE_CHUNK_SHIFT 7  // HANDLES_INLINE
_Static_assert(1u << HANDLE_CHUNK_SHIFT == HANDLES_INLINE, "a chunk is what fits inline");
_Static_assert(sizeof(struct handle) * HANDLES_PER_FRAME == PAGE_SIZE, "a frame of handles");

// The slot, free or not; NULL if the table has none with that index.
struct handle *handle_slot(struct space *space, uint64_t index);
// Whether a handle to an object (not a range) still names one.
static inline bool handle_is_current(const struct handle *handle) {
  return frame_entry(handle->object)->type_generation == handle->type_generation;
}
// The handle if it is of `type`, has all `rights` and its object still exists; else NULL with
// the reason, -EBADF or -EACCES, in *error.
struct handle *handle_get(struct space *space, uint64_t index, uint8_t type, uint8_t rights,
                          int *error);
// The object of such a handle.
void *handle_object(struct space *space, uint64_t index, uint8_t type, uint8_t rights, int *error);
// Fills a free slot with a handle to the object in `frame`. EBADF EEXIST
int handle_put(struct space *space, uint64_t index, uint8_t type, frame_t frame);
// SYS_COPY.
int handle_copy(struct space *to, uint64_t to_index, struct space *from, uint64_t from_index,
                uint8_t rights, uint64_t badge);
// SYS_DROP.
int handle_drop(struct space *space, uint64_t index);

#endif
