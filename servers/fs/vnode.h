// Vnodes: files in use, and the memory objects that hold their pages.
//
// A vnode keeps a reference to its ext2 inode while it is in the table: while anything has it
// open, and after that for as long as its place is not needed, since the pager may have pages of
// it. The state that the pager keeps (mapped, dirty) is known by its answer to CLOSE and by
// OBJECT_IDLE:
//
//   open ── last vnode_put ──▶ closed: held by the pager ── OBJECT_IDLE ──▶ idle ──▶ recycled
//    ▲                            │                          │
//    └──────── vnode_get ─────────┴──────────────────────────┘
//
// A file whose last name is gone is deleted as soon as it is closed and idle.
//
// Lock: `L` fields change only under volume.lock; `A` fields change at any time, never over a
// wait.
#ifndef SERVERS_FS_VNODE_H_
#define SERVERS_FS_VNODE_H_

#include <stdbool.h>
#include <stdint.h>

#include "servers/fs/ext2/file.h"
#include "servers/fs/fiber.h"
#include "servers/fs/fresh.h"

enum { VNODES_MAX = 224 };

// What the pager still has of a closed object: its answers to PAGER_OBJECT_CLOSE.
enum vnode_hold { VNODE_IDLE = 0, VNODE_MAPPED = 1, VNODE_DIRTY = 2 };

struct vnode {
  // Used by reads and writes of cached data.
  uint64_t size;         // A bytes, of regular files
  uint64_t alloc_start;  // L the bytes that are known to have blocks: a write within them and
  uint64_t alloc_end;    //   within the size needs none
  uint64_t modified;     // A tick of the last change that the inode does not show, 0 if it does
  uint32_t object;       // A the pager's, 0 while it has none

  uint32_t opens;                 // A
  struct ext2_inode *inode;       // L NULL: a free place
  uint64_t cookie;                // names it to the pager
  uint32_t mode;                  // type of the file
  uint32_t parent;                // L inode of a directory that has it, if nothing has changed
  enum vnode_hold hold;           // A while closed
  bool mapped_writable;           // A
  bool reaping;                   // A in the list of what has to be looked at
  bool swap;                      // L a swap area: nobody may change it
  struct fresh fresh;             // L
  unsigned requests;              // A page requests that are not completed
  unsigned transferring;          // A of these, the ones past the look at the blocks
  struct fiber_queue progress;    // of page requests
  struct vnode *next, *previous;  // A list of closed ones, oldest first, or free list
};

// --- references --------------------------------------------------------------------------------

// The vnode of an inode, opened. Takes the reference to the inode in any case. A place is made
// if all are taken. => in a fiber, with the lock. -ENFILE.
int vnode_get(struct ext2_inode *inode, struct vnode **vnode);

// One more or one less. vnode_put(NULL) is allowed.
void vnode_hold(struct vnode *vnode);
void vnode_put(struct vnode *vnode);

// The vnode that an inode has, NULL if none.
struct vnode *vnode_of(const struct ext2_inode *inode);

// A name of this inode is gone: if it was the last one and nobody has it open, it is deleted.
// Gives back the reference to the inode. => in a fiber, with the lock.
void vnode_unlinked(struct ext2_inode *inode);

// OBJECT_IDLE.
void vnode_idle(struct vnode *vnode);

// NULL if the cookie does not name a vnode.
struct vnode *vnode_by_cookie(uint64_t cookie);

// --- data --------------------------------------------------------------------------------------

// The pager's object, made if need be. => > 0; -ENOMEM; -EIO: unmounted.
int64_t vnode_object(struct vnode *vnode);

// Has the pager give up its pages. => -EBUSY: it is mapped, or has dirty pages.
int vnode_forget_pages(struct vnode *vnode);

// Makes [start, end) of a file that is, or becomes, `size` bytes long have blocks, in whole pages.
// => in a fiber, with the lock. -ENOSPC -EFBIG -EIO: a part may have them now.
int vnode_grow(struct vnode *vnode, uint64_t start, uint64_t end, uint64_t size);

// To be called before a file becomes longer: the rest of its last page gets blocks, if the page
// has any. So each page has blocks up to the end of the file, or is known to the pager to have
// holes (OBJECT_HOLE). => as vnode_grow.
int vnode_extend(struct vnode *vnode, uint64_t size);

// The blocks from `range.start` on are about to be written. => in a fiber, with the lock.
void vnode_written(struct vnode *vnode, struct block_range range);

// How many of the pages up to the one that holds byte end - 1, not before that of `start`, hold
// nothing in the store.
uint64_t vnode_fresh_pages(const struct vnode *vnode, uint64_t start, uint64_t end);

// Sets the size. => in a fiber, with the lock, which is let go in between. -EFBIG -EIO
// -ETXTBSY.
int vnode_truncate(struct vnode *vnode, uint64_t size);

// Records the time of the last change. => in a fiber, with the lock.
void vnode_touch(struct vnode *vnode);

// --- all of them -------------------------------------------------------------------------------

void vnodes_init(void);
void vnodes_touch(void);  // => in a fiber, with the lock
// Drops every page and reference, open or not. => in a fiber, with the lock.
void vnodes_release(void);

#endif  // SERVERS_FS_VNODE_H_
