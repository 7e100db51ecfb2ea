#include "lib/cmdline/cmdline.h"

#include <string.h>

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static bool word_ends(char c) { return c == ' ' || c == 0; }

static bool decode(const char *text, char *value, size_t size) {
  size_t used = 0;
  while (!word_ends(*text)) {
    char c = *text++;
    if (c == '%') {
      int high = hex_digit(text[0]);
      int low = high < 0 ? -1 : hex_digit(text[1]);
      if (low < 0) return false;
      c = (char)(high << 4 | low);
      if (c == 0) return false;
      text += 2;
    }
    if (used + 1 >= size) return false;
    value[used++] = c;
  }
  if (used >= size) return false;
  value[used] = 0;
  return true;
}

bool cmdline_value(const char *line, const char *key, char *value, size_t size) {
  size_t length = strlen(key);
  while (*line != 0) {
    if (strncmp(line, key, length) == 0 && line[length] == '=') {
      return decode(line + length + 1, value, size);
    }
    while (!word_ends(*line)) line++;
    while (*line == ' ') line++;
  }
  return false;
}
