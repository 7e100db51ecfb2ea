#include "microkernel/frame.h"

#include <errno.h>

#include "microkernel/arch.h"

struct frame *frame_table;
uint8_t *frame_board;
char *frame_memory;
uint64_t frame_base;
frame_t frame_first;
uint32_t frame_total;

COLD void frame_set_table(struct frame *table, frame_t first, uint32_t total) {
  frame_table = table;
  frame_first = first;
  frame_total = total;
  frame_base = (uint64_t)table - first * sizeof *table;
  frame_memory = arch_frame_address(first);
}

void frame_set_type(frame_t frame, uint8_t type) {
  struct frame *entry = frame_entry(frame);
  entry->type_generation = (entry->type_generation & ~0xffu) | type;
}

void frame_release(frame_t frame) {
  struct frame *entry = frame_entry(frame);
  entry->type_generation = ((entry->type_generation & ~0xffu) + 0x100u) | FRAME_OBJECT;
}

void frame_clear(frame_t frame, size_t bytes) {
  uint64_t *word = arch_frame_address(frame);
  for (const uint64_t *end = word + bytes / sizeof *word; word < end; word += 16) {
    word[0] = word[1] = word[2] = word[3] = word[4] = word[5] = word[6] = word[7] = 0;
    word[8] = word[9] = word[10] = word[11] = word[12] = word[13] = word[14] = word[15] = 0;
  }
}

COLD int frame_retype(frame_t first, uint8_t from, uint8_t to) {
  if (first % LARGE_FRAMES || !frame_exists(first) || !frame_exists(first + LARGE_FRAMES - 1))
    return -EINVAL;
  for (frame_t i = first; i < first + LARGE_FRAMES; i++)
    if ((from == FRAME_OBJECT ? !frame_is_free(i) : frame_type(i) != from) || frame_entry(i)->count)
      return -EINVAL;
  for (frame_t i = first; i < first + LARGE_FRAMES; i++) frame_set_type(i, to);
  return 0;
}
