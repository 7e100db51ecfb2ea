// Swap areas: disks and files that the pager puts pages into (PAGER_SWAP_ADD). Their pages go
// straight between frames and sectors, without the page cache or the file system: where the slots
// of a file are is looked up once, and the file is protected from changes while it is used.
#ifndef SERVERS_FS_SWAP_H_
#define SERVERS_FS_SWAP_H_

#include <stdbool.h>
#include <stdint.h>

#include "servers/fs/disk.h"
#include "servers/fs/process.h"
#include "servers/fs/swap_map.h"

struct swap_area {
  uint64_t cookie;  // 0: a free place
  struct disk *disk;
  struct vnode *vnode;  // of a file: one of its opens; NULL of a disk
  uint32_t pager_area;
  uint32_t remover;  // badge of the process that waits for the pager to empty it, 0: none
  struct swap_map map;
};

// FS_SWAPON. => in a fiber, with volume.lock.
int64_t swap_on(struct process *process, struct call *call);

// FS_SWAPOFF.
void swap_off(struct process *process, const struct event *event, struct answer *answer);

// Whether a cookie of a page request is a swap area's, and which; NULL: of one that is gone.
bool swap_has_cookie(uint64_t cookie);
const struct swap_area *swap_by_cookie(uint64_t cookie);

// What /proc/swaps says of an area: its path, in `size` bytes, or that it is unknown. => in a
// fiber, with volume.lock.
void swap_name(uint64_t cookie, char *name, size_t size, bool *is_disk);

bool swap_uses_disk(const struct disk *disk);

#endif  // SERVERS_FS_SWAP_H_
