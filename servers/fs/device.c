#include "servers/fs/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "protocols/console.h"
#include "protocols/pager.h"
#include "servers/fs/block.h"
#include "servers/fs/process.h"

struct device {
  struct file_kind kind;
  const char *path;
  uint32_t major, minor;
  uint32_t mode;  // type and rights
};

static uint64_t bounded(uint64_t length) { return length < FS_DATA_MAX ? length : FS_DATA_MAX; }

// --- console -----------------------------------------------------------------------------------

static void console_read(struct process *process, struct file *file, const struct event *event,
                         struct answer *answer) {
  (void)process;
  (void)file;
  answer_forward(answer, HANDLE_CONSOLE, CONSOLE_READ, bounded(event->word[3]), 0, 0, 0);
}

static void console_write(struct process *process, struct file *file, const struct event *event,
                          struct answer *answer) {
  (void)process;
  (void)file;
  answer_forward(answer, HANDLE_CONSOLE, CONSOLE_WRITE, bounded(event->word[3]), 0, 0, 0);
}

// --- null and zero -----------------------------------------------------------------------------

static void null_read(struct process *process, struct file *file, const struct event *event,
                      struct answer *answer) {
  (void)process;
  (void)file;
  (void)event;
  answer_status(answer, 0);
}

static void null_write(struct process *process, struct file *file, const struct event *event,
                       struct answer *answer) {
  (void)process;
  (void)file;
  answer_status(answer, (int64_t)bounded(event->word[3]));
}

static void zero_read(struct process *process, struct file *file, const struct event *event,
                      struct answer *answer) {
  (void)file;
  memset(process_page(process), 0, bounded(event->word[3]));
  answer_status(answer, (int64_t)bounded(event->word[3]));
}

// The same as anonymous memory, but for what the descriptor allows.
static void zero_map(struct file *file, const struct event *event, struct answer *answer) {
  uint64_t how = event->word[5] & 0xffffffffu;
  if ((file->access & FILE_READ) == 0) {
    answer_status(answer, -EACCES);
    return;
  }
  bool shared = (how >> 8 & PAGER_SHARED) != 0;
  if (shared && (file->access & FILE_WRITE) == 0) how |= (uint64_t)PAGER_READ_ONLY << 8;
  answer_forward(answer, HANDLE_PAGER, PAGER_MAP, event->word[2], event->word[3], how, 0);
}

// --- all ---------------------------------------------------------------------------------------

static void stat_file(const struct file *file, struct fs_stat *stat) {
  device_stat(file->of_kind, stat);
}

#define DISK(name, index)                                                                        \
  {                                                                                              \
    .kind = {.read = block_read,                                                                 \
             .write = block_write,                                                               \
             .sync = block_sync,                                                                 \
             .size = block_size,                                                                 \
             .stat = stat_file},                                                                 \
    .path = (name), .major = BLOCK_MAJOR, .minor = (index)*BLOCK_MINORS, .mode = S_IFBLK | 0660, \
  }

static const struct device devices[] = {
    {.kind = {console_read, console_write, .stat = stat_file, .is_terminal = true},
     .path = "/dev/console",
     .major = 5,
     .minor = 1,
     .mode = S_IFCHR | 0620},
    {.kind = {console_read, console_write, .stat = stat_file, .is_terminal = true},
     .path = "/dev/tty",
     .major = 5,
     .minor = 0,
     .mode = S_IFCHR | 0666},
    {.kind = {null_read, null_write, .stat = stat_file},
     .path = "/dev/null",
     .major = 1,
     .minor = 3,
     .mode = S_IFCHR | 0666},
    {.kind = {zero_read, null_write, .stat = stat_file, .map = zero_map},
     .path = "/dev/zero",
     .major = 1,
     .minor = 5,
     .mode = S_IFCHR | 0666},
    DISK("/dev/vda", 0),
    DISK("/dev/vdb", 1),
    DISK("/dev/vdc", 2),
    DISK("/dev/vdd", 3),
    DISK("/dev/vde", 4),
    DISK("/dev/vdf", 5),
    DISK("/dev/vdg", 6),
    DISK("/dev/vdh", 7),
};

enum { DEVICES = sizeof(devices) / sizeof(devices[0]) };

const struct device *device_find(uint32_t type, uint32_t major, uint32_t minor) {
  for (unsigned i = 0; i < DEVICES; i++) {
    if ((devices[i].mode & S_IFMT) != type) continue;
    if (devices[i].major == major && devices[i].minor == minor) return &devices[i];
  }
  return NULL;
}

const struct device *device_named(const char *path) {
  for (unsigned i = 0; i < DEVICES; i++) {
    if (strcmp(devices[i].path, path) == 0) return &devices[i];
  }
  return NULL;
}

int device_open(const struct device *device, int flags, struct file **file) {
  if ((device->mode & S_IFMT) == S_IFBLK) {
    int status = block_may_open(device->minor, (flags & O_ACCMODE) != O_RDONLY);
    if (status != 0) return status;
  }
  *file = file_new(&device->kind);
  if (*file == NULL) return -ENFILE;
  (*file)->of_kind = (void *)(uintptr_t)device;
  return 0;
}

uint32_t device_minor_of(const struct device *device) { return device->minor; }

uint64_t device_number(uint32_t major, uint32_t minor) {
  return (minor & 0xffu) | (uint64_t)major << 8 | (uint64_t)(minor & ~0xffu) << 12;
}

uint32_t device_major(uint64_t number) { return (uint32_t)(number >> 8) & 0xfffu; }

uint32_t device_minor(uint64_t number) {
  return (uint32_t)(number & 0xffu) | ((uint32_t)(number >> 12) & 0xfff00u);
}

void device_stat(const struct device *device, struct fs_stat *stat) {
  stat->mode = device->mode;
  stat->rdev = device_number(device->major, device->minor);
  stat->ino = device_number(device->major, device->minor);
  stat->nlink = 1;
  stat->blksize = FS_DATA_MAX;
}
