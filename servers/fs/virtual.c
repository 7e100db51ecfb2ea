#include "servers/fs/virtual.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "servers/fs/directory.h"
#include "servers/fs/path.h"
#include "servers/fs/procfs.h"
#include "servers/fs/shm.h"
#include "servers/fs/text.h"
#include "servers/fs/virtual_path.h"

enum { PROC_DEVICE = 3 };  // st_dev
enum { TYPE_BITS = 3 };
enum { DIRECTORY_MODE = 0555, SHM_DIRECTORY_MODE = 01777, FILE_MODE = 0444 };
// Inode numbers of /proc: directories of processes have room for their files.
enum { INO_ROOT = 1, INO_SELF = 2, INO_FILES = 8, INO_OF_PROCESS = 32 };

// --- names -------------------------------------------------------------------------------------

// The number that a component is, 0: it is none.
static uint32_t number_of(const char *text, size_t length) {
  uint32_t number = 0;
  if (length == 0 || length > 9 || text[0] == '0') return 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return 0;
    number = number * 10 + (uint32_t)(text[i] - '0');
  }
  return number;
}

static int find_file(const char *name, bool of_process, struct virtual_node *node) {
  int file = procfs_find(name, of_process);
  node->type = VIRTUAL_PROC_FILE;
  node->file = (unsigned)file;
  return file < 0 ? -ENOENT : 0;
}

static int find_in_process(const char *name, struct virtual_node *node) {
  if (node->pid == 0 || process_by_pid(node->pid) == NULL) return -ENOENT;
  return name[0] == 0 ? 0 : find_file(name, true, node);
}

static int find_in_proc(const struct process *process, const char *below, bool follow,
                        struct virtual_node *node) {
  *node = (struct virtual_node){.type = VIRTUAL_PROC_ROOT};
  if (below[0] == 0) return 0;
  const char *slash = strchr(below, '/');
  size_t length = slash != NULL ? (size_t)(slash - below) : strlen(below);
  bool is_self = length == 4 && memcmp(below, "self", 4) == 0;
  if (is_self && slash == NULL && !follow) {
    *node = (struct virtual_node){.type = VIRTUAL_SELF, .pid = process->pid};
    return 0;
  }
  uint32_t pid = is_self ? process->pid : number_of(below, length);
  if (is_self || pid != 0) {
    *node = (struct virtual_node){.type = VIRTUAL_PROCESS, .pid = pid};
    return find_in_process(slash != NULL ? slash + 1 : "", node);
  }
  return find_file(below, false, node);
}

// Names in /dev/shm are found whether there is something by the name or not.
static int find(const struct process *process, const char *path, bool follow,
                struct virtual_node *node) {
  const char *below = virtual_path_below(path, VIRTUAL_SHM_PATH);
  if (below == NULL) {
    below = virtual_path_below(path, VIRTUAL_PROC_PATH);
    return find_in_proc(process, below, follow, node);
  }
  if (below[0] == 0) {
    *node = (struct virtual_node){.type = VIRTUAL_SHM_ROOT};
    return 0;
  }
  *node = (struct virtual_node){.type = VIRTUAL_SHM_FILE, .name = below};
  const char *slash = strchr(below, '/');
  if (slash == NULL) return 0;
  char first[SHM_NAME_MAX + 1];
  if ((size_t)(slash - below) > SHM_NAME_MAX) return -ENOENT;
  memcpy(first, below, (size_t)(slash - below));
  first[slash - below] = 0;
  return shm_find(first) != NULL ? -ENOTDIR : -ENOENT;
}

static bool is_directory(const struct virtual_node *node) {
  return node->type == VIRTUAL_SHM_ROOT || node->type == VIRTUAL_PROC_ROOT ||
         node->type == VIRTUAL_PROCESS;
}

uint32_t virtual_directory(const struct virtual_node *node) {
  return (uint32_t)node->type | node->pid << TYPE_BITS;
}

static struct virtual_node node_of(uint32_t directory) {
  return (struct virtual_node){.type = directory & ((1u << TYPE_BITS) - 1),
                               .pid = directory >> TYPE_BITS};
}

void virtual_directory_path(uint32_t directory, char path[VIRTUAL_DIRECTORY_MAX]) {
  struct virtual_node node = node_of(directory);
  struct text text = {path, VIRTUAL_DIRECTORY_MAX - 1, 0};
  text_string(&text, node.type == VIRTUAL_SHM_ROOT ? VIRTUAL_SHM_PATH : VIRTUAL_PROC_PATH);
  if (node.type == VIRTUAL_PROCESS) {
    text_string(&text, "/");
    text_decimal(&text, node.pid, 0);
  }
  path[text.used] = 0;
}

// --- status ------------------------------------------------------------------------------------

static uint64_t ino_of(const struct virtual_node *node) {
  uint64_t base = node->pid != 0 ? (uint64_t)node->pid * INO_OF_PROCESS + INO_FILES : INO_ROOT;
  if (node->type == VIRTUAL_SELF) return INO_SELF;
  return node->type == VIRTUAL_PROC_FILE ? base + 1 + INO_SELF + node->file : base;
}

static void stat_node(const struct virtual_node *node, struct fs_stat *stat) {
  stat->dev = PROC_DEVICE;
  stat->ino = ino_of(node);
  stat->nlink = 1;
  stat->blksize = FS_DATA_MAX;
  if (node->type == VIRTUAL_SHM_ROOT) {
    stat->mode = S_IFDIR | SHM_DIRECTORY_MODE;
  } else if (node->type == VIRTUAL_SELF) {
    stat->mode = S_IFLNK | 0777;
  } else {
    stat->mode = is_directory(node) ? S_IFDIR | DIRECTORY_MODE : S_IFREG | FILE_MODE;
  }
  if (is_directory(node)) stat->nlink = 2;
}

static int64_t do_stat(struct process *process, const struct virtual_node *node) {
  struct fs_stat stat = {.dev = 0};
  if (node->type == VIRTUAL_SHM_FILE) {
    const struct shm *shm = shm_find(node->name);
    if (shm == NULL) return -ENOENT;
    shm_stat(shm, &stat);
  } else {
    stat_node(node, &stat);
  }
  memcpy(process_page(process), &stat, sizeof(stat));
  return 0;
}

static int64_t do_access(const struct virtual_node *node, uint64_t wanted) {
  if ((wanted & ~(uint64_t)(R_OK | W_OK | X_OK)) != 0) return -EINVAL;
  if (node->type == VIRTUAL_SHM_FILE) {
    const struct shm *shm = shm_find(node->name);
    if (shm == NULL) return -ENOENT;
    return (wanted & X_OK) != 0 && (shm->mode & 0111) == 0 ? -EACCES : 0;
  }
  if (is_directory(node)) return 0;
  return (wanted & (W_OK | X_OK)) != 0 ? -EACCES : 0;
}

// --- directories -------------------------------------------------------------------------------

static uint32_t directory_of(const struct file *file) { return (uint32_t)(uintptr_t)file->of_kind; }

static void stat_directory(const struct file *file, struct fs_stat *stat) {
  struct virtual_node node = node_of(directory_of(file));
  stat_node(&node, stat);
}

const struct file_kind virtual_directory_kind = {.read = directory_no_data,
                                                 .write = directory_no_data,
                                                 .stat = stat_directory,
                                                 .is_directory = true};

// One entry of a listing. => false: the page is full.
static bool add_entry(char *page, uint32_t *used, uint64_t ino, uint8_t type, const char *name) {
  size_t length = strlen(name);
  size_t bytes = (offsetof(struct fs_dirent, name) + length + 1 + 7) & ~(size_t)7;
  if (*used + bytes > FS_DATA_MAX) return false;
  struct fs_dirent *entry = (struct fs_dirent *)(page + *used);
  entry->ino = ino;
  entry->bytes = (uint16_t)bytes;
  entry->type = type;
  entry->name_bytes = (uint8_t)length;
  memcpy(entry->name, name, length + 1);
  *used += (uint32_t)bytes;
  return true;
}

// Entry `number` of a directory. => false: there is no such entry, *more: but perhaps later ones.
static bool entry_at(const struct virtual_node *node, uint64_t number, char name[],
                     struct virtual_node *entry, uint64_t *ino, bool *more) {
  *more = false;
  *entry = (struct virtual_node){.type = VIRTUAL_PROC_FILE, .pid = node->pid};
  if (node->type == VIRTUAL_SHM_ROOT) {
    *more = number < SHM_MAX;
    const struct shm *shm = *more ? shm_at((unsigned)number) : NULL;
    if (shm == NULL) return false;
    strcpy(name, shm->name);
    *ino = (uint32_t)shm->cookie;
    entry->type = VIRTUAL_SHM_FILE;
    return true;
  }
  const char *file = procfs_file_at((unsigned)number, node->type == VIRTUAL_PROCESS, &entry->file);
  if (file != NULL) {
    strcpy(name, file);
  } else if (node->type == VIRTUAL_PROC_ROOT) {
    unsigned files = procfs_files(false);
    if (number == files) {
      strcpy(name, "self");
      entry->type = VIRTUAL_SELF;
    } else {
      const struct process *process = process_at((unsigned)(number - files - 1), more);
      if (process == NULL || process->pid == 0) return false;
      struct text text = {name, SHM_NAME_MAX, 0};
      text_decimal(&text, process->pid, 0);
      name[text.used] = 0;
      *entry = (struct virtual_node){.type = VIRTUAL_PROCESS, .pid = process->pid};
    }
  } else {
    return false;
  }
  *ino = ino_of(entry);
  return true;
}

static uint8_t type_of(const struct virtual_node *node) {
  // DT_* are the types of a mode, shifted.
  return (node->type == VIRTUAL_SELF ? S_IFLNK : is_directory(node) ? S_IFDIR : S_IFREG) >> 12;
}

// Positions 0 and 1 are the directory and its parent.
int64_t virtual_read_directory(struct process *process, struct file *file) {
  struct virtual_node node = node_of(directory_of(file));
  if (node.type == VIRTUAL_PROCESS && process_by_pid(node.pid) == NULL) return 0;
  static _Alignas(8) char entries[FS_DATA_MAX];  // under volume.lock
  uint32_t used = 0;
  for (bool more = true;; file->position++) {
    char name[SHM_NAME_MAX + 1];
    struct virtual_node entry = node;
    uint64_t ino = ino_of(&node);
    if (file->position < 2) {
      strcpy(name, file->position == 0 ? "." : "..");
    } else if (!entry_at(&node, file->position - 2, name, &entry, &ino, &more)) {
      if (more) continue;
      break;
    }
    if (!add_entry(entries, &used, ino, type_of(&entry), name)) break;
  }
  memcpy(process_page(process), entries, used);
  return used;
}

static int64_t do_chdir(struct process *process, const struct virtual_node *node) {
  if (!is_directory(node)) {
    bool missing = node->type == VIRTUAL_SHM_FILE && shm_find(node->name) == NULL;
    return missing ? -ENOENT : -ENOTDIR;
  }
  vnode_put(process->directory);
  process->directory = NULL;
  process->virtual_directory = virtual_directory(node);
  return 0;
}

// --- opening -----------------------------------------------------------------------------------

static int open_shm(const struct process *process, const char *name, int flags, uint32_t mode,
                    struct file **file) {
  struct shm *shm = shm_find(name);
  if (shm != NULL && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return -EEXIST;
  if (shm != NULL && (flags & O_DIRECTORY) != 0) return -ENOTDIR;
  if (shm == NULL) {
    if ((flags & O_CREAT) == 0) return -ENOENT;
    int status = shm_new(name, true, mode & 0777 & ~process->umask, &shm);
    if (status != 0) return status;
  }
  *file = shm_open_file(shm);
  if (*file == NULL) return -ENFILE;
  bool truncates = (flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY && shm->size != 0;
  int status = truncates ? shm_truncate(shm, 0) : 0;
  if (status != 0) file_put(*file);
  return status;
}

static int open_directory(const struct virtual_node *node, int flags, struct file **file) {
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0) return -EISDIR;
  *file = file_new(&virtual_directory_kind);
  if (*file == NULL) return -ENFILE;
  (*file)->of_kind = (void *)(uintptr_t)virtual_directory(node);
  return 0;
}

static int open_node(const struct process *process, const struct virtual_node *node, int flags,
                     uint32_t mode, struct file **file) {
  if (node->type == VIRTUAL_SHM_FILE) return open_shm(process, node->name, flags, mode, file);
  if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return -EEXIST;
  if (node->type == VIRTUAL_SELF) return -ELOOP;
  if (is_directory(node)) return open_directory(node, flags, file);
  if ((flags & O_DIRECTORY) != 0) return -ENOTDIR;
  if ((flags & O_ACCMODE) != O_RDONLY) return -EACCES;
  return procfs_open(node->pid, node->file, file);
}

static int64_t do_open(struct process *process, const struct virtual_node *node,
                       const struct call *call) {
  int flags = (int)call->word[1];
  int fd = process_free_descriptor(process, 0);
  if (fd < 0) return fd;
  struct file *file;
  int status = open_node(process, node, flags, (uint32_t)call->word[2], &file);
  return status != 0 ? status : process_install_open(process, fd, file, flags);
}

// --- changes -----------------------------------------------------------------------------------

// Those that only memory has.
static int64_t change_shm(const struct call *call, struct shm *shm) {
  switch (call->word[0]) {
    case FS_TRUNCATE:
      return (int64_t)call->word[1] < 0 ? -EINVAL : shm_truncate(shm, call->word[1]);
    case FS_CHMOD:
      shm->mode = (uint32_t)call->word[1] & 07777;
      return 0;
    case FS_UTIMES:
      if ((int64_t)call->word[2] == FS_TIME_OMIT) return 0;
      shm_touch(shm, (int64_t)call->word[2]);
      return 0;
    case FS_CHOWN:
      return call->word[1] == 0 && call->word[2] == 0 ? 0 : -EPERM;
    case FS_READLINK:
      return -EINVAL;
    case FS_RMDIR:
      return -ENOTDIR;
    default:
      return -EPERM;
  }
}

// The old name is virtual if the first path is, not only the second.
static int64_t do_rename(const struct process *process) {
  static struct ext2_namei_result parent;  // under volume.lock
  static char from[FS_PATH_MAX];
  int status = path_walk_parent(process, path_fetch(process, 0), &parent);
  if (status == 0) ext2_iput(parent.inode);
  if (status != PATH_VIRTUAL) return status == 0 ? -EXDEV : status;
  strcpy(from, path_virtual());
  status = path_walk_parent(process, path_fetch(process, FS_SECOND_PATH), &parent);
  if (status == 0) ext2_iput(parent.inode);
  if (status != PATH_VIRTUAL) return status == 0 ? -EXDEV : status;
  const char *old = virtual_path_below(from, VIRTUAL_SHM_PATH);
  const char *new = virtual_path_below(path_virtual(), VIRTUAL_SHM_PATH);
  if (old == NULL || new == NULL) return old == NULL && new == NULL ? -EPERM : -EXDEV;
  return old[0] == 0 || new[0] == 0 ? -EBUSY : shm_rename(old, new);
}

static int64_t change(const struct process *process, const struct virtual_node *node,
                      const struct call *call) {
  if (node->type == VIRTUAL_SHM_FILE) {
    if (call->word[0] == FS_UNLINK) return shm_unlink_name(node->name);
    struct shm *shm = shm_find(node->name);
    if (call->word[0] == FS_MKDIR || call->word[0] == FS_MKNOD) {
      return shm != NULL ? -EEXIST : -EPERM;
    }
    return shm != NULL ? change_shm(call, shm) : -ENOENT;
  }
  switch (call->word[0]) {
    case FS_UNLINK:
      return is_directory(node) ? -EISDIR : -EPERM;
    case FS_MKDIR:
    case FS_MKNOD:
      return -EEXIST;
    case FS_RMDIR:
      return node->type == VIRTUAL_PROCESS || !is_directory(node) ? -EPERM : -EBUSY;
    case FS_TRUNCATE:
      return is_directory(node) ? -EISDIR : -EACCES;
    case FS_READLINK: {
      if (node->type != VIRTUAL_SELF) return -EINVAL;
      struct text text = {process_page(process), FS_DATA_MAX, 0};
      text_decimal(&text, node->pid, 0);
      return (int64_t)text.used;
    }
    default:
      return -EPERM;
  }
}

// Operations that do not follow a link at the end of the path.
static bool follows(const struct call *call) {
  switch (call->word[0]) {
    case FS_STAT:
      return (call->word[1] & FS_NOFOLLOW) == 0;
    case FS_OPEN:
      return (call->word[1] & O_NOFOLLOW) == 0;
    case FS_READLINK:
    case FS_UNLINK:
    case FS_RMDIR:
    case FS_MKDIR:
    case FS_MKNOD:
      return false;
    default:
      return true;
  }
}

int64_t virtual_serve(struct process *process, struct call *call) {
  uint64_t op = call->word[0];
  if (op == FS_RENAME) return do_rename(process);
  if (op == FS_LINK || op == FS_SYMLINK) return op == FS_LINK ? -EXDEV : -EPERM;
  struct virtual_node node;
  int status = find(process, path_virtual(), follows(call), &node);
  if (status != 0) return status;
  switch (op) {
    case FS_OPEN:
      return do_open(process, &node, call);
    case FS_STAT:
      return do_stat(process, &node);
    case FS_ACCESS:
      return do_access(&node, call->word[1]);
    case FS_CHDIR:
      return do_chdir(process, &node);
    default:
      return change(process, &node, call);
  }
}
