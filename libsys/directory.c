// Reading directories.
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/message.h"

struct __directory {
  int fd;
  size_t next;   // byte in entries
  size_t bytes;  // read into entries
  struct dirent current;
  _Alignas(8) char entries[FS_DATA_MAX];
};

DIR *fdopendir(int fd) {
  struct stat status;
  if (fstat(fd, &status)) return NULL;
  if (!S_ISDIR(status.st_mode)) {
    errno = ENOTDIR;
    return NULL;
  }
  DIR *directory = malloc(sizeof *directory);
  if (!directory) return NULL;
  directory->fd = fd;
  directory->next = 0;
  directory->bytes = 0;
  return directory;
}

DIR *opendir(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return NULL;
  DIR *directory = fdopendir(fd);
  if (!directory) close(fd);
  return directory;
}

// Fetches more entries. false: none, or an error in errno.
static bool refill(DIR *directory) {
  struct reply reply = call_fs(FS_READDIR, (uint64_t)directory->fd, 0, 0, 0, 0);
  if (result(reply.status) <= 0) return false;
  directory->next = 0;
  directory->bytes = (size_t)reply.status;
  memcpy(directory->entries, message_page(), directory->bytes);
  return true;
}

struct dirent *readdir(DIR *directory) {
  if (directory->next >= directory->bytes && !refill(directory)) return NULL;
  const struct fs_dirent *from = (const struct fs_dirent *)(directory->entries + directory->next);
  directory->next += from->bytes;
  struct dirent *to = &directory->current;
  to->d_ino = from->ino;
  to->d_reclen = sizeof *to;
  to->d_type = from->type;
  memcpy(to->d_name, from->name, from->name_bytes);
  to->d_name[from->name_bytes] = 0;
  return to;
}

void rewinddir(DIR *directory) {
  lseek(directory->fd, 0, SEEK_SET);
  directory->next = directory->bytes = 0;
}

int dirfd(DIR *directory) { return directory->fd; }

int closedir(DIR *directory) {
  int fd = directory->fd;
  free(directory);
  return close(fd);
}

int alphasort(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_entries(struct dirent **list, size_t count) {
  for (size_t i = 0; i < count; ++i) free(list[i]);
  free(list);
}

// Appends a copy of `entry`. false: no memory.
static bool append(struct dirent ***list, size_t count, const struct dirent *entry) {
  if ((count & (count - 1)) == 0) {
    struct dirent **larger = realloc(*list, (count ? 2 * count : 1) * sizeof *larger);
    if (!larger) return false;
    *list = larger;
  }
  (*list)[count] = malloc(sizeof *entry);
  if (!(*list)[count]) return false;
  *(*list)[count] = *entry;
  return true;
}

int scandir(const char *path, struct dirent ***entries, int (*select)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **)) {
  DIR *directory = opendir(path);
  if (!directory) return -1;
  struct dirent **list = NULL;
  size_t count = 0;
  errno = 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (select && !select(entry)) continue;
    if (!append(&list, count, entry)) break;
    ++count;
  }
  int error = errno;
  closedir(directory);
  if (error) {
    free_entries(list, count);
    errno = error;
    return -1;
  }
  if (compare && count) {
    qsort(list, count, sizeof *list, (int (*)(const void *, const void *))compare);
  }
  *entries = list;
  return (int)count;
}
