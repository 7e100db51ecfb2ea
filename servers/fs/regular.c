// Reads, and writes that need no new block, are forwarded to the pager at once. Other writes get
// their blocks first, in a fiber, so that a full disk is told to the writer and not found out
// later.
#include "servers/fs/regular.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "abi/syscall.h"
#include "protocols/fs.h"
#include "protocols/pager.h"
#include "servers/fs/moved.h"
#include "servers/fs/outside.h"
#include "servers/fs/process.h"
#include "servers/fs/volume.h"

// Blocks are allocated in pieces of this many bytes, so that a write that does not fit onto the
// disk ends where the disk is full.
#define ALLOCATE_BYTES 65536u
#define OFFSET_MAX ((uint64_t)INT64_MAX)

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

// Nothing to read, or the first read of a file that the pager does not know.
static __attribute__((noinline)) void read_other(struct file *file, const struct event *event,
                                                 struct answer *answer);

static void regular_read(struct process *process, struct file *file, const struct event *event,
                         struct answer *answer) {
  (void)process;
  const struct vnode *vnode = file->vnode;
  uint64_t offset = event->word[4];
  uint64_t length = smaller(event->word[3], FS_TRANSFER_MAX);
  bool at_position = offset == FS_AT_POSITION;
  if (at_position) offset = file->position;
  if (offset >= vnode->size || length == 0 || vnode->object == 0) {
    read_other(file, event, answer);
    return;
  }
  length = smaller(length, vnode->size - offset);
  uint64_t then = FS_MOVED;
  if (at_position) {
    file->position = offset + length;
    then = FS_MOVED_THEN(event->word[1], FS_MOVED_AT_POSITION);
  }
  answer_forward(answer, HANDLE_PAGER, PAGER_WORD0(PAGER_OBJECT_READ, vnode->object), offset,
                 event->word[2], length, then);
}

static void read_other(struct file *file, const struct event *event, struct answer *answer) {
  uint64_t offset = event->word[4] == FS_AT_POSITION ? file->position : event->word[4];
  int64_t object = 0;
  if (offset > OFFSET_MAX) {
    object = -EINVAL;
  } else if (offset < file->vnode->size && event->word[3] != 0) {
    object = vnode_object(file->vnode);
  }
  if (object <= 0) {
    answer_status(answer, object);
  } else {
    regular_read(NULL, file, event, answer);
  }
}

// --- writes ------------------------------------------------------------------------------------

static void forward_write(struct vnode *vnode, uint64_t fresh, uint64_t offset, uint64_t address,
                          uint64_t length, uint64_t then, struct answer *answer) {
  vnode->modified = outside_ticks();
  answer_forward(answer, HANDLE_PAGER, PAGER_WRITE_WORD0(vnode->object, fresh), offset, address,
                 length, then);
}

// Gives blocks to as much of the range as possible. => its length; a negative errno if that is 0.
static int64_t allocate(struct vnode *vnode, uint64_t offset, uint64_t length) {
  uint64_t done = 0;
  uint64_t step = ALLOCATE_BYTES;
  while (done < length) {
    uint64_t next = smaller(length - done, step - (offset + done) % step);
    uint64_t end = offset + done + next;
    int status = vnode_grow(vnode, offset + done, end, end);
    if (status == 0) {
      done += next;
    } else if (status == -ENOSPC && step > volume.block_bytes) {
      step /= 2;
    } else if (done > 0) {
      break;
    } else {
      return status;
    }
  }
  return (int64_t)done;
}

// => the object exists.
static int grow(struct vnode *vnode, uint64_t size) {
  if (size <= vnode->size) return 0;
  int status = vnode_extend(vnode, size);
  if (status == 0) status = ext2_set_size(vnode->inode, size);
  if (status != 0) return status;
  vnode->size = size;
  outside_object_resize(vnode->object, size);
  return 0;
}

// Blocks and size for a write. => how much of it can be done, or a negative errno.
static int64_t prepare(struct vnode *vnode, uint64_t offset, uint64_t length) {
  if (volume.ext2 == NULL || vnode->inode == NULL) return -EIO;
  if (volume.read_only) return -EROFS;
  if (vnode->swap) return -ETXTBSY;
  uint64_t limit = ext2_max_file_size(volume.ext2);
  if (offset >= limit) return -EFBIG;
  int64_t object = vnode_object(vnode);
  if (object < 0) return object;
  int64_t done = allocate(vnode, offset, smaller(length, limit - offset));
  if (done < 0) return done;
  int status = grow(vnode, offset + (uint64_t)done);
  return status != 0 ? status : done;
}

static void serve_write(struct process *process, struct call *call) {
  // The descriptor stays open: only its process could close it.
  struct file *file = process_file(process, call->word[1]);
  struct vnode *vnode = file->vnode;
  bool at_position = call->word[4] == FS_AT_POSITION;
  fiber_lock_acquire(&volume.lock);
  uint64_t old_size = vnode->size, old_position = file->position;
  uint64_t offset = file->append ? vnode->size : at_position ? file->position : call->word[4];
  int64_t length = prepare(vnode, offset, smaller(call->word[3], FS_TRANSFER_MAX));
  if (length < 0) {
    answer_status(&call->answer, length);
  } else {
    uint64_t end = offset + (uint64_t)length;
    if (at_position) file->position = end;
    uint64_t fresh = smaller(vnode_fresh_pages(vnode, offset, end), PAGER_FRESH_MAX);
    uint32_t flags = at_position ? FS_MOVED_AT_POSITION : 0;
    if (file->append) flags |= FS_MOVED_APPENDED;
    if (end > old_size) flags |= FS_MOVED_GREW;
    forward_write(vnode, fresh, offset, call->word[2], (uint64_t)length,
                  FS_MOVED_THEN(call->word[1], flags), &call->answer);
    moved_note(process, file, old_position, old_size);
    if (!answer_deliver(call->token, &call->answer)) {
      // The caller has ended while its blocks were sought: nothing is written.
      file->position = old_position;
      if (end > old_size) (void)vnode_truncate(vnode, old_size);
    }
    call->answer.kind = ANSWER_NONE;
  }
  fiber_lock_release(&volume.lock);
}

static void regular_write(struct process *process, struct file *file, const struct event *event,
                          struct answer *answer) {
  struct vnode *vnode = file->vnode;
  uint64_t length = smaller(event->word[3], FS_TRANSFER_MAX);
  uint64_t offset = event->word[4];
  bool at_position = offset == FS_AT_POSITION;
  if (at_position) offset = file->position;
  if (offset > OFFSET_MAX || length == 0) {
    answer_status(answer, offset > OFFSET_MAX ? -EINVAL : 0);
    return;
  }
  uint64_t known = smaller(vnode->size, vnode->alloc_end);
  if (file->append || vnode->object == 0 || vnode->swap || offset < vnode->alloc_start ||
      offset >= known || length > known - offset) {
    process_serve(process, event, answer, serve_write);
    return;
  }
  uint64_t then = FS_MOVED;
  if (at_position) {
    file->position = offset + length;
    then = FS_MOVED_THEN(event->word[1], FS_MOVED_AT_POSITION);
  }
  forward_write(vnode, 0, offset, event->word[2], length, then, answer);
}

// --- mapping -----------------------------------------------------------------------------------

static void regular_map(struct file *file, const struct event *event, struct answer *answer) {
  struct vnode *vnode = file->vnode;
  uint64_t how = event->word[5];
  uint64_t prot = how & 0xff;
  bool shared = (how >> 8 & PAGER_SHARED) != 0;
  bool writable = (file->access & FILE_WRITE) != 0;
  uint64_t most = PROT_R | PROT_X | (writable || !shared ? PROT_W : 0u);
  if ((file->access & FILE_READ) == 0 || (prot & ~most & PROT_W) != 0) {
    answer_status(answer, -EACCES);
    return;
  }
  if (shared && vnode->swap) {
    if ((prot & PROT_W) != 0) {
      answer_status(answer, -ETXTBSY);
      return;
    }
    most &= ~(uint64_t)PROT_W;
  }
  int64_t object = vnode_object(vnode);
  if (object < 0) {
    answer_status(answer, object);
    return;
  }
  if (shared && writable) vnode->mapped_writable = true;
  answer_forward(answer, HANDLE_PAGER, PAGER_WORD0(PAGER_OBJECT_MAP, object), event->word[4],
                 event->word[2], event->word[3], (how & 0xffffffffu) | most << 32);
}

static uint64_t regular_size(const struct file *file) { return file->vnode->size; }

const struct file_kind regular_kind = {.read = regular_read,
                                       .write = regular_write,
                                       .size = regular_size,
                                       .map = regular_map,
                                       .through_pager = true};
