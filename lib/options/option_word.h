// Options of the pager as people write them: NAME=VALUE.
#ifndef LIB_OPTIONS_OPTION_WORD_H
#define LIB_OPTIONS_OPTION_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/pager_options.h"

#define OPTION_WORD_BYTES 160  // long enough for all texts made here of words up to 32 bytes

struct option_word {
  enum pager_option option;
  bool has_value;
  uint32_t value;  // within the option's range
};

// Reads NAME=VALUE or a NAME alone. => false, with the reason in why[], cut off at `size` bytes
bool option_word_read(const char *text, struct option_word *word, char *why, size_t size);

// Writes name=value, the policy by its name, cut off at `size` bytes.
void option_word_write(enum pager_option option, uint32_t value, char *text, size_t size);

#endif
