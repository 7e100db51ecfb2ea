// The bytes in a pipe: a bounded buffer.
#ifndef SERVERS_FS_PIPE_BUFFER_H_
#define SERVERS_FS_PIPE_BUFFER_H_

#include <stdbool.h>
#include <stdint.h>

enum { PIPE_BUFFER_BYTES = 3584 };  // PIPE_BUF: a write of that much is atomic

// All zero is empty.
struct pipe_buffer {
  uint32_t first;  // the oldest byte
  uint32_t used;
  uint8_t data[PIPE_BUFFER_BYTES];
};

// Adds all of the bytes. => false: no room for all of them; nothing has changed.
bool pipe_buffer_put(struct pipe_buffer *buffer, const void *bytes, uint32_t count);

// Takes up to `count` bytes. => how many.
uint32_t pipe_buffer_get(struct pipe_buffer *buffer, void *bytes, uint32_t count);

#endif  // SERVERS_FS_PIPE_BUFFER_H_
