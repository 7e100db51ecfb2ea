// The frame table: what each frame of RAM is, so that it is never two things at once.
//
// Invariants:
//   F1  count of a FRAME_USER frame is the number of page-table leaves that map it, plus one if
//       it is a thread's call buffer. A large leaf counts for the first of its frames alone: they
//       change their type together. The boot space's window is not counted.
//   F4  a frame of type FRAME_BLANK is all zeros.
//   F2  a frame changes between FRAME_USER and FRAME_OBJECT only with count 0, in blocks of
//       LARGE_FRAMES, and only FRAME_USER blocks are in the window.
//   F3  a frame's generation changes whenever an object in it ends, so that no old handle fits.
// Guarded by the kernel lock.
#ifndef MICROKERNEL_FRAME_H
#define MICROKERNEL_FRAME_H

#include "abi/handle.h"
#include "microkernel/types.h"

// Types beside those of enum object_type, which a frame has when it holds that object.
enum frame_type {
  FRAME_USER = 0x10,    // memory that may be mapped
  FRAME_OBJECT = 0x11,  // may become a kernel object
  FRAME_TABLE = 0x12,   // page table, or in a space's pool of them
  FRAME_LEAVES = 0x13,  // page table of the lowest level, in use
  FRAME_HANDLES = 0x15,
  FRAME_BLANK = 0x16,     // as FRAME_OBJECT, and known to be all zeros
  FRAME_RESERVED = 0x14,  // firmware, kernel; with the highest generation
                          // No type is 0, so that no frame fits an empty handle
};

struct frame {
  uint32_t type_generation;  // enum frame_type | enum object_type, generation << 8
  uint32_t count;            // FRAME_USER: F1; tables: next in its space's list, or 0
};

extern struct frame *frame_table;  // entry i is frame frame_first + i
extern uint64_t frame_base;        // where entry 0 of the table would be, if it began at frame 0
extern uint8_t *frame_board;       // from frame_first: BOARD_* bits, cleared by the boot process
extern char *frame_memory;         // arch_frame_address(frame_first)
extern frame_t frame_first;
extern uint32_t frame_total;

// Bits of the board, set by the kernel with atomic operations.
enum { BOARD_ACCESSED = 1, BOARD_DIRTY = 2 };

static inline bool frame_exists(uint64_t frame) { return frame - frame_first < frame_total; }

// => frame_exists(frame)
static inline struct frame *frame_entry(uint64_t frame) {
  return (struct frame *)(frame_base + frame * sizeof(struct frame));
}

static inline uint8_t frame_type(uint64_t frame) {
  return (uint8_t)frame_entry(frame)->type_generation;
}

// The table begins with the entry of frame `first`.
void frame_set_table(struct frame *table, frame_t first, uint32_t total);
// Whether it may become a kernel object. => frame_exists(frame)
static inline bool frame_is_free(uint64_t frame) {
  return frame_type(frame) == FRAME_OBJECT || frame_type(frame) == FRAME_BLANK;
}
// => frame_exists(frame)
void frame_set_type(frame_t frame, uint8_t type);
// Ends the object in a frame: type FRAME_OBJECT, next generation.
void frame_release(frame_t frame);
// Clears the first `bytes` bytes of a frame, rounded up to 128.
void frame_clear(frame_t frame, size_t bytes);
// Or-s BOARD_* bits. The board is written by the boot process too: words are changed atomically.
// => frame_exists(frame)
static inline void frame_board_set(frame_t frame, uint32_t bits) {
  uint32_t index = frame - frame_first;
  uint32_t *word = (uint32_t *)(void *)(frame_board + (index & ~3u));
  __atomic_fetch_or(word, bits << (8 * (index & 3)), __ATOMIC_RELAXED);
}
// Turns LARGE_FRAMES frames from `first`, all of type `from` (blank ones count as FRAME_OBJECT) and
// with count 0, into `to`. EINVAL unless aligned and all are.
int frame_retype(frame_t first, uint8_t from, uint8_t to);

#endif
