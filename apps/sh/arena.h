// Memory that is given back all at once: what one command line needs while it is parsed and run.
#ifndef APPS_SH_ARENA_H
#define APPS_SH_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
  struct arena_block *blocks;
  size_t used;  // of the newest
};

// Zeroed memory, aligned for any type. Ends the shell with a message if there is none.
void *arena_allocate(struct arena *arena, size_t bytes);
// A copy, terminated by 0, of `length` bytes.
char *arena_string(struct arena *arena, const char *text, size_t length);
void arena_free(struct arena *arena);

#endif
