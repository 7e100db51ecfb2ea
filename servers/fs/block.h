// Disks as files: /dev/vda, /dev/vdb, ... Data moves between the message page and the disk, past
// the page cache and the file system on it.
#ifndef SERVERS_FS_BLOCK_H_
#define SERVERS_FS_BLOCK_H_

#include "servers/fs/disk.h"
#include "servers/fs/file.h"

enum { BLOCK_MAJOR = 254, BLOCK_MINORS = 16 };  // of virtio disks under Linux; minors of a disk

// The functions of file_kind. of_kind is a device whose minor number says which disk.
void block_read(struct process *process, struct file *file, const struct event *event,
                struct answer *answer);
void block_write(struct process *process, struct file *file, const struct event *event,
                 struct answer *answer);
void block_sync(struct process *process, struct file *file, const struct event *event,
                struct answer *answer);
uint64_t block_size(const struct file *file);

// The disk of a file, NULL if that is no block device.
struct disk *block_disk(const struct file *file);

// Whether the disk may be opened for writing. => 0; -ENXIO: there is no such disk; -EROFS; -EBUSY:
// it is mounted, or a swap area.
int block_may_open(unsigned minor, bool writes);

#endif  // SERVERS_FS_BLOCK_H_
