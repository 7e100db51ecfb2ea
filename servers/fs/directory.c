#include "servers/fs/directory.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "servers/fs/path.h"
#include "servers/fs/virtual.h"
#include "servers/fs/volume.h"

void directory_no_data(struct process *process, struct file *file, const struct event *event,
                       struct answer *answer) {
  (void)process;
  (void)file;
  (void)event;
  answer_status(answer, -EISDIR);
}

const struct file_kind directory_kind = {
    .read = directory_no_data, .write = directory_no_data, .is_directory = true};

// --- entries -----------------------------------------------------------------------------------

struct listing {
  char *page;
  uint32_t bytes;
  uint64_t next;
};

static bool list_entry(void *ctx, const struct ext2_dirent *entry) {
  struct listing *listing = ctx;
  size_t length = entry->name.length;
  size_t bytes = (offsetof(struct fs_dirent, name) + length + 1 + 7) & ~(size_t)7;
  if (listing->bytes + bytes > FS_DATA_MAX) return false;
  struct fs_dirent *out = (struct fs_dirent *)(listing->page + listing->bytes);
  out->ino = entry->ino;
  out->bytes = (uint16_t)bytes;
  out->type = (uint8_t)(entry->type >> 12);  // DT_* are the types of a mode, shifted
  out->name_bytes = (uint8_t)length;
  memcpy(out->name, entry->name.text, length);
  out->name[length] = 0;
  listing->bytes += (uint32_t)bytes;
  listing->next = entry->next;
  return true;
}

int64_t directory_read(struct process *process, struct call *call) {
  struct file *file = process_file(process, call->word[1]);
  if (file == NULL) return -EBADF;
  if (file->kind == &virtual_directory_kind) return virtual_read_directory(process, file);
  if (file->kind != &directory_kind) return -ENOTDIR;
  if (file->vnode->inode == NULL) return -EIO;
  static _Alignas(8) char entries[FS_DATA_MAX];  // under volume.lock
  struct listing listing = {.page = entries, .next = file->position};
  int status = ext2_readdir(file->vnode->inode, file->position, list_entry, &listing);
  if (status < 0) return status;
  memcpy(process_page(process), entries, listing.bytes);
  file->position = listing.next;
  return listing.bytes;
}

// --- the working directory ---------------------------------------------------------------------

static void set_directory(struct process *process, struct vnode *vnode) {
  vnode_put(process->directory);
  process->directory = vnode;
  process->virtual_directory = 0;
}

int64_t directory_change(struct process *process, struct call *call) {
  (void)call;
  struct ext2_inode *inode;
  int status = path_walk(process, path_fetch(process, 0), 0, &inode);
  if (status != 0) return status;
  if ((ext2_inode_mode(inode) & EXT2_MODE_TYPE) != EXT2_MODE_DIR) {
    ext2_iput(inode);
    return -ENOTDIR;
  }
  struct vnode *vnode;
  status = vnode_get(inode, &vnode);
  if (status == 0) set_directory(process, vnode);
  return status;
}

void directory_change_to(struct process *process, const struct event *event,
                         struct answer *answer) {
  const struct file *file = process_file(process, event->word[1]);
  int status = file != NULL ? process_work_in(process, file) : -EBADF;
  answer_status(answer, status);
}

// Looks for the name of an inode in its parent.
struct search {
  uint32_t ino;
  char *name;  // the end of a buffer; grows downwards
  char *limit;
  bool found, too_long;
};

static bool is_dots(struct ext2_name name) {
  return name.text[0] == '.' && (name.length == 1 || (name.length == 2 && name.text[1] == '.'));
}

static bool is_other(void *ctx, const struct ext2_dirent *entry) {
  struct search *search = ctx;
  if (entry->ino != search->ino || is_dots(entry->name)) return true;
  search->found = true;
  search->too_long = (size_t)(search->name - search->limit) < entry->name.length + 1;
  if (!search->too_long) {
    search->name -= entry->name.length;
    memcpy(search->name, entry->name.text, entry->name.length);
    *--search->name = '/';
  }
  return false;
}

// Puts the name of *inode in front, and goes up to its parent.
static int go_up(struct ext2_inode **inode, struct search *search) {
  struct ext2_inode *parent;
  int status = ext2_lookup(*inode, path_name(".."), &parent);
  if (status != 0) return status;
  search->ino = ext2_inode_number(*inode);
  search->found = false;
  status = ext2_readdir(parent, 0, is_other, search);
  ext2_iput(*inode);
  *inode = parent;
  if (status < 0) return status;
  if (!search->found) return -ENOENT;
  return search->too_long ? -ENAMETOOLONG : 0;
}

size_t directory_path_of(const struct vnode *vnode, char *out, size_t size) {
  static char buffer[FS_PATH_MAX];  // under volume.lock
  if (vnode == NULL || vnode->inode == NULL || vnode->parent == 0) return 0;
  struct ext2_inode *inode;
  if (ext2_iget(volume.ext2, vnode->parent, &inode) != 0) return 0;
  char *end = buffer + sizeof(buffer);
  struct search search = {
      .ino = ext2_inode_number(vnode->inode), .name = end, .limit = buffer, .found = false};
  int status = ext2_readdir(inode, 0, is_other, &search);
  if (!search.found || search.too_long) status = -ENOENT;
  while (status >= 0 && ext2_inode_number(inode) != EXT2_ROOT) status = go_up(&inode, &search);
  ext2_iput(inode);
  size_t length = (size_t)(end - search.name);
  if (status < 0 || length > size) return 0;
  memcpy(out, search.name, length);
  return length;
}

static int64_t current_virtual(const struct process *process) {
  char path[VIRTUAL_DIRECTORY_MAX];
  virtual_directory_path(process->virtual_directory, path);
  memcpy(process_page(process), path, strlen(path));
  return (int64_t)strlen(path);
}

int64_t directory_current(struct process *process, struct call *call) {
  (void)call;
  if (process->virtual_directory != 0) return current_virtual(process);
  static char buffer[FS_PATH_MAX];  // under volume.lock
  struct ext2_inode *inode = path_start(process);
  if (inode == NULL) return -EIO;
  char *end = buffer + sizeof(buffer);
  struct search search = {.name = end, .limit = buffer};
  ext2_iref(inode);
  int status = 0;
  while (status == 0 && ext2_inode_number(inode) != EXT2_ROOT) status = go_up(&inode, &search);
  ext2_iput(inode);
  if (status != 0) return status;
  if (search.name == end) *--search.name = '/';
  memcpy(process_page(process), search.name, (size_t)(end - search.name));
  return end - search.name;
}
