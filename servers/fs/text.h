// Text that is written piece by piece into a buffer. What does not fit is left out.
#ifndef SERVERS_FS_TEXT_H_
#define SERVERS_FS_TEXT_H_

#include <stddef.h>
#include <stdint.h>

struct text {
  char *at;
  size_t size, used;
};

void text_bytes(struct text *text, const char *bytes, size_t count);
void text_string(struct text *text, const char *string);
void text_char(struct text *text, char c, size_t times);
// At least `width` characters, filled with spaces in front.
void text_decimal(struct text *text, uint64_t number, unsigned width);
void text_signed(struct text *text, int64_t number);
// At least `digits` digits, filled with zeros.
void text_hex(struct text *text, uint64_t number, unsigned digits);

#endif  // SERVERS_FS_TEXT_H_
