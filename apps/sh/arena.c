#include "apps/sh/arena.h"

#include <stdlib.h>
#include <string.h>

#include "apps/sh/memory.h"

#define BLOCK_BYTES 2000ul
#define ALIGNMENT 16ul

struct arena_block {
  struct arena_block *next;
  size_t bytes;
  _Alignas(ALIGNMENT) char memory[];
};

void *arena_allocate(struct arena *arena, size_t bytes) {
  bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  if (!arena->blocks || arena->blocks->bytes - arena->used < bytes) {
    size_t wanted = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    struct arena_block *block = allocate(sizeof *block + wanted);
    block->next = arena->blocks;
    block->bytes = wanted;
    arena->blocks = block;
    arena->used = 0;
  }
  void *memory = arena->blocks->memory + arena->used;
  arena->used += bytes;
  return memset(memory, 0, bytes);
}

char *arena_string(struct arena *arena, const char *text, size_t length) {
  return memcpy(arena_allocate(arena, length + 1), text, length);
}

void arena_free(struct arena *arena) {
  while (arena->blocks) {
    struct arena_block *block = arena->blocks;
    arena->blocks = block->next;
    free(block);
  }
  arena->used = 0;
}
