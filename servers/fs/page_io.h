// The provider's side of the memory-object ring (protocols/object.h): moves pages between the
// page cache's frames and the disk.
//
// Life of a request:
//   1. page_io_take     copies it from the ring and queues it as work
//   2. a fiber          looks up the blocks under volume.lock, starts the transfers
//   3. the last transfer to end, or 2 if there is none, puts the completion into the ring
//   4. page_io_notify   rings the pager, once for all completions since
#ifndef SERVERS_FS_PAGE_IO_H_
#define SERVERS_FS_PAGE_IO_H_

#include <stdbool.h>

#include "servers/fs/vnode.h"

// NOTIFY_RING: takes what the pager has put into the ring.
void page_io_take(void);

// Tells the pager about completions, if there are any it does not know of.
void page_io_notify(void);

// Waits until a request for this vnode is completed, or for a moment if there is none: the pager
// has answered EBUSY. => in a fiber, without volume.lock.
void page_io_wait(struct vnode *vnode);

// Waits for a moment. => in a fiber.
void page_io_pause(void);

#endif  // SERVERS_FS_PAGE_IO_H_
