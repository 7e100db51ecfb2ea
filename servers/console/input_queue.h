// Input that is ready to be read: lines, or single bytes in raw mode. Bounded.
#ifndef SERVERS_CONSOLE_INPUT_QUEUE_H
#define SERVERS_CONSOLE_INPUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_QUEUE_MAX 8192u  // power of two

struct input_queue {
  uint32_t head, tail;              // entries ever added, ever taken
  uint16_t entry[INPUT_QUEUE_MAX];  // a byte, or the mark of an end of input
};

void input_queue_clear(struct input_queue *queue);

// Entries that fit.
uint32_t input_queue_room(const struct input_queue *queue);

static inline bool input_queue_empty(const struct input_queue *queue) {
  return queue->head == queue->tail;
}

// Adds bytes, all or nothing. false: no room.
bool input_queue_add(struct input_queue *queue, const char *bytes, size_t count);

// Adds the mark that ends a read behind the bytes before it. false: no room.
bool input_queue_add_end(struct input_queue *queue);

// What one read gets: up to `limit` >= 1 bytes, not beyond the end of a line, or 0 for a mark with
// nothing before it. The queue must not be empty.
size_t input_queue_take(struct input_queue *queue, char *bytes, size_t limit);

// The same without regard to lines, for raw mode.
size_t input_queue_take_raw(struct input_queue *queue, char *bytes, size_t limit);

#endif
