// The C library's functions of these names, replaced.
#include <string.h>

#include "lib/memory/memory.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  return memory_copy(to, from, bytes);
}

void *memmove(void *to, const void *from, size_t bytes) { return memory_move(to, from, bytes); }

void *memset(void *to, int byte, size_t bytes) { return memory_set(to, byte, bytes); }

int memcmp(const void *a, const void *b, size_t bytes) { return memory_compare(a, b, bytes); }
