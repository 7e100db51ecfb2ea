// Copying, filling and comparing memory by words. The C library's own functions, built for size,
// go byte by byte. Semantics are those of memcpy, memmove, memset and memcmp.
#ifndef LIB_MEMORY_MEMORY_H
#define LIB_MEMORY_MEMORY_H

#include <stddef.h>

void *memory_copy(void *restrict to, const void *restrict from, size_t bytes);
void *memory_move(void *to, const void *from, size_t bytes);
void *memory_set(void *to, int byte, size_t bytes);
int memory_compare(const void *a, const void *b, size_t bytes);

#endif
