// The superblock: reading, checking, writing.
#include "servers/fs/ext2/fs_priv.h"

int ext2_super_read(struct ext2_fs *fs) {
  if (fs->device.sectors < 2 * EXT2_SUPER_SECTOR) return -EINVAL;
  uint32_t sectors = EXT2_SUPER_SIZE / BLOCK_DEVICE_SECTOR_SIZE;
  return fs->device.read(fs->device.ctx, EXT2_SUPER_SECTOR, sectors, &fs->super) == 0 ? 0 : -EIO;
}

int ext2_super_write(struct ext2_fs *fs) {
  uint32_t sectors = EXT2_SUPER_SIZE / BLOCK_DEVICE_SECTOR_SIZE;
  if (fs->device.write(fs->device.ctx, EXT2_SUPER_SECTOR, sectors, &fs->super) != 0) {
    fs->damaged = true;
    return -EIO;
  }
  fs->super_dirty = false;
  return 0;
}

static int check_features(struct ext2_fs *fs) {
  const struct ext2_disk_super *s = &fs->super;
  if (s->revision > 1 || s->log_block_size > EXT2_MAX_LOG_BLOCK_SIZE) return -ENOTSUP;
  if (s->revision == 0) {
    fs->inode_size = EXT2_OLD_INODE_SIZE;
    fs->first_ino = EXT2_OLD_FIRST_INO;
    fs->super.compat = fs->super.ro_compat = fs->super.incompat = 0;
    return 0;
  }
  fs->inode_size = s->inode_size;
  fs->first_ino = s->first_ino;
  if ((s->incompat & ~EXT2_INCOMPAT_FILETYPE) || (s->compat & EXT2_COMPAT_SPARSE_SUPER2))
    return -ENOTSUP;
  if (s->ro_compat & ~(EXT2_RO_COMPAT_SPARSE_SUPER | EXT2_RO_COMPAT_LARGE_FILE))
    fs->read_only = true;
  return 0;
}

static bool is_power_of_two(uint32_t n) { return n != 0 && (n & (n - 1)) == 0; }

// Sizes that do not depend on the number of groups.
static bool check_sizes(const struct ext2_fs *fs) {
  const struct ext2_disk_super *s = &fs->super;
  uint32_t bits = fs->block_size * 8;
  if (!is_power_of_two(fs->inode_size) || fs->inode_size < EXT2_OLD_INODE_SIZE ||
      fs->inode_size > fs->block_size)
    return false;
  if (s->log_fragment_size != s->log_block_size) return false;
  if (s->blocks_per_group == 0 || s->blocks_per_group > bits || s->blocks_per_group % 8 != 0)
    return false;
  if (s->inodes_per_group == 0 || s->inodes_per_group > bits || s->inodes_per_group % 8 != 0)
    return false;
  if (s->first_data_block != (fs->block_size == 1024 ? 1u : 0u)) return false;
  if (fs->first_ino < EXT2_OLD_FIRST_INO || fs->first_ino > s->inodes_count) return false;
  return s->blocks_count > s->first_data_block + 1 && s->reserved_blocks_count <= s->blocks_count;
}

// The bytes of a file whose blocks, with the indirect blocks that they need, are counted in sectors
// by 32 bits.
static uint64_t max_file_size(const struct ext2_fs *fs) {
  uint64_t n = (uint64_t)1 << fs->pointers_bits;
  uint64_t all = EXT2_DIRECT_BLOCKS + n + n * n + n * n * n;
  uint64_t counted = UINT32_MAX / fs->sectors_per_block;
  // As many leaves as a full tree over all counted blocks would need, and their parents.
  uint64_t indirect = 4 + counted / n + 1 + counted / (n * n) + 1;
  return (all < counted - indirect ? all : counted - indirect) << fs->block_bits;
}

static int check_groups(struct ext2_fs *fs) {
  const struct ext2_disk_super *s = &fs->super;
  uint64_t device_blocks = fs->device.sectors / fs->sectors_per_block;
  if (s->blocks_count > device_blocks)
    return ext2_damage(fs, "the device is smaller than the file system", device_blocks);
  fs->groups = (s->blocks_count - s->first_data_block - 1) / s->blocks_per_group + 1;
  if ((uint64_t)fs->groups * s->inodes_per_group != s->inodes_count)
    return ext2_damage(fs, "the count of inodes does not match the groups", s->inodes_count);
  uint32_t per_block = fs->block_size / EXT2_DESCRIPTOR_SIZE;
  fs->descriptor_blocks = (fs->groups + per_block - 1) / per_block;
  uint32_t inodes_per_block = fs->block_size / fs->inode_size;
  fs->inode_table_blocks = (s->inodes_per_group + inodes_per_block - 1) / inodes_per_block;
  if (s->reserved_descriptor_blocks > fs->block_size / 4)
    return ext2_damage(fs, "too many reserved descriptor blocks", s->reserved_descriptor_blocks);
  return 0;
}

int ext2_super_check(struct ext2_fs *fs) {
  const struct ext2_disk_super *s = &fs->super;
  if (s->magic != EXT2_MAGIC) return -EINVAL;
  int error = check_features(fs);
  if (error != 0) return error;
  fs->block_bits = EXT2_MIN_BLOCK_BITS + s->log_block_size;
  fs->block_size = 1u << fs->block_bits;
  fs->sectors_per_block = fs->block_size / BLOCK_DEVICE_SECTOR_SIZE;
  fs->pointers_bits = fs->block_bits - 2;
  fs->max_file_size = max_file_size(fs);
  if (!check_sizes(fs)) return ext2_damage(fs, "a size in the superblock is out of range", 0);
  return check_groups(fs);
}
