// Paths below what is mounted over the disk's directories: /dev/shm and /proc.
#ifndef SERVERS_FS_VIRTUAL_PATH_H_
#define SERVERS_FS_VIRTUAL_PATH_H_

#include <stdbool.h>
#include <stddef.h>

#define VIRTUAL_SHM_PATH "/dev/shm"
#define VIRTUAL_PROC_PATH "/proc"

// Writes base/rest into `out`, which has `size` bytes, without ".", "..", empty components and
// slashes at the end: "/" or "/a/b". `base` is such a path; `rest` is `length` bytes, and may be in
// `out` if it begins with a slash and `base` is "/".
// => false: too long.
bool virtual_path_join(char *out, size_t size, const char *base, const char *rest, size_t length);

// What follows `root` in a path as virtual_path_join makes them: "" or "a/b"; NULL: it is not
// below.
const char *virtual_path_below(const char *path, const char *root);

#endif  // SERVERS_FS_VIRTUAL_PATH_H_
