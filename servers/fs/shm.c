#include "servers/fs/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "protocols/pager.h"
#include "servers/fs/clock.h"
#include "servers/fs/moved.h"
#include "servers/fs/outside.h"
#include "servers/fs/page_io.h"
#include "servers/fs/path.h"
#include "servers/fs/volume.h"

// Cookies as vnodes have them, with an index that no vnode has.
enum { COOKIE_INDEX_SHIFT = 32, COOKIE_INDEX_MASK = 0xfff, COOKIE_INDEX = 0xffe };
enum { COOKIE_USE_SHIFT = 44 };
enum { SHM_DEVICE = 2 };  // st_dev

#define NANOSECONDS 1000000000
#define OFFSET_MAX ((uint64_t)INT64_MAX)

static struct shm objects[SHM_MAX];
static uint64_t uses;

static int64_t now(void) {
  struct ext2_time time = clock_now(NULL);
  return time.seconds * NANOSECONDS + time.nanoseconds;
}

// --- life --------------------------------------------------------------------------------------

bool shm_has_cookie(uint64_t cookie) {
  return (cookie >> COOKIE_INDEX_SHIFT & COOKIE_INDEX_MASK) == COOKIE_INDEX;
}

static struct shm *by_cookie(uint64_t cookie) {
  uint32_t index = (uint32_t)cookie - 1;
  if (index >= SHM_MAX || !objects[index].used || objects[index].cookie != cookie) return NULL;
  return &objects[index];
}

const struct shm *shm_by_cookie(uint64_t cookie) { return by_cookie(cookie); }

// Gives up what nobody names, if the pager can.
static void let_go(struct shm *shm) {
  if (!shm->used || shm->linked || shm->opens > 0) return;
  if (!shm->closed) {
    shm->closed = true;
    if (outside_object_close(shm->object) > 0) return;  // OBJECT_IDLE follows
  }
  if (outside_object_destroy(shm->object, 0) == 0) shm->used = false;
}

void shm_idle(uint64_t cookie) {
  struct shm *shm = by_cookie(cookie);
  if (shm != NULL) let_go(shm);
}

static struct shm *take_free(void) {
  for (unsigned i = 0; i < SHM_MAX; i++) {
    if (objects[i].used && objects[i].closed) let_go(&objects[i]);  // it was busy, perhaps
    if (!objects[i].used) return &objects[i];
  }
  return NULL;
}

static int create(const char *name, bool linked, uint32_t mode, uint64_t size, uint64_t kind,
                  uint64_t bound, struct shm **result) {
  if (strlen(name) > SHM_NAME_MAX) return -ENAMETOOLONG;
  if (linked && (name[0] == 0 || strchr(name, '/') != NULL)) return -EINVAL;
  struct shm *shm = take_free();
  if (shm == NULL) return -ENOSPC;
  uint64_t cookie = (uint64_t)(shm - objects + 1) | (uint64_t)COOKIE_INDEX << COOKIE_INDEX_SHIFT |
                    ++uses << COOKIE_USE_SHIFT;
  int64_t object = outside_object_create_kind(cookie, size, kind, bound);
  if (object <= 0) return object < 0 ? (int)object : -EIO;
  *shm = (struct shm){.used = true,
                      .linked = linked,
                      .provided = bound != 0,
                      .object = (uint32_t)object,
                      .mode = mode,
                      .size = size,
                      .cookie = cookie,
                      .modified = now()};
  strcpy(shm->name, name);
  *result = shm;
  return 0;
}

int shm_new(const char *name, bool linked, uint32_t mode, struct shm **shm) {
  return create(name, linked, mode, 0, PAGER_OBJECT_KIND(OBJECT_OF_MEMORY, 0), 0, shm);
}

struct file *shm_open_file(struct shm *shm) {
  struct file *file = file_new(&shm_kind);
  if (file == NULL) {
    let_go(shm);
    return NULL;
  }
  shm->opens++;
  file->of_kind = shm;
  return file;
}

// --- names -------------------------------------------------------------------------------------

struct shm *shm_find(const char *name) {
  for (unsigned i = 0; i < SHM_MAX; i++) {
    if (objects[i].used && objects[i].linked && strcmp(objects[i].name, name) == 0) {
      return &objects[i];
    }
  }
  return NULL;
}

const struct shm *shm_at(unsigned index) {
  return index < SHM_MAX && objects[index].used && objects[index].linked ? &objects[index] : NULL;
}

int shm_unlink_name(const char *name) {
  struct shm *shm = shm_find(name);
  if (shm == NULL) return -ENOENT;
  shm->linked = false;
  let_go(shm);
  return 0;
}

int shm_rename(const char *name, const char *to) {
  struct shm *shm = shm_find(name);
  if (shm == NULL) return -ENOENT;
  if (to[0] == 0 || strchr(to, '/') != NULL) return -EINVAL;
  if (strlen(to) > SHM_NAME_MAX) return -ENAMETOOLONG;
  if (strcmp(name, to) == 0) return 0;
  shm_unlink_name(to);
  strcpy(shm->name, to);
  return 0;
}

// --- files -------------------------------------------------------------------------------------

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void shm_read(struct process *process, struct file *file, const struct event *event,
                     struct answer *answer) {
  (void)process;
  const struct shm *shm = file->of_kind;
  uint64_t offset = event->word[4];
  bool at_position = offset == FS_AT_POSITION;
  if (at_position) offset = file->position;
  uint64_t length = smaller(event->word[3], FS_TRANSFER_MAX);
  if (offset > OFFSET_MAX || offset >= shm->size || length == 0) {
    answer_status(answer, offset > OFFSET_MAX ? -EINVAL : 0);
    return;
  }
  length = smaller(length, shm->size - offset);
  if (at_position) file->position = offset + length;
  answer_forward(answer, HANDLE_PAGER, PAGER_WORD0(PAGER_OBJECT_READ, shm->object), offset,
                 event->word[2], length,
                 FS_MOVED_THEN(event->word[1], at_position ? FS_MOVED_AT_POSITION : 0));
}

// => how much can be written, or a negative errno.
static int64_t make_room(struct shm *shm, uint64_t offset, uint64_t length) {
  if (offset > OFFSET_MAX) return -EINVAL;
  if (shm->provided) {
    return offset < shm->size ? (int64_t)smaller(length, shm->size - offset) : -EFBIG;
  }
  length = smaller(length, OFFSET_MAX - offset);
  if (length == 0) return -EFBIG;
  if (offset + length <= shm->size) return (int64_t)length;
  int64_t status = outside_object_resize(shm->object, offset + length);
  if (status < 0) return status;
  shm->size = offset + length;
  return (int64_t)length;
}

static void shm_write(struct process *process, struct file *file, const struct event *event,
                      struct answer *answer) {
  struct shm *shm = file->of_kind;
  uint64_t old_size = shm->size;
  uint64_t offset = event->word[4];
  bool at_position = offset == FS_AT_POSITION;
  if (at_position) offset = file->position;
  if (file->append) offset = shm->size;
  uint64_t wanted = smaller(event->word[3], FS_TRANSFER_MAX);
  int64_t length = wanted != 0 ? make_room(shm, offset, wanted) : 0;
  if (length <= 0) {
    answer_status(answer, length);
    return;
  }
  uint32_t flags = shm->size > old_size ? FS_MOVED_GREW : 0;
  if (at_position) flags |= FS_MOVED_AT_POSITION;
  if (file->append) flags |= FS_MOVED_APPENDED;
  moved_note(process, file, file->position, old_size);
  if (at_position) file->position = offset + (uint64_t)length;
  shm->modified = now();
  answer_forward(answer, HANDLE_PAGER, PAGER_WRITE_WORD0(shm->object, 0), offset, event->word[2],
                 (uint64_t)length, FS_MOVED_THEN(event->word[1], flags));
}

static void shm_map(struct file *file, const struct event *event, struct answer *answer) {
  const struct shm *shm = file->of_kind;
  uint64_t how = event->word[5];
  uint64_t prot = how & 0xff;
  bool shared = (how >> 8 & PAGER_SHARED) != 0;
  uint64_t most = PROT_R | PROT_X | ((file->access & FILE_WRITE) != 0 || !shared ? PROT_W : 0u);
  if ((file->access & FILE_READ) == 0 || (prot & ~most & PROT_W) != 0) {
    answer_status(answer, -EACCES);
    return;
  }
  answer_forward(answer, HANDLE_PAGER, PAGER_WORD0(PAGER_OBJECT_MAP, shm->object), event->word[4],
                 event->word[2], event->word[3], (how & 0xffffffffu) | most << 32);
}

static void shm_sync(struct process *process, struct file *file, const struct event *event,
                     struct answer *answer) {
  (void)process;
  (void)file;
  (void)event;
  answer_status(answer, 0);  // there is nothing that lasts longer
}

static void shm_close(struct file *file) {
  struct shm *shm = file->of_kind;
  shm->opens--;
  let_go(shm);
}

static uint64_t shm_size(const struct file *file) {
  const struct shm *shm = file->of_kind;
  return shm->size;
}

void shm_stat(const struct shm *shm, struct fs_stat *stat) {
  stat->dev = SHM_DEVICE;
  stat->ino = (uint32_t)shm->cookie;
  stat->size = shm->size;
  stat->blocks = (shm->size + PAGE_MASK) / PAGE_SIZE * (PAGE_SIZE / 512);
  stat->mode = S_IFREG | shm->mode;
  stat->nlink = shm->linked;
  stat->blksize = PAGE_SIZE;
  stat->atime = stat->mtime = stat->ctime = shm->modified;
}

void shm_touch(struct shm *shm, int64_t nanoseconds) {
  shm->modified = nanoseconds == FS_TIME_NOW ? now() : nanoseconds;
}

static void stat_file(const struct file *file, struct fs_stat *stat) {
  shm_stat(file->of_kind, stat);
}

int shm_truncate(struct shm *shm, uint64_t size) {
  if (shm->provided) return -EINVAL;
  shm->opens++;  // it stays while the lock is let go
  int64_t status;
  while ((status = outside_object_resize(shm->object, size)) == -EBUSY) {
    // Pages that are to go are on their way to a swap area.
    fiber_lock_release(&volume.lock);
    page_io_pause();
    fiber_lock_acquire(&volume.lock);
  }
  if (status == 0) {
    shm->size = size;
    shm->modified = now();
  }
  shm->opens--;
  let_go(shm);
  return (int)status;
}

static int truncate_file(struct file *file, uint64_t size) {
  return shm_truncate(file->of_kind, size);
}

const struct file_kind shm_kind = {.read = shm_read,
                                   .write = shm_write,
                                   .close = shm_close,
                                   .sync = shm_sync,
                                   .size = shm_size,
                                   .stat = stat_file,
                                   .truncate = truncate_file,
                                   .map = shm_map,
                                   .through_pager = true};

// --- FS_SHM ------------------------------------------------------------------------------------

static int make_object(const struct process *process, const struct call *call, struct shm **shm) {
  const char *name = path_fetch_text(process, 0);
  uint64_t flags = call->word[1];
  bool provided = (flags & FS_SHM_PROVIDED) != 0;
  bool linked = (flags & FS_SHM_LINKED) != 0;
  if (name == NULL) return -ENAMETOOLONG;
  if ((flags & ~(uint64_t)(FS_SHM_PROVIDED | FS_SHM_LINKED | O_CLOEXEC)) != 0) return -EINVAL;
  if (linked && shm_find(name) != NULL) return -EEXIST;
  if (!provided) {
    return call->word[2] != 0 || call->word[3] != 0 ? -EINVAL : shm_new(name, linked, 0777, shm);
  }
  uint64_t bound = call->word[3];
  if (bound == 0 || bound > PAGER_BOUND_MAX || call->word[2] > OFFSET_MAX) return -EINVAL;
  return create(name, linked, 0600, call->word[2],
                PAGER_OBJECT_KIND(OBJECT_OF_PROGRAM, process->badge), bound, shm);
}

int64_t shm_make(struct process *process, struct call *call) {
  int fd = process_free_descriptor(process, 0);
  if (fd < 0) return fd;
  struct shm *shm;
  int status = make_object(process, call, &shm);
  if (status != 0) return status;
  struct file *file = shm_open_file(shm);
  if (file == NULL) {
    shm->linked = false;
    let_go(shm);
    return -ENFILE;
  }
  file->access = FILE_READ | FILE_WRITE;
  process_install(process, fd, file, (call->word[1] & O_CLOEXEC) != 0);
  call->answer.word[1] = shm->cookie;
  return fd | (int64_t)FS_KIND_FILE << 32;
}
