// Symbolic links: short ones in the inode, long ones in a block.
#include "servers/fs/ext2/dir_priv.h"
#include "servers/fs/ext2/file_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"
#include "servers/fs/ext2/names_priv.h"

static int write_long(struct ext2_inode *inode, struct ext2_name target) {
  uint64_t block;
  uint32_t run;
  struct ext2_buffer *buffer;
  int error = ext2_extend(inode, 0, 1);
  if (error == 0) error = ext2_map(inode, 0, 1, &block, &run);
  if (error == 0)
    error = ext2_buffer_new(inode->fs, (uint32_t)block, EXT2_USE_SYMLINK, inode->ino, &buffer);
  if (error != 0) return error;
  memcpy(buffer->data, target.text, target.length);
  ext2_buffer_put(buffer);
  return 0;
}

int ext2_symlink_write(struct ext2_inode *inode, struct ext2_name target) {
  inode->disk.size = (uint32_t)target.length;
  if (target.length >= EXT2_FAST_SYMLINK_SIZE) return write_long(inode, target);
  memcpy(inode->disk.block, target.text, target.length);
  return 0;
}

static int read_long(struct ext2_inode *inode, char *target, uint32_t size) {
  uint64_t block;
  uint32_t run;
  struct ext2_buffer *buffer;
  int error = ext2_map(inode, 0, 1, &block, &run);
  if (error != 0) return error;
  if (block == 0) return ext2_damage(inode->fs, "a symbolic link has no block", inode->ino);
  error = ext2_buffer_get(inode->fs, (uint32_t)block, EXT2_USE_SYMLINK, inode->ino, &buffer);
  if (error != 0) return error;
  memcpy(target, buffer->data, size);
  ext2_buffer_put(buffer);
  return (int)size;
}

int ext2_readlink(struct ext2_inode *inode, char *target, size_t size) {
  if (!ext2_is(inode, EXT2_MODE_SYMLINK)) return -EINVAL;
  uint32_t copied = ext2_min(size, inode->disk.size);
  if (ext2_has_blocks(inode)) return read_long(inode, target, copied);
  memcpy(target, inode->disk.block, copied);
  return (int)copied;
}
