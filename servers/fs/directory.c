#include "servers/fs/directory.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "servers/fs/path.h"
#include "servers/fs/volume.h"

static void no_data(struct process *process, struct file *file, const struct event *event,
                    struct answer *answer) {
  (void)process;
  (void)file;
  (void)event;
  answer_status(answer, -EISDIR);
}

const struct file_kind directory_kind = {.read = no_data, .write = no_data};

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
  if (file == NULL || file->kind != &directory_kind) {
    answer_status(answer, file == NULL ? -EBADF : -ENOTDIR);
    return;
  }
  vnode_hold(file->vnode);
  set_directory(process, file->vnode);
  answer_status(answer, 0);
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

int64_t directory_current(struct process *process, struct call *call) {
  (void)call;
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
