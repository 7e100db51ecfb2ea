#include "servers/fs/ext2/balloc_priv.h"
#include "servers/fs/ext2/bitmap_priv.h"
#include "servers/fs/ext2/fs_priv.h"

uint32_t ext2_balloc_available(const struct ext2_fs *fs) {
  uint32_t free = fs->super.free_blocks_count;
  uint32_t reserved = fs->options.use_reserved ? 0 : fs->super.reserved_blocks_count;
  return free > reserved ? free - reserved : 0;
}

struct run {
  uint32_t first;
  uint32_t count;
};

// The first free run in [from, end) that has `want` bits, else the longest.
static struct run find_run(const uint8_t *bits, uint32_t from, uint32_t end, uint32_t want) {
  struct run best = {end, 0};
  while (from < end) {
    uint32_t first = ext2_bit_find(bits, false, from, end);
    from = ext2_bit_find(bits, true, first, first + ext2_min(want, end - first));
    if (from - first > best.count) best = (struct run){first, from - first};
    if (best.count == want) break;
  }
  return best;
}

static struct run choose_run(const uint8_t *bits, uint32_t goal, uint32_t end, uint32_t want) {
  // What follows the goal directly is worth more than a longer run elsewhere.
  if (!ext2_bit(bits, goal)) {
    uint32_t limit = goal + ext2_min(want, end - goal);
    return (struct run){goal, ext2_bit_find(bits, true, goal, limit) - goal};
  }
  struct run behind = find_run(bits, goal, end, want);
  if (behind.count == want) return behind;
  struct run before = find_run(bits, 0, goal, want);
  return before.count > behind.count ? before : behind;
}

static int claim(struct ext2_fs *fs, struct ext2_group *group, struct ext2_buffer *bitmap,
                 struct run run) {
  for (uint32_t i = 0; i < run.count; i++) {
    uint32_t block = group->layout.first + run.first + i;
    if (ext2_buffer_exists(fs, block))
      return ext2_damage(fs, "a block in use is marked free", block);
  }
  ext2_bit_fill(bitmap->data, true, run.first, run.count);
  ext2_buffer_dirty(bitmap);
  group->disk.free_blocks_count = (uint16_t)(group->disk.free_blocks_count - run.count);
  ext2_group_store(group);
  fs->super.free_blocks_count -= run.count;
  fs->super_dirty = true;
  return 0;
}

static int allocate_in(struct ext2_fs *fs, struct ext2_group *group, uint32_t goal, uint32_t want,
                       struct run *run) {
  struct ext2_buffer *bitmap;
  int error = ext2_bitmap_blocks(fs, group, &bitmap);
  if (error != 0) return error;
  // A checked bitmap has as many clear bits as the descriptor says, so there is a run.
  *run = choose_run(bitmap->data, goal, group->layout.blocks, want);
  error = claim(fs, group, bitmap, *run);
  ext2_buffer_put(bitmap);
  return error;
}

static int try_group(struct ext2_fs *fs, uint32_t index, uint32_t goal, uint32_t want,
                     uint32_t *first, uint32_t *got) {
  struct ext2_group group;
  int error = ext2_group_get(fs, index, &group);
  if (error != 0) return error;
  struct run run;
  error = group.disk.free_blocks_count == 0 ? -ENOSPC : allocate_in(fs, &group, goal, want, &run);
  ext2_group_put(&group);
  if (error != 0) return error;
  *first = group.layout.first + run.first;
  *got = run.count;
  return 0;
}

int ext2_balloc(struct ext2_fs *fs, uint32_t goal, uint32_t want, uint32_t *first, uint32_t *got) {
  const struct ext2_disk_super *s = &fs->super;
  if (goal < s->first_data_block || goal >= s->blocks_count) goal = s->first_data_block;
  uint32_t start = ext2_group_of_block(fs, goal);
  for (uint32_t i = 0; i < fs->groups; i++) {
    uint32_t index = (uint32_t)(((uint64_t)start + i) % fs->groups);
    uint32_t in_group = i == 0 ? (goal - s->first_data_block) % s->blocks_per_group : 0;
    if (try_group(fs, index, in_group, want, first, got) == 0) return 0;
  }
  // The caller has seen enough free blocks, so they are where a bitmap or a descriptor is wrong.
  return -EIO;
}

static void release(struct ext2_fs *fs, struct ext2_group *group, struct ext2_buffer *bitmap,
                    uint32_t first, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) ext2_buffer_forget(fs, first + i);
  ext2_bit_fill(bitmap->data, false, first - group->layout.first, count);
  ext2_buffer_dirty(bitmap);
  group->disk.free_blocks_count = (uint16_t)(group->disk.free_blocks_count + count);
  ext2_group_store(group);
  fs->super.free_blocks_count += count;
  fs->super_dirty = true;
}

// Whether the blocks may be freed, as far as the layout and the cache know.
static int check_release(struct ext2_fs *fs, uint32_t first, uint32_t count, unsigned use,
                         uint32_t owner) {
  uint32_t run;
  int error = ext2_group_data_run(fs, first, count, &run);
  if (error != 0) return error;
  if (run != count)
    return ext2_damage(fs, "a block number points into fixed metadata", first + run);
  for (uint32_t i = 0; i < count; i++) {
    bool may = use == EXT2_USE_CONTENT ? !ext2_buffer_exists(fs, first + i)
                                       : ext2_buffer_may_forget(fs, first + i, use, owner);
    if (!may) return ext2_damage(fs, "a block belongs to two structures", first + i);
  }
  return 0;
}

// Checks the blocks, and frees them if `free`.
static int visit(struct ext2_fs *fs, struct ext2_group *group, uint32_t first, uint32_t count,
                 bool free) {
  struct ext2_buffer *bitmap;
  int error = ext2_bitmap_blocks(fs, group, &bitmap);
  if (error != 0) return error;
  if (!ext2_bit_all(bitmap->data, true, first - group->layout.first, count)) {
    error = ext2_damage(fs, "a block in use is marked free", first);
  } else if (free) {
    release(fs, group, bitmap, first, count);
  }
  ext2_buffer_put(bitmap);
  return error;
}

static int check_and_free(struct ext2_fs *fs, uint32_t first, uint32_t count, unsigned use,
                          uint32_t owner, bool free) {
  int error = check_release(fs, first, count, use, owner);
  if (error != 0) return error;
  struct ext2_group group;
  error = ext2_group_get(fs, ext2_group_of_block(fs, first), &group);
  if (error != 0) return error;
  error = visit(fs, &group, first, count, free);
  ext2_group_put(&group);
  return error;
}

int ext2_bfree_check(struct ext2_fs *fs, uint32_t first, uint32_t count, unsigned use,
                     uint32_t owner) {
  return check_and_free(fs, first, count, use, owner, false);
}

int ext2_bfree(struct ext2_fs *fs, uint32_t first, uint32_t count, unsigned use, uint32_t owner) {
  return check_and_free(fs, first, count, use, owner, true);
}
