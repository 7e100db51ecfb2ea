#include "servers/fs/path.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "servers/fs/volume.h"

// Under volume.lock, so one of each is enough.
static char texts[2][FS_PATH_MAX];
static struct ext2_namei_result walked;

const char *path_fetch(const struct process *process, unsigned offset) {
  const volatile char *from = (const volatile char *)process_page(process) + offset;
  char *text = texts[offset == 0 ? 0 : 1];
  for (unsigned i = 0; i < FS_PATH_MAX; i++) {
    text[i] = from[i];
    if (text[i] == 0) return text;
  }
  return NULL;
}

struct ext2_name path_name(const char *text) {
  return (struct ext2_name){text, strlen(text)};
}

struct ext2_inode *path_start(const struct process *process) {
  const struct vnode *directory = process->directory != NULL ? process->directory : volume.root;
  return directory != NULL ? directory->inode : NULL;
}

int path_walk_from(struct ext2_inode *start, const char *text, unsigned flags,
                   struct ext2_namei_result *result) {
  if (text == NULL) return -ENAMETOOLONG;
  if (volume.ext2 == NULL || start == NULL) return -EIO;
  return ext2_namei(volume.root->inode, start, path_name(text), flags, result);
}

int path_walk(const struct process *process, const char *text, unsigned flags,
              struct ext2_inode **inode) {
  int status = path_walk_from(path_start(process), text, flags, &walked);
  *inode = walked.inode;
  return status;
}

int path_walk_parent(const struct process *process, const char *text,
                     struct ext2_namei_result *parent) {
  return path_walk_from(path_start(process), text, EXT2_NAMEI_PARENT, parent);
}
