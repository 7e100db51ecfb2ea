// Memory as files: /dev/shm, memfd_create, and objects that programs provide. Data is in the
// pager's memory objects alone; here are names, sizes and who has them open.
//
// An object lives while it has a name, is open or mapped:
//
//   made ── unlinked, last close ──▶ held by the pager ── OBJECT_IDLE ──▶ gone
#ifndef SERVERS_FS_SHM_H_
#define SERVERS_FS_SHM_H_

#include <stdbool.h>
#include <stdint.h>

#include "servers/fs/process.h"

enum { SHM_MAX = 64, SHM_NAME_MAX = 63 };

struct shm {
  char name[SHM_NAME_MAX + 1];  // without the directory; what memfd_create was told
  bool used, linked, closed;    // closed: the pager has been told
  bool provided;                // by a program: of a fixed size
  uint16_t opens;
  uint32_t object;
  uint32_t mode;  // rights
  uint64_t size;
  uint64_t cookie;
  int64_t modified;  // nanoseconds since 1970
};

extern const struct file_kind shm_kind;

// The object with this name in /dev/shm, NULL: none.
struct shm *shm_find(const char *name);

// Number `index` of those with names, for listing; NULL: there is none at this index.
const struct shm *shm_at(unsigned index);

// Makes an empty object with a name in /dev/shm, or with one that only shows. => -EINVAL -ENOSPC
// -ENAMETOOLONG -ENOMEM.
int shm_new(const char *name, bool linked, uint32_t mode, struct shm **shm);

// An open file of it. NULL: too many files.
struct file *shm_open_file(struct shm *shm);

int shm_unlink_name(const char *name);                 // => -ENOENT
int shm_rename(const char *name, const char *to);      // => -ENOENT -EINVAL -ENAMETOOLONG
int shm_truncate(struct shm *shm, uint64_t size);      // => in a fiber. -EINVAL -EFBIG
void shm_touch(struct shm *shm, int64_t nanoseconds);  // or FS_TIME_NOW
void shm_stat(const struct shm *shm, struct fs_stat *stat);

// FS_SHM. => in a fiber, with volume.lock.
int64_t shm_make(struct process *process, struct call *call);

// OBJECT_IDLE with a cookie of an object here.
bool shm_has_cookie(uint64_t cookie);
void shm_idle(uint64_t cookie);

// The object with this cookie, NULL: none.
const struct shm *shm_by_cookie(uint64_t cookie);

#endif  // SERVERS_FS_SHM_H_
