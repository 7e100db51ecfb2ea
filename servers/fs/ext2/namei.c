// Walking a path.
//
// What is left of the path stands at the end of fs->path; a symbolic link's target is put in front
// of it.
#include "servers/fs/ext2/namei.h"

#include "servers/fs/ext2/fs_priv.h"
#include "servers/fs/ext2/inode_priv.h"

struct walk {
  struct ext2_fs *fs;
  struct ext2_inode *root;
  struct ext2_inode *at;  // A reference: how far the walk has come.
  size_t from;            // What is left is [from, EXT2_PATH_MAX - 1) of fs->path.
  uint32_t links;         // Symbolic links followed.
};

enum { END = EXT2_PATH_MAX - 1 };

static int prepend(struct walk *walk, const char *text, size_t length) {
  if (length > walk->from) return -ENAMETOOLONG;
  walk->from -= length;
  memcpy(walk->fs->path + walk->from, text, length);
  return 0;
}

static bool skip_slashes(struct walk *walk) {
  size_t before = walk->from;
  while (walk->from < END && walk->fs->path[walk->from] == '/') walk->from++;
  return walk->from != before;
}

static void move_to(struct walk *walk, struct ext2_inode *inode) {
  ext2_iput(walk->at);
  walk->at = inode;
}

// A path that begins with a slash goes on from the root.
static void begin(struct walk *walk) {
  if (!skip_slashes(walk)) return;
  ext2_iref(walk->root);
  move_to(walk, walk->root);
}

// Takes the next component off what is left. => *slash: a slash follows; the slashes are taken off
// too.
static int next_component(struct walk *walk, char *name, uint32_t *length, bool *slash) {
  size_t end = walk->from;
  while (end < END && walk->fs->path[end] != '/') end++;
  if (end - walk->from > EXT2_NAME_MAX) return -ENAMETOOLONG;
  *length = (uint32_t)(end - walk->from);
  memcpy(name, walk->fs->path + walk->from, *length);
  walk->from = end;
  *slash = skip_slashes(walk);
  return 0;
}

static int look_up(struct walk *walk, struct ext2_name name, struct ext2_inode **found) {
  bool up = name.length == 2 && memcmp(name.text, "..", 2) == 0;
  if (!up || walk->at != walk->root) return ext2_lookup(walk->at, name, found);
  ext2_iref(walk->root);
  *found = walk->root;
  return 0;
}

// Puts the target of a symbolic link in front of what is left. => The reference to the link is
// gone.
static int expand(struct walk *walk, struct ext2_inode *link, bool slash) {
  int error = walk->links++ >= EXT2_SYMLOOP_MAX ? -ELOOP : 0;
  size_t length = link->disk.size;
  if (error == 0 && slash) error = prepend(walk, "/", 1);
  if (error == 0 && length > walk->from) error = -ENAMETOOLONG;
  if (error == 0) {
    int copied = ext2_readlink(link, walk->fs->path + walk->from - length, length);
    error = copied < 0 ? copied : 0;
  }
  ext2_iput(link);
  if (error != 0) return error;
  walk->from -= length;
  if (memchr(walk->fs->path + walk->from, 0, length) != NULL)
    return ext2_damage(walk->fs, "a symbolic link has a NUL in it", 0);
  begin(walk);
  return 0;
}

void ext2_cover(struct ext2_fs *fs, unsigned number, uint32_t inode) {
  fs->covered[number] = inode;
}

static uint32_t covered_number(const struct ext2_inode *inode) {
  for (uint32_t i = 0; i < EXT2_COVERED_MAX; i++) {
    if (ext2_inode_number(inode) == inode->fs->covered[i]) return i + 1;
  }
  return 0;
}

// One component. => 0: that was the last; 1: go on.
static int step(struct walk *walk, unsigned flags, struct ext2_namei_result *result) {
  bool slash;
  int error = next_component(walk, result->last, &result->last_length, &slash);
  if (error != 0) return error;
  if (!ext2_is(walk->at, EXT2_MODE_DIR)) return -ENOTDIR;
  bool last = walk->from == END;
  result->directory_wanted = slash;
  if (last && (flags & EXT2_NAMEI_PARENT)) return 0;
  struct ext2_inode *found;
  error = look_up(walk, (struct ext2_name){result->last, result->last_length}, &found);
  if (error != 0) return error;
  bool follow = !last || slash || !(flags & EXT2_NAMEI_NOFOLLOW);
  if (ext2_is(found, EXT2_MODE_SYMLINK) && follow) {
    error = expand(walk, found, slash);
    return error != 0 ? error : 1;
  }
  result->parent = ext2_inode_number(walk->at);
  move_to(walk, found);
  result->covered = covered_number(found);
  if (result->covered != 0) return 0;
  if (slash && !ext2_is(found, EXT2_MODE_DIR)) return -ENOTDIR;
  return last ? 0 : 1;
}

static int run(struct walk *walk, unsigned flags, struct ext2_namei_result *result) {
  int more = 1;
  while (more == 1) {
    if (walk->from == END) {
      // Nothing but slashes, in the path or in a link.
      result->last[0] = '.';
      result->last_length = 1;
      result->directory_wanted = true;
      return 0;
    }
    more = step(walk, flags, result);
  }
  return more;
}

int ext2_namei(struct ext2_inode *root, struct ext2_inode *start, struct ext2_name path,
               unsigned flags, struct ext2_namei_result *result) {
  if (path.length == 0) return -ENOENT;
  if (path.length >= EXT2_PATH_MAX) return -ENAMETOOLONG;
  if (memchr(path.text, 0, path.length) != NULL) return -EINVAL;
  result->covered = 0;
  result->parent = 0;
  struct walk walk = {.fs = start->fs, .root = root, .at = start, .from = END};
  ext2_iref(start);
  int error = prepend(&walk, path.text, path.length);
  if (error == 0) {
    begin(&walk);
    error = run(&walk, flags, result);
  }
  if (error != 0) {
    ext2_iput(walk.at);
    return error;
  }
  result->inode = walk.at;
  result->rest = (struct ext2_name){walk.fs->path + walk.from, (uint32_t)(END - walk.from)};
  return 0;
}
