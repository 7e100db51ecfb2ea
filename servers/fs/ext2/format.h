// The on-disk structures of ext2, little-endian, and their constants.
//
// Source: the ext2 format as Linux (fs/ext2/ext2.h) and e2fsprogs (ext2_fs.h) define it. Blocks are
// byte arrays; structures are copied out of and into them, never overlaid.
#ifndef SERVERS_FS_EXT2_FORMAT_H_
#define SERVERS_FS_EXT2_FORMAT_H_

#include <assert.h>
#include <stdint.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structures are copied as they are");

enum {
  EXT2_SUPER_SECTOR = 2,  // The superblock is at byte 1024, whatever the block size.
  EXT2_SUPER_SIZE = 1024,
  EXT2_MAGIC = 0xEF53,
  EXT2_STATE_CLEAN = 1,
  EXT2_STATE_ERRORS = 2,
  EXT2_MIN_BLOCK_BITS = 10,
  EXT2_MAX_LOG_BLOCK_SIZE = 2,  // 4096 bytes.
  EXT2_OLD_INODE_SIZE = 128,
  EXT2_OLD_FIRST_INO = 11,
  EXT2_DESCRIPTOR_SIZE = 32,
};

enum {
  EXT2_COMPAT_RESIZE_INODE = 0x10,
  EXT2_COMPAT_SPARSE_SUPER2 = 0x200,  // Backups elsewhere: the layout is not what group.c computes.
  EXT2_RO_COMPAT_SPARSE_SUPER = 1,
  EXT2_RO_COMPAT_LARGE_FILE = 2,
  EXT2_INCOMPAT_FILETYPE = 2,
};

struct ext2_disk_super {
  uint32_t inodes_count;
  uint32_t blocks_count;
  uint32_t reserved_blocks_count;
  uint32_t free_blocks_count;
  uint32_t free_inodes_count;
  uint32_t first_data_block;
  uint32_t log_block_size;
  uint32_t log_fragment_size;
  uint32_t blocks_per_group;
  uint32_t fragments_per_group;
  uint32_t inodes_per_group;
  uint32_t mount_time;
  uint32_t write_time;
  uint16_t mount_count;
  uint16_t max_mount_count;
  uint16_t magic;
  uint16_t state;
  uint16_t errors;
  uint16_t minor_revision;
  uint32_t last_check;
  uint32_t check_interval;
  uint32_t creator_os;
  uint32_t revision;
  uint16_t reserved_uid;
  uint16_t reserved_gid;
  uint32_t first_ino;
  uint16_t inode_size;
  uint16_t block_group;
  uint32_t compat;
  uint32_t incompat;
  uint32_t ro_compat;
  uint8_t uuid[16];
  char volume_name[16];
  char last_mounted[64];
  uint32_t compression_bitmap;
  uint8_t preallocate_blocks;
  uint8_t preallocate_directory_blocks;
  uint16_t reserved_descriptor_blocks;
  uint8_t journal_uuid[16];
  uint32_t journal_inum;
  uint32_t journal_device;
  uint32_t last_orphan;
  uint32_t hash_seed[4];
  uint8_t hash_version;
  uint8_t journal_backup_type;
  uint16_t descriptor_size;
  uint32_t default_mount_options;
  uint32_t first_meta_group;
  uint32_t mkfs_time;
  uint32_t journal_blocks[17];
  uint32_t blocks_count_high;
  uint32_t reserved_blocks_count_high;
  uint32_t free_blocks_count_high;
  uint16_t min_extra_isize;
  uint16_t want_extra_isize;
  uint8_t rest[1024 - 352];
};
static_assert(sizeof(struct ext2_disk_super) == EXT2_SUPER_SIZE, "superblock");

struct ext2_disk_group {
  uint32_t block_bitmap;
  uint32_t inode_bitmap;
  uint32_t inode_table;
  uint16_t free_blocks_count;
  uint16_t free_inodes_count;
  uint16_t used_dirs_count;
  uint8_t rest[14];
};
static_assert(sizeof(struct ext2_disk_group) == EXT2_DESCRIPTOR_SIZE, "group descriptor");

enum {
  EXT2_DIRECT_BLOCKS = 12,
  EXT2_BLOCK_POINTERS = 15,     // Direct, then single, double and triple indirect.
  EXT2_FAST_SYMLINK_SIZE = 60,  // The bytes of the block pointers.
};

enum {
  EXT2_FLAG_INDEX = 0x1000,  // The directory has a hash tree.
  // What only features that are refused can bring: encryption, huge file, extents, verity, extended
  // attribute inode, inline data.
  EXT2_FLAGS_FOREIGN = 0x800 | 0x40000 | 0x80000 | 0x100000 | 0x200000 | 0x10000000,
};

struct ext2_disk_inode {
  uint16_t mode;
  uint16_t uid;
  uint32_t size;
  uint32_t access_time;
  uint32_t change_time;
  uint32_t modify_time;
  uint32_t delete_time;
  uint16_t gid;
  uint16_t links_count;
  uint32_t sectors;  // Of 512 bytes.
  uint32_t flags;
  uint32_t version;
  uint32_t block[EXT2_BLOCK_POINTERS];
  uint32_t generation;
  uint32_t attribute_block;
  uint32_t size_high;
  uint32_t fragment;
  uint16_t os_reserved1;
  uint16_t attribute_block_high;
  uint16_t uid_high;
  uint16_t gid_high;
  uint32_t os_reserved2;
  // From here on only in inodes of more than 128 bytes, as far as extra_isize says.
  uint16_t extra_isize;
  uint16_t checksum_high;
  uint32_t change_time_extra;
  uint32_t modify_time_extra;
  uint32_t access_time_extra;
  uint32_t birth_time;
  uint32_t birth_time_extra;
  uint32_t version_high;
  uint32_t project;
};
static_assert(sizeof(struct ext2_disk_inode) == 160, "inode");

enum { EXT2_EXTRA_ISIZE = 32 };  // What struct ext2_disk_inode has behind the first 128 bytes.

struct ext2_disk_dirent {
  uint32_t ino;  // 0: unused.
  uint16_t record_length;
  uint8_t name_length;
  uint8_t type;
};
static_assert(sizeof(struct ext2_disk_dirent) == 8, "directory entry");

// The header of a block of extended attributes, as far as it matters here.
struct ext2_disk_attributes {
  uint32_t magic;
  uint32_t references;
};

#define EXT2_ATTRIBUTES_MAGIC 0xEA020000u

static inline uint32_t ext2_load32(const uint8_t *table, uint32_t index) {
  uint32_t value;
  memcpy(&value, table + (size_t)index * 4, 4);
  return value;
}

static inline void ext2_store32(uint8_t *table, uint32_t index, uint32_t value) {
  memcpy(table + (size_t)index * 4, &value, 4);
}

#endif  // SERVERS_FS_EXT2_FORMAT_H_
