// Large pages, where the system has them and a program can switch them off.
#ifndef BENCH_POSIX_LARGE_H
#define BENCH_POSIX_LARGE_H

#include <stdbool.h>

void large_pages(bool on);

#endif
