#include "servers/fs/text.h"

#include <string.h>

enum { NUMBER_MAX = 20 };

void text_bytes(struct text *text, const char *bytes, size_t count) {
  if (count > text->size - text->used) count = text->size - text->used;
  memcpy(text->at + text->used, bytes, count);
  text->used += count;
}

void text_string(struct text *text, const char *string) {
  text_bytes(text, string, strlen(string));
}

void text_char(struct text *text, char c, size_t times) {
  while (times-- > 0 && text->used < text->size) text->at[text->used++] = c;
}

static void number_in(struct text *text, uint64_t number, unsigned base, unsigned width,
                      char fill) {
  char digits[NUMBER_MAX];
  unsigned at = NUMBER_MAX;
  do {
    digits[--at] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  unsigned count = NUMBER_MAX - at;
  if (width > count) text_char(text, fill, width - count);
  text_bytes(text, digits + at, count);
}

void text_decimal(struct text *text, uint64_t number, unsigned width) {
  number_in(text, number, 10, width, ' ');
}

void text_signed(struct text *text, int64_t number) {
  if (number < 0) text_char(text, '-', 1);
  text_decimal(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 0);
}

void text_hex(struct text *text, uint64_t number, unsigned digits) {
  number_in(text, number, 16, digits, '0');
}
