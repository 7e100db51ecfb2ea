// What the tests of memory calls share.
#ifndef TESTS_BEHAVIOUR_MEMORY_SUPPORT_H
#define TESTS_BEHAVIOUR_MEMORY_SUPPORT_H

#include <stddef.h>

#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

// `pages` pages of memory, page i filled with i + 1, and an unmapped page on both sides. NULL if
// there is none.
char *written(size_t pages, int flags);
// Whether page i has the bytes first + i.
int is_written(const char *memory, size_t pages, int first);
int is_zero(const char *memory, size_t pages);

// An unmapped range of so many pages, or NULL.
char *hole(size_t pages);

// Whether a child that touches the byte ends by SIGSEGV.
int dies_reading(char *address);
int dies_writing(char *address);

#endif
