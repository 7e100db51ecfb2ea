#include <assert.h>
#include <string.h>

#include "servers/fs/ext2/fs_priv.h"

void ext2_buffer_init(struct ext2_fs *fs, struct ext2_buffer *buffers, uint8_t *data,
                      uint32_t count) {
  fs->cache = (struct ext2_cache){.buffers = buffers, .count = count};
  for (uint32_t i = 0; i < count; i++)
    buffers[i] = (struct ext2_buffer){.data = data + (size_t)i * fs->block_size};
}

static uint32_t *chain_of(const struct ext2_cache *cache, uint32_t block) {
  return &cache->buffers[block % cache->count].chain;
}

static struct ext2_buffer *find(const struct ext2_cache *cache, uint32_t block) {
  for (uint32_t i = *chain_of(cache, block); i != 0; i = cache->buffers[i - 1].next) {
    if (cache->buffers[i - 1].block == block) return &cache->buffers[i - 1];
  }
  return NULL;
}

static void unlink_buffer(struct ext2_cache *cache, struct ext2_buffer *buffer) {
  uint32_t self = (uint32_t)(buffer - cache->buffers) + 1;
  uint32_t *link = chain_of(cache, buffer->block);
  while (*link != self) link = &cache->buffers[*link - 1].next;
  *link = buffer->next;
  buffer->block = 0;
  buffer->dirty = false;
}

static void link_buffer(struct ext2_cache *cache, struct ext2_buffer *buffer, uint32_t block) {
  uint32_t *chain = chain_of(cache, block);
  buffer->block = block;
  buffer->next = *chain;
  *chain = (uint32_t)(buffer - cache->buffers) + 1;
}

static int write_buffer(struct ext2_fs *fs, struct ext2_buffer *buffer) {
  const struct block_device *device = &fs->device;
  uint64_t sector = (uint64_t)buffer->block * fs->sectors_per_block;
  if (device->write(device->ctx, sector, fs->sectors_per_block, buffer->data) != 0)
    return ext2_damage(fs, "a block could not be written", buffer->block);
  buffer->dirty = false;
  return 0;
}

// Finds a buffer to fill: the second-chance clock over those not pinned.
static int take(struct ext2_fs *fs, struct ext2_buffer **taken) {
  struct ext2_cache *cache = &fs->cache;
  int error = -EIO;
  for (uint32_t step = 0; step < 2 * cache->count; step++) {
    struct ext2_buffer *buffer = &cache->buffers[cache->hand];
    cache->hand = (cache->hand + 1) % cache->count;
    if (buffer->pins > 0) continue;
    if (buffer->recent) {
      buffer->recent = false;
      continue;
    }
    if (buffer->dirty && (error = write_buffer(fs, buffer)) != 0) continue;
    if (buffer->block != 0) unlink_buffer(cache, buffer);
    *taken = buffer;
    return 0;
  }
  return error;
}

static void pin(struct ext2_buffer *buffer) {
  buffer->pins++;
  buffer->recent = true;
}

// => 1: found and pinned; 0: not in the cache.
static int find_for(struct ext2_fs *fs, uint32_t block, unsigned use, uint32_t owner,
                    struct ext2_buffer **out) {
  struct ext2_buffer *buffer = find(&fs->cache, block);
  if (buffer == NULL) return 0;
  if (buffer->use != use || buffer->owner != owner)
    return ext2_damage(fs, "a block belongs to two structures", block);
  pin(buffer);
  *out = buffer;
  return 1;
}

static void fill(struct ext2_fs *fs, struct ext2_buffer *buffer, uint32_t block, unsigned use,
                 uint32_t owner) {
  link_buffer(&fs->cache, buffer, block);
  buffer->use = (uint8_t)use;
  buffer->owner = owner;
  buffer->checked = false;
  pin(buffer);
}

int ext2_buffer_get(struct ext2_fs *fs, uint32_t block, unsigned use, uint32_t owner,
                    struct ext2_buffer **out) {
  assert(block != 0);
  int found = find_for(fs, block, use, owner, out);
  if (found != 0) return found < 0 ? found : 0;
  struct ext2_buffer *buffer;
  int error = take(fs, &buffer);
  if (error != 0) return error;
  uint64_t sector = (uint64_t)block * fs->sectors_per_block;
  if (fs->device.read(fs->device.ctx, sector, fs->sectors_per_block, buffer->data) != 0)
    return -EIO;
  fill(fs, buffer, block, use, owner);
  *out = buffer;
  return 0;
}

int ext2_buffer_new(struct ext2_fs *fs, uint32_t block, unsigned use, uint32_t owner,
                    struct ext2_buffer **out) {
  assert(block != 0);
  int found = find_for(fs, block, use, owner, out);
  if (found < 0) return found;
  if (found == 0) {
    int error = take(fs, out);
    if (error != 0) return error;
    fill(fs, *out, block, use, owner);
  }
  memset((*out)->data, 0, fs->block_size);
  (*out)->checked = true;
  (*out)->dirty = true;
  return 0;
}

void ext2_buffer_put(struct ext2_buffer *buffer) {
  if (buffer == NULL) return;
  assert(buffer->pins > 0);
  buffer->pins--;
}

void ext2_buffer_reject(struct ext2_fs *fs, struct ext2_buffer *buffer) {
  ext2_buffer_put(buffer);
  if (buffer->pins == 0 && !buffer->dirty) unlink_buffer(&fs->cache, buffer);
}

void ext2_buffer_dirty(struct ext2_buffer *buffer) {
  assert(buffer->pins > 0);
  buffer->dirty = true;
}

bool ext2_buffer_exists(const struct ext2_fs *fs, uint32_t block) {
  return find(&fs->cache, block) != NULL;
}

bool ext2_buffer_may_forget(const struct ext2_fs *fs, uint32_t block, unsigned use,
                            uint32_t owner) {
  const struct ext2_buffer *buffer = find(&fs->cache, block);
  if (buffer == NULL) return true;
  return buffer->use == use && buffer->owner == owner && buffer->pins == 0;
}

void ext2_buffer_forget(struct ext2_fs *fs, uint32_t block) {
  struct ext2_buffer *buffer = find(&fs->cache, block);
  if (buffer == NULL) return;
  assert(buffer->pins == 0);
  unlink_buffer(&fs->cache, buffer);
}

// Sorts the first `count` scratch words, which are indices of buffers, by block (Shell's method).
static void sort_by_block(struct ext2_buffer *buffers, uint32_t count) {
  for (uint32_t gap = count / 2; gap > 0; gap /= 2) {
    for (uint32_t i = gap; i < count; i++) {
      uint32_t moving = buffers[i].order, to = i;
      for (; to >= gap && buffers[buffers[to - gap].order].block > buffers[moving].block; to -= gap)
        buffers[to].order = buffers[to - gap].order;
      buffers[to].order = moving;
    }
  }
}

int ext2_buffer_write_all(struct ext2_fs *fs) {
  struct ext2_buffer *buffers = fs->cache.buffers;
  uint32_t dirty = 0;
  for (uint32_t i = 0; i < fs->cache.count; i++) {
    if (buffers[i].dirty) buffers[dirty++].order = i;
  }
  sort_by_block(buffers, dirty);
  int result = 0;
  for (uint32_t i = 0; i < dirty; i++) {
    int error = write_buffer(fs, &buffers[buffers[i].order]);
    if (result == 0) result = error;
  }
  return result;
}
