#include "servers/fs/virtual_path.h"

#include <string.h>

static size_t drop_last(const char *out, size_t used) {
  while (used > 0 && out[used - 1] != '/') used--;
  return used > 0 ? used - 1 : 0;
}

bool virtual_path_join(char *out, size_t size, const char *base, const char *rest, size_t length) {
  size_t used = strlen(base);
  if (used == 1) used = 0;  // "/"
  if (used + 2 > size) return false;
  memcpy(out, base, used);
  for (size_t at = 0; at < length;) {
    size_t end = at;
    while (end < length && rest[end] != '/') end++;
    size_t bytes = end - at;
    if (bytes == 2 && rest[at] == '.' && rest[at + 1] == '.') {
      used = drop_last(out, used);
    } else if (bytes > 0 && !(bytes == 1 && rest[at] == '.')) {
      if (used + bytes + 2 > size) return false;
      out[used++] = '/';
      memmove(out + used, rest + at, bytes);
      used += bytes;
    }
    at = end + 1;
  }
  if (used == 0) out[used++] = '/';
  out[used] = 0;
  return true;
}

const char *virtual_path_below(const char *path, const char *root) {
  size_t length = strlen(root);
  if (strncmp(path, root, length) != 0) return NULL;
  if (path[length] == 0) return path + length;
  return path[length] == '/' ? path + length + 1 : NULL;
}
