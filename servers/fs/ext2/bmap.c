// From file blocks to disk blocks.
#include "servers/fs/ext2/file_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"

int ext2_path_to(const struct ext2_fs *fs, uint64_t file_block, struct ext2_path *path) {
  uint32_t bits = fs->pointers_bits, mask = (1u << bits) - 1;
  if (file_block < EXT2_DIRECT_BLOCKS) {
    *path = (struct ext2_path){.depth = 0, .index = {(uint32_t)file_block}};
    return 0;
  }
  file_block -= EXT2_DIRECT_BLOCKS;
  for (uint32_t depth = 1; depth <= 3; depth++) {
    uint64_t reach = (uint64_t)1 << (bits * depth);
    if (file_block < reach) {
      path->depth = depth;
      path->index[0] = EXT2_DIRECT_BLOCKS + depth - 1;
      for (uint32_t i = 1; i <= depth; i++)
        path->index[i] = (uint32_t)(file_block >> (bits * (depth - i))) & mask;
      return 0;
    }
    file_block -= reach;
  }
  return -EFBIG;
}

bool ext2_has_blocks(const struct ext2_inode *inode) {
  if (ext2_is(inode, EXT2_MODE_REGULAR) || ext2_is(inode, EXT2_MODE_DIR)) return true;
  if (!ext2_is(inode, EXT2_MODE_SYMLINK)) return false;
  uint32_t attributes = inode->disk.attribute_block != 0 ? inode->fs->sectors_per_block : 0;
  return inode->disk.size >= EXT2_FAST_SYMLINK_SIZE || inode->disk.sectors > attributes;
}

unsigned ext2_content_use(const struct ext2_inode *inode) {
  if (ext2_is(inode, EXT2_MODE_DIR)) return EXT2_USE_DIRECTORY;
  return ext2_is(inode, EXT2_MODE_SYMLINK) ? EXT2_USE_SYMLINK : EXT2_USE_CONTENT;
}

static bool numbers_sound(const struct ext2_fs *fs, const uint8_t *table) {
  for (uint32_t i = 0; i < 1u << fs->pointers_bits; i++) {
    uint32_t block = ext2_load32(table, i);
    if (block != 0 && (block < fs->super.first_data_block || block >= fs->super.blocks_count))
      return false;
  }
  return true;
}

int ext2_indirect_get(struct ext2_inode *inode, uint32_t block, uint32_t level,
                      struct ext2_buffer **buffer) {
  uint32_t run;
  int error = ext2_group_data_run(inode->fs, block, 1, &run);
  if (error != 0) return error;
  error = ext2_buffer_get(inode->fs, block, EXT2_USE_INDIRECT + level, inode->ino, buffer);
  if (error != 0 || (*buffer)->checked) return error;
  if (!numbers_sound(inode->fs, (*buffer)->data)) {
    ext2_buffer_reject(inode->fs, *buffer);
    return ext2_damage(inode->fs, "an indirect block is damaged", block);
  }
  (*buffer)->checked = true;
  return 0;
}

// How many entries from `index` on, at most `max`, continue the first: holes, or consecutive
// numbers.
static uint32_t count_run(const uint8_t *table, uint32_t index, uint32_t max) {
  uint32_t first = ext2_load32(table, index), run = 1;
  while (run < max && ext2_load32(table, index + run) == (first == 0 ? 0 : first + run)) run++;
  return run;
}

// The blocks from the one that `path` leads to up to the end of the part of the tree that is under
// index[level].
static uint64_t rest_of_subtree(const struct ext2_fs *fs, const struct ext2_path *path,
                                uint32_t level) {
  uint64_t offset = 0, reach = 1;
  for (uint32_t i = path->depth; i > level; i--) {
    offset += path->index[i] * reach;
    reach <<= fs->pointers_bits;
  }
  return reach - offset;
}

static int map_in(struct ext2_inode *inode, const uint8_t *table, uint32_t index, uint32_t entries,
                  uint32_t max, uint64_t *disk_block, uint32_t *run) {
  uint32_t block = ext2_load32(table, index);
  *disk_block = block;
  *run = count_run(table, index, ext2_min(max, entries - index));
  return block == 0 ? 0 : ext2_group_data_run(inode->fs, block, *run, run);
}

int ext2_map(struct ext2_inode *inode, uint64_t file_block, uint32_t max, uint64_t *disk_block,
             uint32_t *run) {
  struct ext2_fs *fs = inode->fs;
  struct ext2_path path;
  int error = ext2_path_to(fs, file_block, &path);
  if (error != 0) return error;
  const uint8_t *roots = (const uint8_t *)inode->disk.block;
  if (path.depth == 0)
    return map_in(inode, roots, path.index[0], EXT2_DIRECT_BLOCKS, max, disk_block, run);
  uint32_t block = ext2_load32(roots, path.index[0]);
  for (uint32_t i = 1; i <= path.depth; i++) {
    if (block == 0) {
      *disk_block = 0;
      *run = ext2_min(max, rest_of_subtree(fs, &path, i - 1));
      return 0;
    }
    struct ext2_buffer *table;
    error = ext2_indirect_get(inode, block, path.depth - i + 1, &table);
    if (error != 0) return error;
    if (i == path.depth)
      error =
          map_in(inode, table->data, path.index[i], 1u << fs->pointers_bits, max, disk_block, run);
    else
      block = ext2_load32(table->data, path.index[i]);
    ext2_buffer_put(table);
  }
  return error;
}

int ext2_bmap(struct ext2_inode *inode, uint64_t file_block, uint32_t max, uint64_t *disk_block,
              uint32_t *run) {
  if (!ext2_is(inode, EXT2_MODE_REGULAR) || max == 0) return -EINVAL;
  int error = ext2_map(inode, file_block, max, disk_block, run);
  if (error != 0 || *disk_block == 0) return error;
  for (uint32_t i = 0; i < *run; i++) {
    // Content has no buffer: what has one is some structure's.
    if (!ext2_buffer_exists(inode->fs, (uint32_t)*disk_block + i)) continue;
    if (i == 0) return ext2_damage(inode->fs, "a block belongs to two structures", *disk_block);
    *run = i;
  }
  return 0;
}
