#include "apps/sh/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory) {
  if (memory) return memory;
  fprintf(stderr, "sh: out of memory\n");
  exit(2);
}

void *allocate(size_t bytes) { return checked(malloc(bytes ? bytes : 1)); }

void *reallocate(void *memory, size_t bytes) { return checked(realloc(memory, bytes ? bytes : 1)); }

char *allocate_string(const char *text) {
  size_t bytes = strlen(text) + 1;
  return memcpy(allocate(bytes), text, bytes);
}
