// Freeing blocks, and the size of files.
//
// Numbers are freed from the end of the file to its beginning, and each is taken out of its table
// when it has been freed: after an error, what is left is a sound file. A table is checked before
// anything in it is freed: one with damage is not changed.
#include "servers/fs/ext2/balloc_priv.h"
#include "servers/fs/ext2/file_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"

static void account(struct ext2_inode *inode, uint32_t blocks) {
  uint32_t sectors = blocks * inode->fs->sectors_per_block;
  inode->disk.sectors -= ext2_min(inode->disk.sectors, sectors);
}

// How many entries that end with the one at `last` are consecutive numbers of one group, not going
// below `from`.
static uint32_t run_before(const struct ext2_fs *fs, const uint8_t *table, uint32_t from,
                           uint32_t last) {
  uint32_t end = ext2_load32(table, last), run = 1;
  if (end < fs->super.first_data_block || end >= fs->super.blocks_count) return 1;
  uint32_t in_group = (end - fs->super.first_data_block) % fs->super.blocks_per_group;
  while (last - run + 1 > from && run <= in_group && ext2_load32(table, last - run) == end - run)
    run++;
  return run;
}

// Checks that the blocks whose numbers are entries [from, end) of a table can be freed.
static int check_entries(struct ext2_inode *inode, const uint8_t *table, unsigned use,
                         uint32_t from, uint32_t end) {
  while (end > from) {
    uint32_t block = ext2_load32(table, end - 1), run = 1;
    if (block != 0) {
      run = run_before(inode->fs, table, from, end - 1);
      int error = ext2_bfree_check(inode->fs, block - run + 1, run, use, inode->ino);
      if (error != 0) return error;
    }
    end -= run;
  }
  return 0;
}

// Frees the content blocks whose numbers are entries [from, end) of a table, which is in a buffer
// or the inode.
static int free_entries(struct ext2_inode *inode, uint8_t *table, struct ext2_buffer *buffer,
                        uint32_t from, uint32_t end) {
  unsigned use = ext2_content_use(inode);
  int error = check_entries(inode, table, use, from, end);
  while (end > from && error == 0) {
    uint32_t block = ext2_load32(table, end - 1), run = 1;
    if (block != 0) {
      run = run_before(inode->fs, table, from, end - 1);
      error = ext2_bfree(inode->fs, block - run + 1, run, use, inode->ino);
      if (error != 0) return error;
      for (uint32_t i = 0; i < run; i++) ext2_store32(table, end - 1 - i, 0);
      if (buffer != NULL) ext2_buffer_dirty(buffer);
      account(inode, run);
    }
    end -= run;
  }
  return error;
}

static int free_tree(struct ext2_inode *inode, uint8_t *entry, struct ext2_buffer *buffer,
                     uint32_t level, uint64_t from);

// Frees what is below an indirect block from its block `from` on.
static int free_below(struct ext2_inode *inode, struct ext2_buffer *table, uint32_t level,
                      uint64_t from) {
  uint32_t bits = inode->fs->pointers_bits, entries = 1u << bits;
  if (level == 1) return free_entries(inode, table->data, table, (uint32_t)from, entries);
  uint32_t shift = bits * (level - 1);
  uint32_t first = (uint32_t)(from >> shift);
  int error = check_entries(inode, table->data, EXT2_USE_INDIRECT + level - 1, first, entries);
  for (uint32_t i = entries; i-- > first && error == 0;) {
    uint64_t below = i == first ? from & (((uint64_t)1 << shift) - 1) : 0;
    error = free_tree(inode, table->data + (size_t)i * 4, table, level - 1, below);
  }
  return error;
}

// Frees the blocks from `from` on in the tree whose indirect block has its number in `entry` (in a
// buffer or the inode); all of it, with the indirect block, if `from` is 0.
static int free_tree(struct ext2_inode *inode, uint8_t *entry, struct ext2_buffer *buffer,
                     uint32_t level, uint64_t from) {
  uint32_t block = ext2_load32(entry, 0);
  if (block == 0) return 0;
  struct ext2_buffer *table;
  int error = ext2_indirect_get(inode, block, level, &table);
  if (error != 0) return error;
  error = free_below(inode, table, level, from);
  ext2_buffer_put(table);
  if (error != 0 || from != 0) return error;
  error = ext2_bfree(inode->fs, block, 1, EXT2_USE_INDIRECT + level, inode->ino);
  if (error != 0) return error;
  ext2_store32(entry, 0, 0);
  if (buffer != NULL) ext2_buffer_dirty(buffer);
  account(inode, 1);
  return 0;
}

int ext2_free_blocks(struct ext2_inode *inode, uint64_t first) {
  inode->excess = false;
  inode->goal = 0;
  if (!ext2_has_blocks(inode)) return 0;
  uint8_t *roots = (uint8_t *)inode->disk.block;
  uint64_t start[4] = {0, EXT2_DIRECT_BLOCKS};
  for (uint32_t level = 2; level <= 3; level++)
    start[level] = start[level - 1] + ((uint64_t)1 << (inode->fs->pointers_bits * (level - 1)));
  for (uint32_t level = 3; level >= 1; level--) {
    uint64_t end = start[level] + ((uint64_t)1 << (inode->fs->pointers_bits * level));
    if (first >= end) continue;
    uint64_t from = first > start[level] ? first - start[level] : 0;
    int error = free_tree(inode, roots + (EXT2_DIRECT_BLOCKS + level - 1) * 4, NULL, level, from);
    if (error != 0) return error;
  }
  return free_entries(inode, roots, NULL, ext2_min(first, EXT2_DIRECT_BLOCKS), EXT2_DIRECT_BLOCKS);
}

uint64_t ext2_max_file_size(const struct ext2_fs *fs) {
  // Revision 0 has no feature to tell that sizes have more than 31 bits.
  return fs->super.revision == 0 ? INT32_MAX : fs->max_file_size;
}

static int begin(struct ext2_inode *inode, uint64_t size) {
  if (!ext2_is(inode, EXT2_MODE_REGULAR)) return -EINVAL;
  if (size > ext2_max_file_size(inode->fs)) return -EFBIG;
  return ext2_begin_change(inode->fs);
}

int ext2_set_size(struct ext2_inode *inode, uint64_t size) {
  int error = begin(inode, size);
  if (error != 0) return error;
  if (size > ext2_inode_size(inode)) ext2_inode_resize(inode, size);
  ext2_inode_touch(inode, EXT2_TOUCH_MODIFIED | EXT2_TOUCH_CHANGED);
  return ext2_inode_store(inode);
}

int ext2_truncate(struct ext2_inode *inode, uint64_t size) {
  int error = begin(inode, size);
  if (error != 0) return error;
  bool frees = size < ext2_inode_size(inode) || inode->excess;
  ext2_inode_resize(inode, size);
  ext2_inode_touch(inode, EXT2_TOUCH_MODIFIED | EXT2_TOUCH_CHANGED);
  uint64_t blocks = (size + inode->fs->block_size - 1) >> inode->fs->block_bits;
  if (frees) error = ext2_free_blocks(inode, blocks);
  int stored = ext2_inode_store(inode);
  return error != 0 ? error : stored;
}
