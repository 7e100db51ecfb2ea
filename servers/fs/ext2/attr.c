// The attributes of inodes.
#include "servers/fs/ext2/balloc_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"

uint32_t ext2_inode_number(const struct ext2_inode *inode) { return inode->ino; }

uint32_t ext2_inode_mode(const struct ext2_inode *inode) { return inode->disk.mode; }

uint64_t ext2_inode_size(const struct ext2_inode *inode) {
  return (uint64_t)inode->disk.size_high << 32 | inode->disk.size;
}

uint32_t ext2_inode_links(const struct ext2_inode *inode) { return inode->disk.links_count; }

void *ext2_inode_user(const struct ext2_inode *inode) { return inode->user; }

void ext2_inode_set_user(struct ext2_inode *inode, void *user) { inode->user = user; }

void ext2_inode_resize(struct ext2_inode *inode, uint64_t size) {
  inode->disk.size = (uint32_t)size;
  inode->disk.size_high = (uint32_t)(size >> 32);
  struct ext2_fs *fs = inode->fs;
  if (size > INT32_MAX && !(fs->super.ro_compat & EXT2_RO_COMPAT_LARGE_FILE)) {
    fs->super.ro_compat |= EXT2_RO_COMPAT_LARGE_FILE;
    fs->super_dirty = true;
  }
}

// Inodes of 128 bytes have signed seconds; longer ones 2 more bits of them, and nanoseconds.
static bool has_extra_times(const struct ext2_inode *inode) {
  size_t end = offsetof(struct ext2_disk_inode, access_time_extra) + sizeof(uint32_t);
  return inode->disk.extra_isize >= end - EXT2_OLD_INODE_SIZE;
}

static struct ext2_time get_time(const struct ext2_inode *inode, uint32_t seconds, uint32_t extra) {
  int64_t base = (int32_t)seconds;
  if (!has_extra_times(inode)) return (struct ext2_time){base, 0};
  uint32_t nanoseconds = extra >> 2;
  if (nanoseconds > 999999999) nanoseconds = 0;
  return (struct ext2_time){base + ((int64_t)(extra & 3) << 32), nanoseconds};
}

static void set_time(struct ext2_inode *inode, uint32_t *seconds, uint32_t *extra,
                     struct ext2_time time) {
  bool extended = has_extra_times(inode);
  int64_t most = extended ? INT32_MAX + ((int64_t)3 << 32) : INT32_MAX;
  int64_t value = time.seconds < INT32_MIN ? INT32_MIN : time.seconds > most ? most : time.seconds;
  *seconds = (uint32_t)value;
  if (extended) {
    uint32_t epoch = (uint32_t)((uint64_t)(value - (int32_t)(uint32_t)value) >> 32) & 3;
    *extra = time.nanoseconds << 2 | epoch;
  }
}

void ext2_inode_touch(struct ext2_inode *inode, unsigned what) {
  struct ext2_time now = inode->fs->options.now(inode->fs->options.ctx);
  struct ext2_disk_inode *disk = &inode->disk;
  if (what & EXT2_TOUCH_ACCESSED)
    set_time(inode, &disk->access_time, &disk->access_time_extra, now);
  if (what & EXT2_TOUCH_MODIFIED)
    set_time(inode, &disk->modify_time, &disk->modify_time_extra, now);
  if (what & EXT2_TOUCH_CHANGED) set_time(inode, &disk->change_time, &disk->change_time_extra, now);
}

// Old encoding in the first word for small numbers, new encoding in the second: as Linux has them.
static void get_device(const struct ext2_inode *inode, uint32_t *major, uint32_t *minor) {
  uint32_t old = inode->disk.block[0], new = inode->disk.block[1];
  *major = old != 0 ? old >> 8 & 0xFF : new >> 8 & 0xFFF;
  *minor = old != 0 ? old & 0xFF : (new & 0xFF) | (new >> 12 & 0xFFF00);
}

void ext2_stat(const struct ext2_inode *inode, struct ext2_stat *out) {
  const struct ext2_disk_inode *disk = &inode->disk;
  *out = (struct ext2_stat){
      .ino = inode->ino,
      .mode = disk->mode,
      .links = disk->links_count,
      .uid = (uint32_t)disk->uid_high << 16 | disk->uid,
      .gid = (uint32_t)disk->gid_high << 16 | disk->gid,
      .size = ext2_inode_size(inode),
      .blocks = disk->sectors,
      .block_size = inode->fs->block_size,
      .accessed = get_time(inode, disk->access_time, disk->access_time_extra),
      .modified = get_time(inode, disk->modify_time, disk->modify_time_extra),
      .changed = get_time(inode, disk->change_time, disk->change_time_extra),
  };
  if (ext2_is(inode, EXT2_MODE_CHAR) || ext2_is(inode, EXT2_MODE_BLOCK))
    get_device(inode, &out->major, &out->minor);
}

int ext2_chmod(struct ext2_inode *inode, uint32_t mode) {
  int error = ext2_begin_change(inode->fs);
  if (error != 0) return error;
  uint32_t type = inode->disk.mode & EXT2_MODE_TYPE;
  inode->disk.mode = (uint16_t)(type | (mode & EXT2_MODE_PERMISSIONS));
  ext2_inode_touch(inode, EXT2_TOUCH_CHANGED);
  return ext2_inode_store(inode);
}

int ext2_chown(struct ext2_inode *inode, uint32_t uid, uint32_t gid) {
  int error = ext2_begin_change(inode->fs);
  if (error != 0) return error;
  if (uid != EXT2_KEEP_ID) {
    inode->disk.uid = (uint16_t)uid;
    inode->disk.uid_high = (uint16_t)(uid >> 16);
  }
  if (gid != EXT2_KEEP_ID) {
    inode->disk.gid = (uint16_t)gid;
    inode->disk.gid_high = (uint16_t)(gid >> 16);
  }
  ext2_inode_touch(inode, EXT2_TOUCH_CHANGED);
  return ext2_inode_store(inode);
}

static bool valid(const struct ext2_time *time) {
  return time == NULL || time->nanoseconds < 1000000000;
}

int ext2_utimes(struct ext2_inode *inode, const struct ext2_time *accessed,
                const struct ext2_time *modified) {
  if (!valid(accessed) || !valid(modified)) return -EINVAL;
  int error = ext2_begin_change(inode->fs);
  if (error != 0) return error;
  struct ext2_disk_inode *disk = &inode->disk;
  if (accessed != NULL) set_time(inode, &disk->access_time, &disk->access_time_extra, *accessed);
  if (modified != NULL) set_time(inode, &disk->modify_time, &disk->modify_time_extra, *modified);
  ext2_inode_touch(inode, EXT2_TOUCH_CHANGED);
  return ext2_inode_store(inode);
}

int ext2_touch(struct ext2_inode *inode, unsigned what) {
  int error = ext2_begin_change(inode->fs);
  if (error != 0) return error;
  what &= EXT2_TOUCH_ACCESSED | EXT2_TOUCH_MODIFIED;
  ext2_inode_touch(inode, what & EXT2_TOUCH_MODIFIED ? what | EXT2_TOUCH_CHANGED : what);
  return ext2_inode_store(inode);
}

static int unshare(struct ext2_fs *fs, uint32_t block, bool *last) {
  struct ext2_buffer *buffer;
  int error = ext2_buffer_get(fs, block, EXT2_USE_ATTRIBUTES, 0, &buffer);
  if (error != 0) return error;
  struct ext2_disk_attributes header;
  memcpy(&header, buffer->data, sizeof(header));
  *last = header.references == 1;
  if (header.magic != EXT2_ATTRIBUTES_MAGIC || header.references == 0) {
    error = ext2_damage(fs, "a block of extended attributes is damaged", block);
  } else if (!*last) {
    header.references--;
    memcpy(buffer->data, &header, sizeof(header));
    ext2_buffer_dirty(buffer);
  }
  ext2_buffer_put(buffer);
  return error;
}

int ext2_attributes_release(struct ext2_inode *inode) {
  struct ext2_fs *fs = inode->fs;
  uint32_t block = inode->disk.attribute_block, run;
  if (block == 0) return 0;
  bool last;
  int error = ext2_group_data_run(fs, block, 1, &run);
  if (error == 0) error = unshare(fs, block, &last);
  if (error == 0 && last) error = ext2_bfree(fs, block, 1, EXT2_USE_ATTRIBUTES, 0);
  if (error != 0) return error;
  inode->disk.attribute_block = 0;
  inode->disk.sectors -= ext2_min(inode->disk.sectors, fs->sectors_per_block);
  return 0;
}
