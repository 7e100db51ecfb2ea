#include "servers/fs/pipe_buffer.h"

#include <string.h>

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

bool pipe_buffer_put(struct pipe_buffer *buffer, const void *bytes, uint32_t count) {
  if (count > PIPE_BUFFER_BYTES - buffer->used) return false;
  uint32_t at = (buffer->first + buffer->used) % PIPE_BUFFER_BYTES;
  uint32_t part = smaller(count, PIPE_BUFFER_BYTES - at);
  memcpy(buffer->data + at, bytes, part);
  memcpy(buffer->data, (const uint8_t *)bytes + part, count - part);
  buffer->used += count;
  return true;
}

uint32_t pipe_buffer_get(struct pipe_buffer *buffer, void *bytes, uint32_t count) {
  count = smaller(count, buffer->used);
  uint32_t part = smaller(count, PIPE_BUFFER_BYTES - buffer->first);
  memcpy(bytes, buffer->data + buffer->first, part);
  memcpy((uint8_t *)bytes + part, buffer->data, count - part);
  buffer->first = (buffer->first + count) % PIPE_BUFFER_BYTES;
  buffer->used -= count;
  return count;
}
