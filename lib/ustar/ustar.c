#include "lib/ustar/ustar.h"

#include <string.h>

// IEEE Std 1003.1, pax, "ustar Interchange Format". Numbers are octal digits.
struct header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
  char type;
  char linkname[100], magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155];
  char padding[12];
};

enum { BLOCK = 512 };

// Digits up to the first space or 0, after leading spaces. => false if there is anything else
static bool read_octal(const char *field, unsigned length, uint64_t *value) {
  unsigned i = 0;
  while (i < length && field[i] == ' ') i++;
  unsigned first = i;
  *value = 0;
  for (; i < length && field[i] >= '0' && field[i] <= '7'; i++) {
    *value = *value << 3 | (uint64_t)(field[i] - '0');
  }
  return i > first && (i == length || field[i] == ' ' || field[i] == 0);
}

// The sum of all bytes, with spaces in place of the checksum itself.
static bool checksum_valid(const struct header *header) {
  uint64_t expected;
  if (!read_octal(header->checksum, sizeof(header->checksum), &expected)) return false;
  const uint8_t *bytes = (const uint8_t *)header;
  uint64_t sum = 0;
  for (unsigned i = 0; i < BLOCK; i++) sum += bytes[i];
  for (unsigned i = 0; i < sizeof(header->checksum); i++) {
    sum += ' ';
    sum -= (uint8_t)header->checksum[i];
  }
  return sum == expected;
}

static char *append(char *to, const char *field, unsigned length) {
  for (unsigned i = 0; i < length && field[i] != 0; i++) *to++ = field[i];
  return to;
}

static void read_path(const struct header *header, char path[USTAR_PATH_MAX]) {
  char *end = path;
  if (header->prefix[0] != 0) {
    end = append(end, header->prefix, sizeof(header->prefix));
    *end++ = '/';
  }
  end = append(end, header->name, sizeof(header->name));
  *end = 0;
}

bool ustar_next(const void *archive, uint64_t archive_bytes, uint64_t *position,
                struct ustar_file *file) {
  while (*position <= archive_bytes && archive_bytes - *position >= BLOCK) {
    const uint8_t *block = (const uint8_t *)archive + *position;
    const struct header *header = (const struct header *)block;
    uint64_t room = archive_bytes - *position - BLOCK;
    uint64_t size;
    if (memcmp(header->magic, "ustar", 6) != 0 || !checksum_valid(header) ||
        !read_octal(header->size, sizeof(header->size), &size) || size > room) {
      return false;
    }
    *position += BLOCK + ((size + BLOCK - 1) & ~(uint64_t)(BLOCK - 1));
    if (header->type != '0' && header->type != 0) continue;
    read_path(header, file->path);
    file->data = block + BLOCK;
    file->bytes = size;
    return true;
  }
  return false;
}

bool ustar_find(const void *archive, uint64_t archive_bytes, const char *path,
                struct ustar_file *file) {
  uint64_t position = 0;
  while (ustar_next(archive, archive_bytes, &position, file)) {
    if (strcmp(file->path, path) == 0) return true;
  }
  return false;
}
