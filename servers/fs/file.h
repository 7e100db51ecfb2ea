// Open files: what a descriptor refers to, shared over dup and fork.
#ifndef SERVERS_FS_FILE_H_
#define SERVERS_FS_FILE_H_

#include <stdbool.h>
#include <stdint.h>

#include "servers/fs/answer.h"
#include "servers/fs/vnode.h"

enum { FILES_MAX = 1024 };

enum { FILE_READ = 1, FILE_WRITE = 2 };  // access

struct file;
struct process;
struct fs_stat;

// What kinds of files differ in. Everything here is called by the event loop and may not wait.
struct file_kind {
  // FS_READ and FS_WRITE: words fd, address, length, offset. The access has been checked.
  void (*read)(struct process *process, struct file *file, const struct event *event,
               struct answer *answer);
  void (*write)(struct process *process, struct file *file, const struct event *event,
                struct answer *answer);
  // The last descriptor is gone.
  void (*close)(struct file *file);
  // FS_FSYNC. NULL: what there is to write is the vnode's, or there is nothing.
  void (*sync)(struct process *process, struct file *file, const struct event *event,
               struct answer *answer);
  // Bytes, for SEEK_END. NULL: there is no position.
  uint64_t (*size)(const struct file *file);
  // FS_FTRUNCATE, in a fiber with volume.lock. NULL: -EINVAL, but for what is on the disk.
  int (*truncate)(struct file *file, uint64_t size);
  // Fills in what there is to say about a file without a vnode.
  void (*stat)(const struct file *file, struct fs_stat *stat);
  // FS_MAP: words fd, address, length, offset, prot | flags << 8. NULL: -ENODEV.
  void (*map)(struct file *file, const struct event *event, struct answer *answer);
  bool is_terminal;
  bool is_directory;
  bool through_pager;  // data is not in the message page: FS_KIND_FILE
};

struct file {
  const struct file_kind *kind;  // NULL: a free place
  uint16_t refs;
  uint8_t access;  // FILE_READ | FILE_WRITE
  bool append, nonblock;
  uint64_t position;    // of directories a cookie of ext2_readdir
  struct vnode *vnode;  // NULL of pipes, and of devices without a name on the disk
  void *of_kind;        // the kind's own: a pipe, a device
};

extern struct file files[FILES_MAX];

// A file with one reference and all but `kind` zero. NULL: all are taken.
struct file *file_new(const struct file_kind *kind);

static inline void file_hold(struct file *file) { file->refs++; }
void file_put(struct file *file);

#endif  // SERVERS_FS_FILE_H_
