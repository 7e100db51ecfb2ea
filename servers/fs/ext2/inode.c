// The table of referenced inodes.
#include "servers/fs/ext2/file_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/ialloc_priv.h"
#include "servers/fs/ext2/inode_priv.h"

static uint32_t *chain_of(const struct ext2_fs *fs, uint32_t ino) {
  return &fs->inodes[ino % fs->options.inodes].chain;
}

static struct ext2_inode *find(const struct ext2_fs *fs, uint32_t ino) {
  for (uint32_t i = *chain_of(fs, ino); i != 0; i = fs->inodes[i - 1].next) {
    if (fs->inodes[i - 1].ino == ino) return &fs->inodes[i - 1];
  }
  return NULL;
}

// => NULL: the table is full.
static struct ext2_inode *free_slot(const struct ext2_fs *fs) {
  for (uint32_t i = 0; i < fs->options.inodes; i++) {
    if (fs->inodes[i].references == 0) return &fs->inodes[i];
  }
  return NULL;
}

static void fill_slot(struct ext2_fs *fs, struct ext2_inode *slot, uint32_t ino) {
  uint32_t *chain = chain_of(fs, ino);
  slot->fs = fs;
  slot->user = NULL;
  slot->ino = ino;
  slot->references = 1;
  slot->goal = 0;
  slot->excess = false;
  slot->next = *chain;
  *chain = (uint32_t)(slot - fs->inodes) + 1;
}

static void empty_slot(struct ext2_inode *inode) {
  struct ext2_fs *fs = inode->fs;
  uint32_t self = (uint32_t)(inode - fs->inodes) + 1;
  uint32_t *link = chain_of(fs, inode->ino);
  while (*link != self) link = &fs->inodes[*link - 1].next;
  *link = inode->next;
  inode->ino = 0;
  inode->references = 0;
}

// The buffer of the inode table with the inode, pinned, and where the inode is in it.
static int table_block(struct ext2_fs *fs, uint32_t ino, struct ext2_buffer **buffer,
                       uint8_t **raw) {
  struct ext2_layout layout;
  int error = ext2_group_layout(fs, ext2_group_of_inode(fs, ino), &layout);
  if (error != 0) return error;
  uint32_t index = (ino - 1) % fs->super.inodes_per_group,
           per_block = fs->block_size / fs->inode_size;
  uint32_t block = layout.inode_table + index / per_block;
  error = ext2_buffer_get(fs, block, EXT2_USE_INODE_TABLE, layout.group, buffer);
  if (error == 0) *raw = (*buffer)->data + index % per_block * fs->inode_size;
  return error;
}

static size_t stored_size(const struct ext2_fs *fs) {
  return ext2_min(fs->inode_size, sizeof(struct ext2_disk_inode));
}

static int load(struct ext2_fs *fs, uint32_t ino, struct ext2_disk_inode *disk) {
  struct ext2_buffer *buffer;
  uint8_t *raw;
  int error = table_block(fs, ino, &buffer, &raw);
  if (error != 0) return error;
  memset(disk, 0, sizeof(*disk));
  memcpy(disk, raw, stored_size(fs));
  ext2_buffer_put(buffer);
  return 0;
}

int ext2_inode_store(struct ext2_inode *inode) {
  struct ext2_buffer *buffer;
  uint8_t *raw;
  int error = table_block(inode->fs, inode->ino, &buffer, &raw);
  if (error != 0) return error;
  memcpy(raw, &inode->disk, stored_size(inode->fs));
  ext2_buffer_dirty(buffer);
  ext2_buffer_put(buffer);
  return 0;
}

static uint64_t disk_size(const struct ext2_disk_inode *disk) {
  return (uint64_t)disk->size_high << 32 | disk->size;
}

static bool symlink_sound(const struct ext2_fs *fs, const struct ext2_disk_inode *disk) {
  return disk->size_high == 0 && disk->size != 0 && disk->size < fs->block_size;
}

static bool directory_sound(const struct ext2_fs *fs, const struct ext2_disk_inode *disk) {
  return disk->size_high == 0 && disk->size != 0 && disk->size % fs->block_size == 0 &&
         disk->size >> fs->block_bits <= fs->super.blocks_count;
}

static bool type_sound(const struct ext2_fs *fs, const struct ext2_disk_inode *disk) {
  switch (disk->mode & EXT2_MODE_TYPE) {
    case EXT2_MODE_REGULAR:
      return disk_size(disk) <= fs->max_file_size;
    case EXT2_MODE_DIR:
      return directory_sound(fs, disk);
    case EXT2_MODE_SYMLINK:
      return symlink_sound(fs, disk);
    case EXT2_MODE_FIFO:
    case EXT2_MODE_CHAR:
    case EXT2_MODE_BLOCK:
    case EXT2_MODE_SOCKET:
      return true;
    default:
      return false;
  }
}

static bool sound(const struct ext2_fs *fs, const struct ext2_disk_inode *disk) {
  if (disk->links_count == 0 || (disk->flags & EXT2_FLAGS_FOREIGN)) return false;
  bool extended = fs->inode_size > EXT2_OLD_INODE_SIZE;
  if (extended &&
      (disk->extra_isize > fs->inode_size - EXT2_OLD_INODE_SIZE || disk->extra_isize % 4 != 0))
    return false;
  return type_sound(fs, disk);
}

int ext2_iget(struct ext2_fs *fs, uint32_t ino, struct ext2_inode **out) {
  struct ext2_inode *inode = find(fs, ino);
  if (inode != NULL) {
    inode->references++;
    *out = inode;
    return 0;
  }
  int error = ext2_ialloc_check(fs, ino);
  if (error != 0) return error;
  inode = free_slot(fs);
  if (inode == NULL) return -ENFILE;
  error = load(fs, ino, &inode->disk);
  if (error != 0) return error;
  if (!sound(fs, &inode->disk)) return ext2_damage(fs, "an inode is damaged", ino);
  fill_slot(fs, inode, ino);
  *out = inode;
  return 0;
}

void ext2_iref(struct ext2_inode *inode) { inode->references++; }

static void set_identity(struct ext2_inode *inode, const struct ext2_inode *dir,
                         const struct ext2_new *new) {
  struct ext2_disk_inode *disk = &inode->disk;
  uint32_t mode = new->mode &(EXT2_MODE_TYPE | EXT2_MODE_PERMISSIONS), gid = new->gid;
  if (dir->disk.mode & EXT2_MODE_SETGID) {
    gid = (uint32_t)dir->disk.gid_high << 16 | dir->disk.gid;
    if ((mode & EXT2_MODE_TYPE) == EXT2_MODE_DIR) mode |= EXT2_MODE_SETGID;
  }
  disk->mode = (uint16_t)mode;
  disk->uid = (uint16_t) new->uid;
  disk->uid_high = (uint16_t)(new->uid >> 16);
  disk->gid = (uint16_t)gid;
  disk->gid_high = (uint16_t)(gid >> 16);
}

// Clears the whole inode on the disk, whose size may be more than what is kept in memory.
static int clear(struct ext2_fs *fs, uint32_t ino, uint32_t *generation) {
  struct ext2_buffer *buffer;
  uint8_t *raw;
  int error = table_block(fs, ino, &buffer, &raw);
  if (error != 0) return error;
  struct ext2_disk_inode old;
  memcpy(&old, raw, EXT2_OLD_INODE_SIZE);
  *generation = old.generation + 1;
  memset(raw, 0, fs->inode_size);
  ext2_buffer_dirty(buffer);
  ext2_buffer_put(buffer);
  return 0;
}

int ext2_inode_make(struct ext2_inode *dir, const struct ext2_new *attributes,
                    struct ext2_inode **out) {
  struct ext2_fs *fs = dir->fs;
  bool directory = (attributes->mode & EXT2_MODE_TYPE) == EXT2_MODE_DIR;
  struct ext2_inode *inode = free_slot(fs);
  if (inode == NULL) return -ENFILE;
  uint32_t ino;
  int error = ext2_ialloc(fs, dir->ino, directory, &ino);
  if (error != 0) return error;
  if (find(fs, ino) != NULL) return ext2_damage(fs, "an inode in use is marked free", ino);
  memset(&inode->disk, 0, sizeof(inode->disk));
  error = clear(fs, ino, &inode->disk.generation);
  if (error != 0) {
    ext2_ifree(fs, ino, directory);
    return error;
  }
  fill_slot(fs, inode, ino);
  set_identity(inode, dir, attributes);
  if (fs->inode_size > EXT2_OLD_INODE_SIZE) inode->disk.extra_isize = EXT2_EXTRA_ISIZE;
  ext2_inode_touch(inode, EXT2_TOUCH_ACCESSED | EXT2_TOUCH_MODIFIED | EXT2_TOUCH_CHANGED);
  inode->disk.birth_time = inode->disk.change_time;
  inode->disk.birth_time_extra = inode->disk.change_time_extra;
  *out = inode;
  return 0;
}

// Frees everything that an inode without a name has. If that goes wrong, it stays allocated, for
// e2fsck.
static int destroy(struct ext2_inode *inode) {
  struct ext2_fs *fs = inode->fs;
  int error = ext2_free_blocks(inode, 0);
  if (error == 0) error = ext2_attributes_release(inode);
  if (error == 0) {
    // Never a small number, which e2fsck would take for a link of a list of orphans.
    int64_t now = fs->options.now(fs->options.ctx).seconds;
    uint32_t least = fs->super.inodes_count;
    inode->disk.delete_time = now < least ? least : now > UINT32_MAX ? UINT32_MAX : (uint32_t)now;
    ext2_inode_resize(inode, 0);
  }
  int stored = ext2_inode_store(inode);
  if (error != 0 || stored != 0) return error != 0 ? error : stored;
  return ext2_ifree(fs, inode->ino, ext2_is(inode, EXT2_MODE_DIR));
}

static int trim(struct ext2_inode *inode) {
  uint64_t size = ext2_inode_size(inode);
  int error = ext2_free_blocks(inode, (size + inode->fs->block_size - 1) >> inode->fs->block_bits);
  int stored = ext2_inode_store(inode);
  return error != 0 ? error : stored;
}

int ext2_iput(struct ext2_inode *inode) {
  if (inode == NULL) return 0;
  assert(inode->references > 0);
  int error = 0;
  if (inode->references == 1) {
    if (inode->disk.links_count == 0) {
      error = destroy(inode);
    } else if (inode->excess) {
      error = trim(inode);
    }
  }
  if (--inode->references == 0) empty_slot(inode);
  return error;
}
