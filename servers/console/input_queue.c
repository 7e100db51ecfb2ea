#include "servers/console/input_queue.h"

#define END_MARK 0x100u

void input_queue_clear(struct input_queue *queue) { queue->head = queue->tail = 0; }

uint32_t input_queue_room(const struct input_queue *queue) {
  return INPUT_QUEUE_MAX - (queue->head - queue->tail);
}

static void add(struct input_queue *queue, uint16_t entry) {
  queue->entry[queue->head++ % INPUT_QUEUE_MAX] = entry;
}

static uint16_t first(const struct input_queue *queue) {
  return queue->entry[queue->tail % INPUT_QUEUE_MAX];
}

bool input_queue_add(struct input_queue *queue, const char *bytes, size_t count) {
  if (count > input_queue_room(queue)) return false;
  for (size_t i = 0; i < count; i++) add(queue, (uint8_t)bytes[i]);
  return true;
}

bool input_queue_add_end(struct input_queue *queue) {
  if (input_queue_room(queue) == 0) return false;
  add(queue, END_MARK);
  return true;
}

size_t input_queue_take(struct input_queue *queue, char *bytes, size_t limit) {
  size_t count = 0;
  while (count < limit && !input_queue_empty(queue)) {
    uint16_t entry = first(queue);
    queue->tail++;
    if (entry == END_MARK) return count;
    bytes[count++] = (char)entry;
    if (entry == '\n') return count;
  }
  // A mark right behind the bytes belongs to this read: the next one is not at the end of input.
  if (!input_queue_empty(queue) && first(queue) == END_MARK) queue->tail++;
  return count;
}

size_t input_queue_take_raw(struct input_queue *queue, char *bytes, size_t limit) {
  size_t count = 0;
  while (count < limit && !input_queue_empty(queue)) {
    uint16_t entry = first(queue);
    if (entry == END_MARK && count != 0) break;
    queue->tail++;
    if (entry == END_MARK) break;
    bytes[count++] = (char)entry;
  }
  return count;
}
