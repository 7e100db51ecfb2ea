// The cache of metadata blocks.
//
// Invariants:
// 1. A block has at most one buffer.
// 2. A buffer has one use and one owner from the time it is filled until it is forgotten or
//    evicted. Asking for a block with another use or owner is how two structures that claim the
//    same block are found out.
// 3. A block of file content, and a free block, has no buffer.
// 4. A pinned buffer is neither evicted nor forgotten.
#ifndef SERVERS_FS_EXT2_BUFFER_PRIV_H_
#define SERVERS_FS_EXT2_BUFFER_PRIV_H_

#include <stdbool.h>
#include <stdint.h>

struct ext2_fs;

enum ext2_use {
  EXT2_USE_CONTENT,  // Of a file: never in a buffer.
  EXT2_USE_DESCRIPTORS,
  EXT2_USE_BLOCK_BITMAP,  // The owner of these three is the group, ...
  EXT2_USE_INODE_BITMAP,
  EXT2_USE_INODE_TABLE,
  EXT2_USE_DIRECTORY,  // ... of those from here on the inode.
  EXT2_USE_SYMLINK,
  EXT2_USE_ATTRIBUTES,  // Shared by inodes: the owner is 0.
  EXT2_USE_INDIRECT,  // + 1, 2, 3: of block numbers of content, of indirect blocks, of double ones.
};

struct ext2_buffer {
  uint8_t *data;
  uint32_t block;  // 0: the buffer is empty.
  uint32_t owner;
  uint8_t use;
  bool dirty;
  bool recent;   // Used since the clock hand passed.
  bool checked;  // For the user: the content was found sound; false when freshly read.
  uint32_t pins;
  // Hash chains by index + 1, 0 at the end. Chain h begins in buffer h, whatever that buffer holds.
  uint32_t chain;
  uint32_t next;
  uint32_t order;  // Scratch of ext2_buffer_write_all.
};

struct ext2_cache {
  struct ext2_buffer *buffers;
  uint32_t count;
  uint32_t hand;
};

// Sets up `count` empty buffers over the caller's memory.
void ext2_buffer_init(struct ext2_fs *fs, struct ext2_buffer *buffers, uint8_t *data,
                      uint32_t count);

// The buffer of a block, pinned, read if need be. The caller has checked the block number.
int ext2_buffer_get(struct ext2_fs *fs, uint32_t block, unsigned use, uint32_t owner,
                    struct ext2_buffer **buffer);

// As ext2_buffer_get for a block just allocated: zeroed instead of read, and dirty.
int ext2_buffer_new(struct ext2_fs *fs, uint32_t block, unsigned use, uint32_t owner,
                    struct ext2_buffer **buffer);

// Unpins; NULL is allowed.
void ext2_buffer_put(struct ext2_buffer *buffer);

// Unpins a buffer that was just read and whose content is wrong, and forgets it: the block may be
// no metadata.
void ext2_buffer_reject(struct ext2_fs *fs, struct ext2_buffer *buffer);

void ext2_buffer_dirty(struct ext2_buffer *buffer);

// Whether the block has a buffer.
bool ext2_buffer_exists(const struct ext2_fs *fs, uint32_t block);

// Whether the block, if it has a buffer, has it for this use and owner and unpinned: it may be
// forgotten.
bool ext2_buffer_may_forget(const struct ext2_fs *fs, uint32_t block, unsigned use, uint32_t owner);

// Drops the buffer of a block, if any, with what was not written. => It is not pinned.
void ext2_buffer_forget(struct ext2_fs *fs, uint32_t block);

// Writes all dirty buffers, in ascending block order. => The first error, after trying all.
int ext2_buffer_write_all(struct ext2_fs *fs);

#endif  // SERVERS_FS_EXT2_BUFFER_PRIV_H_
