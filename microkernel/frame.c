#include "microkernel/frame.h"

#include <errno.h>

struct frame *frame_table;
uint8_t *frame_board;
char *frame_memory;
frame_t frame_first;
uint32_t frame_total;

void frame_set_type(frame_t frame, uint8_t type) {
  struct frame *entry = frame_entry(frame);
  entry->type_generation = (entry->type_generation & ~0xffu) | type;
}

void frame_release(frame_t frame) {
  struct frame *entry = frame_entry(frame);
  entry->type_generation = ((entry->type_generation & ~0xffu) + 0x100u) | FRAME_OBJECT;
}

// The board is written by the boot process too: words are changed atomically.
void frame_board_set(frame_t frame, uint32_t bits) {
  uint32_t index = frame - frame_first;
  uint32_t *word = (uint32_t *)(void *)(frame_board + (index & ~3u));
  __atomic_fetch_or(word, bits << (8 * (index & 3)), __ATOMIC_RELAXED);
}

int frame_retype(frame_t first, uint8_t from, uint8_t to) {
  if (first % LARGE_FRAMES || !frame_exists(first) || !frame_exists(first + LARGE_FRAMES - 1))
    return -EINVAL;
  for (frame_t i = first; i < first + LARGE_FRAMES; i++)
    if (frame_type(i) != from || frame_entry(i)->count) return -EINVAL;
  for (frame_t i = first; i < first + LARGE_FRAMES; i++) frame_set_type(i, to);
  return 0;
}
