// Regular files: their data is in the pager's page cache.
#ifndef SERVERS_FS_REGULAR_H_
#define SERVERS_FS_REGULAR_H_

#include "servers/fs/file.h"

extern const struct file_kind regular_kind;

#endif  // SERVERS_FS_REGULAR_H_
