// The kernel's command line: words separated by spaces, some of them key=value.
#ifndef LIB_CMDLINE_CMDLINE_H
#define LIB_CMDLINE_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

// The value of the first word `key=value`, with each %XX replaced by the byte of that hexadecimal
// number, terminated by 0. => false if there is no such word, the value does not fit into `size`
// bytes, or a '%' is not followed by two digits or stands for 0; then value[] is undefined
bool cmdline_value(const char *line, const char *key, char *value, size_t size);

#endif
