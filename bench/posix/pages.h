// Memory to be measured on.
#ifndef BENCH_POSIX_PAGES_H
#define BENCH_POSIX_PAGES_H

#include <stddef.h>

// Untouched private memory. Ends the program if there is none.
volatile char *pages_map(size_t count);
void pages_unmap(volatile char *pages, size_t count);
// Writes to each page.
void pages_write(volatile char *pages, size_t count);

// A file whose first `count` pages are filled, stored and in the page cache. It has no name.
int pages_file(size_t count);

#endif
