// Only this process changes its descriptors, so what is known here stays true; after an exec it is
// asked for again.
#include "libsys/descriptor.h"

#include "libsys/call.h"
#include "libsys/message.h"

uint8_t descriptor_known[FS_OPEN_MAX];
static volatile int changing = -1;  // what is found out about this one may not stay true

static bool in_range(int fd) { return fd >= 0 && fd < FS_OPEN_MAX; }

enum fs_kind descriptor_kind(int fd) {
  if (!in_range(fd)) return FS_KIND_FILE;
  uint8_t known = descriptor_known[fd];
  if (known == DESCRIPTOR_UNKNOWN) {
    if (call_fs(FS_FSTAT, (uint64_t)fd, 0, 0, 0, 0).status < 0) return FS_KIND_FILE;
    const struct fs_stat *status = message_page();
    known = status->kind == FS_KIND_FILE ? DESCRIPTOR_FILE : DESCRIPTOR_MESSAGE;
    if (fd != changing) descriptor_known[fd] = known;
  }
  return known == DESCRIPTOR_FILE ? FS_KIND_FILE : FS_KIND_MESSAGE;
}

void descriptor_opened(int fd, enum fs_kind kind) {
  if (in_range(fd))
    descriptor_known[fd] = kind == FS_KIND_FILE ? DESCRIPTOR_FILE : DESCRIPTOR_MESSAGE;
}

void descriptor_closed(int fd) {
  if (in_range(fd)) descriptor_known[fd] = DESCRIPTOR_UNKNOWN;
}

int descriptor_change(int fd) {
  int before = changing;
  changing = fd;
  descriptor_closed(fd);
  return before;
}

void descriptor_changed(int before) { changing = before; }

void descriptor_copied(int from, int to) {
  if (in_range(from) && in_range(to)) descriptor_known[to] = descriptor_known[from];
}
