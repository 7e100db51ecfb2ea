// What libsys remembers of file descriptors: where their data moves (protocols/fs.h).
#ifndef LIBSYS_DESCRIPTOR_H
#define LIBSYS_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/fs.h"

enum descriptor_knowledge { DESCRIPTOR_UNKNOWN = 0, DESCRIPTOR_FILE, DESCRIPTOR_MESSAGE };

// For descriptor_is_file alone.
extern uint8_t descriptor_known[FS_OPEN_MAX];

// Whether it is known already that `fd` has FS_KIND_FILE.
static inline bool descriptor_is_file(int fd) {
  return (unsigned)fd < FS_OPEN_MAX && descriptor_known[fd] == DESCRIPTOR_FILE;
}

// How data of `fd` moves. Asks fs the first time; for a bad descriptor FS_KIND_FILE, and fs refuses
// what is then tried.
enum fs_kind descriptor_kind(int fd);

// `fd` was opened with this kind, or has been closed.
void descriptor_opened(int fd, enum fs_kind kind);
void descriptor_closed(int fd);
// From the first to the second, `fd` may become another file at any time: nothing is remembered of
// it, as a handler may use it before and after. => for the second
int descriptor_change(int fd);
void descriptor_changed(int before);
// `to` is now the same as `from`.
void descriptor_copied(int from, int to);

#endif
