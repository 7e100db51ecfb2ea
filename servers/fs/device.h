// Devices: /dev/console, /dev/null, /dev/zero, by device numbers as Linux has them.
#ifndef SERVERS_FS_DEVICE_H_
#define SERVERS_FS_DEVICE_H_

#include "servers/fs/file.h"

struct device;

// The device with these numbers, or with this name on a disk that has no /dev. NULL: none.
const struct device *device_find(uint32_t major, uint32_t minor);
const struct device *device_named(const char *path);

// => NULL: too many open files.
struct file *device_open(const struct device *device);

void device_stat(const struct device *device, struct fs_stat *stat);

// A device number as struct fs_stat and FS_MKNOD have it: as Linux encodes it.
uint64_t device_number(uint32_t major, uint32_t minor);
uint32_t device_major(uint64_t number);
uint32_t device_minor(uint64_t number);

#endif  // SERVERS_FS_DEVICE_H_
