// Allocating blocks for a range of a file.
//
// First the blocks that the range needs are counted, indirect ones included, and compared with what
// is free: once allocation begins, it does not run out.
#include "servers/fs/ext2/balloc_priv.h"
#include "servers/fs/ext2/file_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"

// The entries that hold the numbers of a run of file blocks: direct ones, or those of one indirect
// block.
struct leaf {
  struct ext2_buffer *buffer;  // NULL: the table is in the inode.
  uint8_t *table;              // NULL: there is no such indirect block.
  uint32_t index;              // Of the first block in question.
  uint32_t count;              // Of entries from there on that are in question.
};

static uint32_t zeros(const struct leaf *leaf) {
  if (leaf->table == NULL) return leaf->count;
  uint32_t n = 0;
  for (uint32_t i = 0; i < leaf->count; i++) n += ext2_load32(leaf->table, leaf->index + i) == 0;
  return n;
}

static bool index_zero_from(const struct ext2_path *path, uint32_t level) {
  for (uint32_t i = level; i <= path->depth; i++) {
    if (path->index[i] != 0) return false;
  }
  return true;
}

// Finds the leaf for `at`, without changing anything. => *missing: the indirect blocks that have to
// be made for it, those that a range beginning at `first` needs for earlier blocks already not
// included.
static int find_leaf(struct ext2_inode *inode, const struct ext2_path *path, bool first,
                     struct leaf *leaf, uint32_t *missing) {
  *missing = 0;
  leaf->buffer = NULL;
  leaf->table = (uint8_t *)inode->disk.block;
  leaf->index = path->index[0];
  for (uint32_t i = 1; i <= path->depth; i++) {
    uint32_t block = leaf->table == NULL ? 0 : ext2_load32(leaf->table, leaf->index);
    ext2_buffer_put(leaf->buffer);
    leaf->buffer = NULL;
    leaf->table = NULL;
    leaf->index = path->index[i];
    if (block == 0) {
      *missing += first || index_zero_from(path, i);
      continue;
    }
    int error = ext2_indirect_get(inode, block, path->depth - i + 1, &leaf->buffer);
    if (error != 0) return error;
    leaf->table = leaf->buffer->data;
  }
  return 0;
}

// The entries of the leaf from the one that the path leads to, at most `count`.
static uint32_t leaf_entries(const struct ext2_fs *fs, const struct ext2_path *path,
                             uint64_t count) {
  uint32_t entries = path->depth == 0 ? EXT2_DIRECT_BLOCKS : 1u << fs->pointers_bits;
  return ext2_min(count, entries - path->index[path->depth]);
}

// => *need: the blocks to allocate for the range; counting stops when it is more than `limit`.
static int count_needed(struct ext2_inode *inode, uint64_t first, uint64_t count, uint64_t limit,
                        uint64_t *need) {
  *need = 0;
  for (uint64_t done = 0; done < count && *need <= limit;) {
    struct ext2_path path;
    int error = ext2_path_to(inode->fs, first + done, &path);
    if (error != 0) return error;
    struct leaf leaf;
    uint32_t missing;
    error = find_leaf(inode, &path, done == 0, &leaf, &missing);
    if (error != 0) return error;
    leaf.count = leaf_entries(inode->fs, &path, count - done);
    uint32_t content = zeros(&leaf);
    ext2_buffer_put(leaf.buffer);
    *need += content + missing;
    done += leaf.count;
  }
  return 0;
}

static void account(struct ext2_inode *inode, uint32_t blocks) {
  inode->disk.sectors += blocks * inode->fs->sectors_per_block;
}

// Where the next block of the inode would best be.
static int goal(struct ext2_inode *inode, const struct leaf *leaf, uint32_t *block) {
  uint32_t before = leaf->index == 0 ? 0 : ext2_load32(leaf->table, leaf->index - 1);
  *block = before != 0 ? before + 1 : inode->goal;
  if (*block != 0) return 0;
  struct ext2_layout layout;
  int error = ext2_group_layout(inode->fs, ext2_group_of_inode(inode->fs, inode->ino), &layout);
  if (error == 0) *block = layout.first;
  return error;
}

// Makes an indirect block and enters its number in `parent`.
static int make_indirect(struct ext2_inode *inode, const struct leaf *parent, uint32_t level,
                         struct ext2_buffer **buffer) {
  uint32_t near, block, got;
  int error = goal(inode, parent, &near);
  if (error == 0) error = ext2_balloc(inode->fs, near, 1, &block, &got);
  if (error != 0) return error;
  error = ext2_buffer_new(inode->fs, block, EXT2_USE_INDIRECT + level, inode->ino, buffer);
  if (error != 0) {
    ext2_bfree(inode->fs, block, 1, EXT2_USE_INDIRECT + level, inode->ino);
    return error;
  }
  inode->goal = block + 1;
  ext2_store32(parent->table, parent->index, block);
  if (parent->buffer != NULL) ext2_buffer_dirty(parent->buffer);
  account(inode, 1);
  return 0;
}

// Finds the leaf that the path leads to and makes the indirect blocks that are missing on the way.
static int make_leaf(struct ext2_inode *inode, const struct ext2_path *path, struct leaf *leaf) {
  leaf->buffer = NULL;
  leaf->table = (uint8_t *)inode->disk.block;
  leaf->index = path->index[0];
  for (uint32_t i = 1; i <= path->depth; i++) {
    uint32_t block = ext2_load32(leaf->table, leaf->index), level = path->depth - i + 1;
    struct ext2_buffer *next;
    int error = block != 0 ? ext2_indirect_get(inode, block, level, &next)
                           : make_indirect(inode, leaf, level, &next);
    ext2_buffer_put(leaf->buffer);
    if (error != 0) return error;
    *leaf = (struct leaf){.buffer = next, .table = next->data, .index = path->index[i]};
  }
  return 0;
}

// Allocates blocks for the hole that the leaf begins with. => *filled: the entries done.
static int fill_hole(struct ext2_inode *inode, const struct leaf *leaf, uint32_t *filled) {
  uint32_t hole = 1, near, block;
  while (hole < leaf->count && ext2_load32(leaf->table, leaf->index + hole) == 0) hole++;
  int error = goal(inode, leaf, &near);
  if (error == 0) error = ext2_balloc(inode->fs, near, hole, &block, filled);
  if (error != 0) return error;
  for (uint32_t i = 0; i < *filled; i++) ext2_store32(leaf->table, leaf->index + i, block + i);
  if (leaf->buffer != NULL) ext2_buffer_dirty(leaf->buffer);
  inode->goal = block + *filled;
  account(inode, *filled);
  return 0;
}

static int fill_leaf(struct ext2_inode *inode, struct leaf leaf) {
  while (leaf.count > 0) {
    uint32_t done = 1;
    if (ext2_load32(leaf.table, leaf.index) == 0) {
      int error = fill_hole(inode, &leaf, &done);
      if (error != 0) return error;
    }
    leaf.index += done;
    leaf.count -= done;
  }
  return 0;
}

static int allocate(struct ext2_inode *inode, uint64_t first, uint64_t count) {
  int error = 0;
  while (count > 0 && error == 0) {
    struct ext2_path path;
    struct leaf leaf;
    error = ext2_path_to(inode->fs, first, &path);
    if (error == 0) error = make_leaf(inode, &path, &leaf);
    if (error != 0) break;
    leaf.count = leaf_entries(inode->fs, &path, count);
    error = fill_leaf(inode, leaf);
    ext2_buffer_put(leaf.buffer);
    first += leaf.count;
    count -= leaf.count;
  }
  int stored = ext2_inode_store(inode);
  return error != 0 ? error : stored;
}

int ext2_extend(struct ext2_inode *inode, uint64_t first, uint64_t count) {
  struct ext2_fs *fs = inode->fs;
  uint64_t max_blocks = fs->max_file_size >> fs->block_bits;
  if (count == 0) return 0;
  if (first >= max_blocks || count > max_blocks - first) return -EFBIG;
  uint32_t available = ext2_balloc_available(fs);
  uint64_t need;
  int error = count_needed(inode, first, count, available, &need);
  if (error != 0 || need == 0) return error;
  if (need > available) return -ENOSPC;
  if (need > (UINT32_MAX - inode->disk.sectors) / fs->sectors_per_block) return -EFBIG;
  return allocate(inode, first, count);
}

int ext2_alloc_range(struct ext2_inode *inode, uint64_t first, uint64_t count) {
  if (!ext2_is(inode, EXT2_MODE_REGULAR)) return -EINVAL;
  int error = ext2_begin_change(inode->fs);
  if (error != 0) return error;
  uint64_t covered = (ext2_inode_size(inode) + inode->fs->block_size - 1) >> inode->fs->block_bits;
  if (count > 0 && (first >= covered || count > covered - first)) inode->excess = true;
  return ext2_extend(inode, first, count);
}
