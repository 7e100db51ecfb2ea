// getline and getdelim; dprintf.
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool make_room(char **line, size_t *size, size_t wanted) {
  if (*line && *size >= wanted) return true;
  size_t larger = wanted < 128 ? 128 : 2 * wanted;
  char *memory = realloc(*line, larger);
  if (!memory) return false;
  *line = memory;
  *size = larger;
  return true;
}

ssize_t getdelim(char **restrict line, size_t *restrict size, int delimiter,
                 FILE *restrict stream) {
  if (!line || !size) {
    errno = EINVAL;
    return -1;
  }
  if (!*line) *size = 0;
  size_t length = 0;
  int character = 0;
  while (character != delimiter || length == 0) {
    character = getc(stream);
    if (character == EOF) break;
    if (!make_room(line, size, length + 2)) return -1;
    (*line)[length++] = (char)character;
  }
  if (length == 0) return -1;
  (*line)[length] = 0;
  return (ssize_t)length;
}

ssize_t getline(char **restrict line, size_t *restrict size, FILE *restrict stream) {
  return getdelim(line, size, '\n', stream);
}

int vdprintf(int fd, const char *restrict format, va_list arguments) {
  char *text;
  int length = vasprintf(&text, format, arguments);
  if (length < 0) return -1;
  ssize_t written = write(fd, text, (size_t)length);
  free(text);
  return (int)written;
}

int dprintf(int fd, const char *restrict format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vdprintf(fd, format, arguments);
  va_end(arguments);
  return length;
}
