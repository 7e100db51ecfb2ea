#include "servers/fs/ext2/dir_priv.h"
#include "servers/fs/ext2/file_priv.h"
#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"

enum { HEAD = sizeof(struct ext2_disk_dirent), LEAST_RECORD = 12 };

static struct ext2_disk_dirent get(const struct ext2_buffer *buffer, uint32_t offset) {
  struct ext2_disk_dirent entry;
  memcpy(&entry, buffer->data + offset, HEAD);
  return entry;
}

static void set(struct ext2_buffer *buffer, uint32_t offset, const struct ext2_disk_dirent *entry) {
  memcpy(buffer->data + offset, entry, HEAD);
}

static uint32_t record_size(size_t name_length) { return (uint32_t)(HEAD + name_length + 3) & ~3u; }

static struct ext2_name name_at(const struct ext2_buffer *buffer, uint32_t offset) {
  return (struct ext2_name){(const char *)buffer->data + offset + HEAD,
                            get(buffer, offset).name_length};
}

static bool same(struct ext2_name a, struct ext2_name b) {
  return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

bool ext2_is_dot(struct ext2_name name) { return same(name, (struct ext2_name){".", 1}); }

bool ext2_is_dot_dot(struct ext2_name name) { return same(name, (struct ext2_name){"..", 2}); }

static bool has_bad_byte(struct ext2_name name) {
  return memchr(name.text, '/', name.length) != NULL || memchr(name.text, 0, name.length) != NULL;
}

int ext2_dir_check(const struct ext2_inode *dir, struct ext2_name name) {
  if (!ext2_is(dir, EXT2_MODE_DIR)) return -ENOTDIR;
  if (name.length == 0) return -ENOENT;
  if (name.length > EXT2_NAME_MAX) return -ENAMETOOLONG;
  if (has_bad_byte(name)) return -EINVAL;
  return dir->disk.links_count == 0 ? -ENOENT : 0;
}

// Without the file type feature the byte is the high one of the name's length, and has to be 0.
static uint8_t type_of(const struct ext2_inode *inode) {
  static const uint8_t types[16] = {
      [EXT2_MODE_REGULAR >> 12] = 1, [EXT2_MODE_DIR >> 12] = 2,  [EXT2_MODE_CHAR >> 12] = 3,
      [EXT2_MODE_BLOCK >> 12] = 4,   [EXT2_MODE_FIFO >> 12] = 5, [EXT2_MODE_SOCKET >> 12] = 6,
      [EXT2_MODE_SYMLINK >> 12] = 7,
  };
  return inode->fs->super.incompat & EXT2_INCOMPAT_FILETYPE ? types[inode->disk.mode >> 12] : 0;
}

static uint32_t mode_of(const struct ext2_fs *fs, uint8_t type) {
  static const uint32_t modes[] = {0,
                                   EXT2_MODE_REGULAR,
                                   EXT2_MODE_DIR,
                                   EXT2_MODE_CHAR,
                                   EXT2_MODE_BLOCK,
                                   EXT2_MODE_FIFO,
                                   EXT2_MODE_SOCKET,
                                   EXT2_MODE_SYMLINK};
  bool known =
      (fs->super.incompat & EXT2_INCOMPAT_FILETYPE) && type < sizeof(modes) / sizeof(modes[0]);
  return known ? modes[type] : 0;
}

// --- Checking a block ---

static bool record_sound(const struct ext2_fs *fs, uint32_t offset,
                         const struct ext2_disk_dirent *entry) {
  uint32_t length = entry->record_length;
  return length >= LEAST_RECORD && length % 4 == 0 && length <= fs->block_size - offset &&
         record_size(entry->name_length) <= length && entry->ino <= fs->super.inodes_count;
}

// The first two records of a directory are "." and "..", no other one is.
static bool name_sound(const struct ext2_inode *dir, uint32_t ordinal, uint32_t ino,
                       struct ext2_name name) {
  if (ordinal == 0) return ino == dir->ino && ext2_is_dot(name);
  if (ordinal == 1) return ino != 0 && ext2_is_dot_dot(name);
  if (ino == 0) return true;
  return name.length > 0 && !has_bad_byte(name) && !ext2_is_dot(name) && !ext2_is_dot_dot(name);
}

static bool block_sound(const struct ext2_inode *dir, const struct ext2_buffer *buffer,
                        uint32_t index) {
  uint32_t ordinal = index == 0 ? 0 : 2;
  for (uint32_t offset = 0; offset < dir->fs->block_size;) {
    // Records are multiples of 4 and at least 12 long, so that a head may stick out of the end.
    if (dir->fs->block_size - offset < LEAST_RECORD) return false;
    struct ext2_disk_dirent entry = get(buffer, offset);
    if (!record_sound(dir->fs, offset, &entry)) return false;
    if (!name_sound(dir, ordinal, entry.ino, name_at(buffer, offset))) return false;
    offset += entry.record_length;
    ordinal++;
  }
  return ordinal >= 2;
}

int ext2_dir_block(struct ext2_inode *dir, uint32_t index, struct ext2_buffer **buffer) {
  uint64_t block;
  uint32_t run;
  int error = ext2_map(dir, index, 1, &block, &run);
  if (error != 0) return error;
  if (block == 0) return ext2_damage(dir->fs, "a directory has a hole", dir->ino);
  error = ext2_buffer_get(dir->fs, (uint32_t)block, EXT2_USE_DIRECTORY, dir->ino, buffer);
  if (error != 0 || (*buffer)->checked) return error;
  if (!block_sound(dir, *buffer, index)) {
    ext2_buffer_reject(dir->fs, *buffer);
    return ext2_damage(dir->fs, "a directory block is damaged", block);
  }
  (*buffer)->checked = true;
  return 0;
}

static uint32_t block_count(const struct ext2_inode *dir) {
  return dir->disk.size >> dir->fs->block_bits;
}

// --- Searching ---

static bool find_in_block(const struct ext2_fs *fs, struct ext2_buffer *buffer,
                          struct ext2_name name, struct ext2_slot *slot) {
  uint32_t previous = 0;
  for (uint32_t offset = 0; offset < fs->block_size;) {
    struct ext2_disk_dirent entry = get(buffer, offset);
    if (entry.ino != 0 && entry.name_length == name.length && same(name_at(buffer, offset), name)) {
      *slot = (struct ext2_slot){buffer, offset, previous, entry.ino};
      return true;
    }
    previous = offset;
    offset += entry.record_length;
  }
  return false;
}

int ext2_dir_find(struct ext2_inode *dir, struct ext2_name name, struct ext2_slot *slot) {
  for (uint32_t i = 0; i < block_count(dir); i++) {
    struct ext2_buffer *buffer;
    int error = ext2_dir_block(dir, i, &buffer);
    if (error != 0) return error;
    if (find_in_block(dir->fs, buffer, name, slot)) return 0;
    ext2_buffer_put(buffer);
  }
  return -ENOENT;
}

int ext2_dir_parent(struct ext2_inode *dir, struct ext2_slot *slot) {
  return ext2_dir_find(dir, (struct ext2_name){"..", 2}, slot);
}

static uint32_t count_in_block(const struct ext2_fs *fs, const struct ext2_buffer *buffer) {
  uint32_t used = 0;
  for (uint32_t offset = 0; offset < fs->block_size; offset += get(buffer, offset).record_length)
    used += get(buffer, offset).ino != 0;
  return used;
}

int ext2_dir_empty(struct ext2_inode *dir) {
  for (uint32_t i = 0; i < block_count(dir); i++) {
    struct ext2_buffer *buffer;
    int error = ext2_dir_block(dir, i, &buffer);
    if (error != 0) return error;
    uint32_t used = count_in_block(dir->fs, buffer);
    ext2_buffer_put(buffer);
    if (used > (i == 0 ? 2 : 0)) return -ENOTEMPTY;
  }
  return 0;
}

// --- Changing ---

static int changed(struct ext2_inode *dir) {
  dir->disk.flags &= ~(uint32_t)EXT2_FLAG_INDEX;
  ext2_inode_touch(dir, EXT2_TOUCH_MODIFIED | EXT2_TOUCH_CHANGED);
  return ext2_inode_store(dir);
}

static void write_record(struct ext2_buffer *buffer, uint32_t offset, uint32_t length,
                         struct ext2_name name, const struct ext2_inode *inode) {
  struct ext2_disk_dirent entry = {
      .ino = inode->ino,
      .record_length = (uint16_t)length,
      .name_length = (uint8_t)name.length,
      .type = type_of(inode),
  };
  set(buffer, offset, &entry);
  memcpy(buffer->data + offset + HEAD, name.text, name.length);
  ext2_buffer_dirty(buffer);
}

// Enters the name in the first record of the block that is unused or has slack enough. => Whether
// there is one.
static bool insert_in_block(const struct ext2_fs *fs, struct ext2_buffer *buffer,
                            struct ext2_name name, const struct ext2_inode *inode) {
  uint32_t need = record_size(name.length);
  for (uint32_t offset = 0; offset < fs->block_size;) {
    struct ext2_disk_dirent entry = get(buffer, offset);
    uint32_t kept = entry.ino == 0 ? 0 : record_size(entry.name_length);
    uint32_t length = entry.record_length;
    if (length - kept >= need) {
      if (kept != 0) {
        entry.record_length = (uint16_t)kept;
        set(buffer, offset, &entry);
      }
      write_record(buffer, offset + kept, length - kept, name, inode);
      return true;
    }
    offset += length;
  }
  return false;
}

// Adds a block to the directory, a single unused record.
static int grow(struct ext2_inode *dir, struct ext2_buffer **buffer) {
  struct ext2_fs *fs = dir->fs;
  uint32_t index = block_count(dir), run;
  if (dir->disk.size > INT32_MAX - fs->block_size) return -EFBIG;
  uint64_t block;
  int error = ext2_extend(dir, index, 1);
  if (error == 0) error = ext2_map(dir, index, 1, &block, &run);
  if (error == 0)
    error = ext2_buffer_new(fs, (uint32_t)block, EXT2_USE_DIRECTORY, dir->ino, buffer);
  if (error != 0) return error;
  set(*buffer, 0, &(struct ext2_disk_dirent){.record_length = (uint16_t)fs->block_size});
  dir->disk.size += fs->block_size;
  return 0;
}

int ext2_dir_insert(struct ext2_inode *dir, struct ext2_name name, const struct ext2_inode *inode) {
  struct ext2_buffer *buffer;
  for (uint32_t i = 0; i < block_count(dir); i++) {
    int error = ext2_dir_block(dir, i, &buffer);
    if (error != 0) return error;
    bool done = insert_in_block(dir->fs, buffer, name, inode);
    ext2_buffer_put(buffer);
    if (done) return changed(dir);
  }
  int error = grow(dir, &buffer);
  if (error != 0) return error;
  insert_in_block(dir->fs, buffer, name, inode);
  ext2_buffer_put(buffer);
  return changed(dir);
}

int ext2_dir_remove(struct ext2_inode *dir, const struct ext2_slot *slot) {
  struct ext2_disk_dirent entry = get(slot->buffer, slot->offset);
  if (slot->previous != slot->offset) {
    struct ext2_disk_dirent previous = get(slot->buffer, slot->previous);
    previous.record_length = (uint16_t)(previous.record_length + entry.record_length);
    set(slot->buffer, slot->previous, &previous);
  } else {
    entry.ino = 0;
    set(slot->buffer, slot->offset, &entry);
  }
  ext2_buffer_dirty(slot->buffer);
  return changed(dir);
}

int ext2_dir_replace(struct ext2_inode *dir, const struct ext2_slot *slot,
                     const struct ext2_inode *inode) {
  struct ext2_disk_dirent entry = get(slot->buffer, slot->offset);
  entry.ino = inode->ino;
  entry.type = type_of(inode);
  set(slot->buffer, slot->offset, &entry);
  ext2_buffer_dirty(slot->buffer);
  return changed(dir);
}

int ext2_dir_init(struct ext2_inode *dir, uint32_t parent) {
  struct ext2_buffer *buffer;
  int error = grow(dir, &buffer);
  if (error != 0) return error;
  uint32_t dot = record_size(1);
  write_record(buffer, 0, dot, (struct ext2_name){".", 1}, dir);
  write_record(buffer, dot, dir->fs->block_size - dot, (struct ext2_name){"..", 2}, dir);
  struct ext2_disk_dirent up = get(buffer, dot);
  up.ino = parent;
  set(buffer, dot, &up);
  ext2_buffer_put(buffer);
  return ext2_inode_store(dir);
}

// --- Reading ---

struct reader {
  bool (*emit)(void *ctx, const struct ext2_dirent *entry);
  void *ctx;
};

// Emits the records of block `index` from offset `from` on. => Whether to go on.
static bool emit_block(struct ext2_inode *dir, const struct ext2_buffer *buffer, uint32_t index,
                       uint32_t from, const struct reader *reader) {
  uint64_t base = (uint64_t)index << dir->fs->block_bits;
  for (uint32_t offset = 0; offset < dir->fs->block_size;) {
    struct ext2_disk_dirent entry = get(buffer, offset);
    struct ext2_dirent out = {
        .ino = entry.ino,
        .type = mode_of(dir->fs, entry.type),
        .name = name_at(buffer, offset),
        .next = base + offset + record_size(entry.name_length),
    };
    if (entry.ino != 0 && offset >= from && !reader->emit(reader->ctx, &out)) return false;
    offset += entry.record_length;
  }
  return true;
}

int ext2_readdir(struct ext2_inode *dir, uint64_t cookie,
                 bool (*emit)(void *ctx, const struct ext2_dirent *entry), void *ctx) {
  if (!ext2_is(dir, EXT2_MODE_DIR)) return -ENOTDIR;
  if (dir->disk.links_count == 0 || cookie >= dir->disk.size) return 0;
  struct reader reader = {emit, ctx};
  uint32_t first = (uint32_t)(cookie >> dir->fs->block_bits);
  uint32_t from = (uint32_t)cookie & (dir->fs->block_size - 1);
  for (uint32_t i = first; i < block_count(dir); i++) {
    struct ext2_buffer *buffer;
    int error = ext2_dir_block(dir, i, &buffer);
    if (error != 0) return error;
    bool more = emit_block(dir, buffer, i, i == first ? from : 0, &reader);
    ext2_buffer_put(buffer);
    if (!more) return 1;
  }
  return 0;
}
