// A space's handles. Guarded by the kernel lock.
#ifndef MICROKERNEL_HANDLE_TABLE_H
#define MICROKERNEL_HANDLE_TABLE_H

#include "abi/handle.h"
#include "microkernel/arch.h"
#include "microkernel/frame.h"
#include "microkernel/types.h"

struct space;

// An object's handle holds what its frame's type and generation must still be. For endpoints once
// for each right, so that comparing one word tells type, right and life: no other handle has
// there what a frame of an endpoint has, or what frame 0 (FRAME_RESERVED) has.
struct handle {
  union {
    struct {
      uint8_t type;  // enum object_type; OBJECT_NONE: free
      uint8_t rights;
    };
    uint16_t type_rights;  // both, little-endian
  };
  uint16_t badge;  // endpoints
  union {
    struct {
      uint32_t call;     // endpoints with RIGHT_CALL: type_generation; all others: its complement
      uint32_t receive;  // endpoints with RIGHT_RECEIVE: type_generation; else 0
      uint32_t object;   // its frame - frame_first
    };
    struct {  // ranges
      uint32_t first;
      uint32_t count;
    };
  };
} __attribute__((aligned(8)));  // copied in words

#define HANDLE_CHUNK_SHIFT 7  // HANDLES_INLINE
_Static_assert(1u << HANDLE_CHUNK_SHIFT == HANDLES_INLINE, "a chunk is what fits inline");
_Static_assert(sizeof(struct handle) * HANDLES_PER_FRAME == PAGE_SIZE, "a frame of handles");

// The slot, free or not; NULL if the table has none with that index.
struct handle *handle_slot(struct space *space, uint64_t index);
// Whether a handle is of this type and has all the rights.
static inline bool handle_is(const struct handle *handle, uint8_t type, uint8_t right) {
  return (handle->type_rights & (0xff | right << 8)) == (type | right << 8);
}
// Whether the object that a handle (not of a range) was made for still exists.
static inline bool handle_is_object(const struct handle *handle) {
  uint32_t now = frame_table[handle->object].type_generation;
  return now == handle->call || now == ~handle->call;
}
// The object that a handle (not of a range) named when it was made.
static inline void *handle_named(const struct handle *handle) {
  return frame_memory + ((uint64_t)handle->object << PAGE_SHIFT);
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
