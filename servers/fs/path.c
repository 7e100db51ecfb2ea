#include "servers/fs/path.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "servers/fs/virtual.h"
#include "servers/fs/virtual_path.h"
#include "servers/fs/volume.h"

// Leaving a virtual directory by ".." leads to the disk, where a link may lead back.
enum { LEAVES_MAX = 8 };

static const char *const mounts[EXT2_COVERED_MAX] = {VIRTUAL_PROC_PATH, VIRTUAL_SHM_PATH};
static uint32_t covered[EXT2_COVERED_MAX];

// Under volume.lock, so one of each is enough.
static char texts[2][FS_PATH_MAX];
static char joined[2][FS_PATH_MAX];
static char virtual_text[FS_PATH_MAX];
static struct ext2_namei_result walked;

const char *path_fetch_text(const struct process *process, unsigned offset) {
  const volatile char *from = (const volatile char *)process_page(process) + offset;
  char *text = texts[offset == 0 ? 0 : 1];
  if (process->ended) from = "";  // it is not to name anything
  for (unsigned i = 0; i < FS_PATH_MAX; i++) {
    text[i] = from[i];
    if (text[i] == 0) return text;
  }
  return NULL;
}

const char *path_fetch(const struct process *process, unsigned offset) {
  const char *text = path_fetch_text(process, offset);
  if (process->virtual_directory == 0 || text == NULL || text[0] == '/' || text[0] == 0) {
    return text;
  }
  char base[VIRTUAL_DIRECTORY_MAX];
  virtual_directory_path(process->virtual_directory, base);
  char *whole = joined[offset == 0 ? 0 : 1];
  return virtual_path_join(whole, FS_PATH_MAX, base, text, strlen(text)) ? whole : NULL;
}

struct ext2_name path_name(const char *text) {
  return (struct ext2_name){text, strlen(text)};
}

struct ext2_inode *path_start(const struct process *process) {
  const struct vnode *directory = process->directory != NULL ? process->directory : volume.root;
  return directory != NULL ? directory->inode : NULL;
}

// --- what is mounted ---------------------------------------------------------------------------

const char *path_virtual(void) { return virtual_text; }

static bool is_virtual(const char *text) {
  for (unsigned i = 0; i < EXT2_COVERED_MAX; i++) {
    if (virtual_path_below(text, mounts[i]) != NULL) return true;
  }
  return false;
}

bool path_is_covered(const struct ext2_inode *inode) {
  for (unsigned i = 0; i < EXT2_COVERED_MAX; i++) {
    if (ext2_inode_number(inode) == covered[i]) return true;
  }
  return false;
}

void path_mount(void) {
  struct ext2_inode *root = volume.root->inode;
  for (unsigned i = 0; i < EXT2_COVERED_MAX; i++) {
    covered[i] = 0;
    if (ext2_namei(root, root, path_name(mounts[i]), EXT2_NAMEI_NOFOLLOW, &walked) != 0) continue;
    bool is_directory = (ext2_inode_mode(walked.inode) & EXT2_MODE_TYPE) == EXT2_MODE_DIR;
    if (is_directory) covered[i] = ext2_inode_number(walked.inode);
    ext2_iput(walked.inode);
  }
  for (unsigned i = 0; i < EXT2_COVERED_MAX; i++) ext2_cover(volume.ext2, i, covered[i]);
}

// --- walks -------------------------------------------------------------------------------------

// A volume without the directories, or no volume at all, has them all the same.
static int not_found(const char *text, int status) {
  if ((status != -ENOENT && status != -EIO) || text[0] != '/') return status;
  if (!virtual_path_join(virtual_text, sizeof(virtual_text), "/", text, strlen(text))) {
    return status;
  }
  return is_virtual(virtual_text) ? PATH_VIRTUAL : status;
}

int path_walk_from(struct ext2_inode *start, const char *text, unsigned flags,
                   struct ext2_namei_result *result) {
  if (text == NULL) return -ENAMETOOLONG;
  if (volume.ext2 == NULL || start == NULL) return not_found(text, -EIO);
  for (int leaves = 0; leaves < LEAVES_MAX; leaves++) {
    int status = ext2_namei(volume.root->inode, start, path_name(text), flags, result);
    if (status != 0) return not_found(text, status);
    if (result->covered == 0) return 0;
    ext2_iput(result->inode);
    const char *mount = mounts[result->covered - 1];
    if (!virtual_path_join(virtual_text, sizeof(virtual_text), mount, result->rest.text,
                           result->rest.length)) {
      return -ENAMETOOLONG;
    }
    if (is_virtual(virtual_text)) return PATH_VIRTUAL;
    text = virtual_text;
    start = volume.root->inode;
  }
  return -ELOOP;
}

int path_walk(const struct process *process, const char *text, unsigned flags,
              struct ext2_inode **inode) {
  int status = path_walk_from(path_start(process), text, flags, &walked);
  *inode = walked.inode;
  return status;
}

uint32_t path_parent(void) { return walked.parent; }

int path_walk_parent(const struct process *process, const char *text,
                     struct ext2_namei_result *parent) {
  return path_walk_from(path_start(process), text, EXT2_NAMEI_PARENT, parent);
}
