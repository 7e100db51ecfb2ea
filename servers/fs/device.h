// Devices: /dev/console, /dev/null, /dev/zero, disks (block.h), by device numbers as Linux has
// them.
#ifndef SERVERS_FS_DEVICE_H_
#define SERVERS_FS_DEVICE_H_

#include "servers/fs/file.h"

struct device;

// The device of this type of file (S_IFCHR, S_IFBLK) with these numbers, or with this name on a
// disk that has no /dev. NULL: none.
const struct device *device_find(uint32_t type, uint32_t major, uint32_t minor);
const struct device *device_named(const char *path);

// flags: O_*. => 0 and the file; -ENFILE: too many open files; -ENXIO -EBUSY -EROFS, see block.h.
int device_open(const struct device *device, int flags, struct file **file);

// The minor number of an open device, which is of_kind.
uint32_t device_minor_of(const struct device *device);

void device_stat(const struct device *device, struct fs_stat *stat);

// A device number as struct fs_stat and FS_MKNOD have it: as Linux encodes it.
uint64_t device_number(uint32_t major, uint32_t minor);
uint32_t device_major(uint64_t number);
uint32_t device_minor(uint64_t number);

#endif  // SERVERS_FS_DEVICE_H_
