// Mounting, and the file system as a whole.
#include "servers/fs/ext2/balloc_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"

enum { FS_BYTES = 8192, BUFFER_BYTES = 4160, INODE_BYTES = 320, MAX_BLOCK = 4096 };

static_assert(sizeof(struct ext2_fs) <= FS_BYTES, "EXT2_ARENA_SIZE");
static_assert(sizeof(struct ext2_buffer) + MAX_BLOCK <= BUFFER_BYTES, "EXT2_ARENA_SIZE");
static_assert(sizeof(struct ext2_inode) <= INODE_BYTES, "EXT2_ARENA_SIZE");
static_assert(EXT2_ARENA_SIZE(1, 1) == FS_BYTES + MAX_BLOCK + BUFFER_BYTES + INODE_BYTES,
              "EXT2_ARENA_SIZE");

int ext2_damage(struct ext2_fs *fs, const char *what, uint64_t number) {
  fs->damaged = true;
  if (!fs->read_only) {
    fs->super.state = (uint16_t)((fs->super.state & ~EXT2_STATE_CLEAN) | EXT2_STATE_ERRORS);
    fs->super_dirty = true;
  }
  if (fs->options.report != NULL) fs->options.report(fs->options.ctx, what, number);
  return -EIO;
}

static uint32_t now32(const struct ext2_fs *fs) {
  int64_t seconds = fs->options.now(fs->options.ctx).seconds;
  return seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

int ext2_begin_change(struct ext2_fs *fs) {
  if (fs->read_only) return -EROFS;
  if (fs->changed) return 0;
  fs->super.state &= (uint16_t)~EXT2_STATE_CLEAN;
  fs->super.mount_count++;
  fs->super.mount_time = now32(fs);
  int error = ext2_super_write(fs);
  if (error == 0 && fs->device.flush(fs->device.ctx) != 0) error = -EIO;
  if (error == 0) fs->changed = true;
  return error;
}

static size_t data_size(uint32_t buffers) {
  return ((size_t)buffers * MAX_BLOCK + 4095) & ~(size_t)4095;
}

static struct ext2_fs *lay_out(const struct block_device *device,
                               const struct ext2_options *options, uint8_t *arena) {
  struct ext2_fs *fs = (struct ext2_fs *)(arena + data_size(options->buffers));
  memset(fs, 0, sizeof(*fs));
  fs->device = *device;
  fs->options = *options;
  fs->read_only = options->read_only;
  return fs;
}

static void lay_out_tables(struct ext2_fs *fs, uint8_t *arena) {
  struct ext2_buffer *buffers = (struct ext2_buffer *)((uint8_t *)fs + FS_BYTES);
  ext2_buffer_init(fs, buffers, arena, fs->options.buffers);
  fs->inodes = (struct ext2_inode *)(buffers + fs->options.buffers);
  memset(fs->inodes, 0, fs->options.inodes * sizeof(*fs->inodes));
}

// The counts of the descriptors are those that allocation keeps to.
static int check_counts(struct ext2_fs *fs) {
  uint64_t blocks, inodes;
  int error = ext2_group_check_all(fs, &blocks, &inodes);
  if (error != 0) return error;
  fs->super.free_blocks_count = (uint32_t)blocks;
  fs->super.free_inodes_count = (uint32_t)inodes;
  return 0;
}

static int check_root(struct ext2_fs *fs) {
  struct ext2_inode *root;
  int error = ext2_iget(fs, EXT2_ROOT, &root);
  if (error != 0) return error;
  uint32_t type = ext2_inode_mode(root) & EXT2_MODE_TYPE;
  ext2_iput(root);
  return type == EXT2_MODE_DIR ? 0 : ext2_damage(fs, "the root is not a directory", EXT2_ROOT);
}

static bool in_range(const struct ext2_options *o) {
  return o->buffers >= EXT2_MIN_BUFFERS && o->buffers <= EXT2_MAX_BUFFERS &&
         o->inodes >= EXT2_MIN_INODES && o->inodes <= EXT2_MAX_INODES && o->now != NULL;
}

int ext2_mount(const struct block_device *device, const struct ext2_options *options, void *arena,
               size_t arena_size, struct ext2_fs **out) {
  if (!in_range(options) || (uintptr_t)arena % EXT2_ARENA_ALIGNMENT != 0) return -EINVAL;
  if (arena_size < EXT2_ARENA_SIZE(options->buffers, options->inodes)) return -ENOMEM;
  struct ext2_fs *fs = lay_out(device, options, arena);
  int error = ext2_super_read(fs);
  if (error == 0) error = ext2_super_check(fs);
  if (error != 0) return error;
  fs->mount_state = fs->super.state;
  lay_out_tables(fs, arena);
  error = check_counts(fs);
  if (error == 0) error = check_root(fs);
  if (error == 0) *out = fs;
  return error;
}

static int keep_first(int first, int error) { return first != 0 ? first : error; }

int ext2_sync(struct ext2_fs *fs) {
  int error = ext2_buffer_write_all(fs);
  if (fs->super_dirty) error = keep_first(error, ext2_super_write(fs));
  if (fs->device.flush(fs->device.ctx) != 0) error = keep_first(error, -EIO);
  return error;
}

int ext2_unmount(struct ext2_fs *fs) {
  for (uint32_t i = 0; i < fs->options.inodes; i++) {
    if (fs->inodes[i].references != 0) return -EBUSY;
  }
  if (!fs->changed && !fs->super_dirty) return 0;
  int error = ext2_sync(fs);
  if (error != 0 || fs->damaged) return error;
  fs->super.state = fs->mount_state;
  fs->super.write_time = now32(fs);
  error = ext2_super_write(fs);
  if (fs->device.flush(fs->device.ctx) != 0) error = keep_first(error, -EIO);
  return error;
}

void ext2_statfs(const struct ext2_fs *fs, struct ext2_statfs *out) {
  *out = (struct ext2_statfs){
      .block_size = fs->block_size,
      .blocks = fs->super.blocks_count - ext2_group_overhead(fs),
      .free_blocks = fs->super.free_blocks_count,
      .available_blocks = ext2_balloc_available(fs),
      .inodes = fs->super.inodes_count,
      .free_inodes = fs->super.free_inodes_count,
      .read_only = fs->read_only,
      .damaged = fs->damaged || (fs->mount_state & EXT2_STATE_ERRORS),
  };
}
