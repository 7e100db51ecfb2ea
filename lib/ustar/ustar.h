// POSIX ustar archives in memory, such as the boot archive. The bytes may be hostile.
#ifndef LIB_USTAR_USTAR_H
#define LIB_USTAR_USTAR_H

#include <stdbool.h>
#include <stdint.h>

#define USTAR_PATH_MAX 257  // prefix, '/', name, 0

struct ustar_file {
  char path[USTAR_PATH_MAX];
  const void *data;  // in the archive; 512-byte aligned relative to its start
  uint64_t bytes;
};

// The next regular file at or after *position (0 at first), which moves behind it.
// => false at the end of the archive or where it is damaged
bool ustar_next(const void *archive, uint64_t archive_bytes, uint64_t *position,
                struct ustar_file *file);

// The first regular file with this path. => false if there is none
bool ustar_find(const void *archive, uint64_t archive_bytes, const char *path,
                struct ustar_file *file);

#endif
