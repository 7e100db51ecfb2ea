// malloc for a program that has no use without it: ends the shell with a message when it fails.
#ifndef APPS_SH_MEMORY_H
#define APPS_SH_MEMORY_H

#include <stddef.h>

void *allocate(size_t bytes);
void *reallocate(void *memory, size_t bytes);
char *allocate_string(const char *text);

#endif
