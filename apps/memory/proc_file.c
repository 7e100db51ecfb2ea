#include "apps/memory/proc_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIB_OF_PAGE 4
#define TEXT_MAX 4096

const char *proc_path(unsigned pid, const char *file) {
  static char path[PROC_PATH_MAX];
  if (pid) {
    snprintf(path, sizeof path, "/proc/%u/%s", pid, file);
  } else {
    snprintf(path, sizeof path, "/proc/%s", file);
  }
  return path;
}

bool proc_text(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) return false;
  size_t used = 0;
  ssize_t bytes = 0;
  while (used + 1 < size && (bytes = read(fd, text + used, size - 1 - used)) > 0) {
    used += (size_t)bytes;
  }
  text[used] = 0;
  int error = errno;
  close(fd);
  errno = error;
  return bytes >= 0;
}

bool proc_values(const char *path, struct proc_value *values, size_t count) {
  static char text[TEXT_MAX];
  if (!proc_text(path, text, sizeof text)) return false;
  for (size_t i = 0; i < count; ++i) values[i].value = 0;
  char *rest;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    size_t length = strcspn(line, ": \t");
    for (size_t i = 0; i < count; ++i) {
      if (strlen(values[i].name) != length || strncmp(line, values[i].name, length) != 0) continue;
      values[i].value = strtoull(line + length + strspn(line + length, ": \t"), NULL, 10);
    }
  }
  return true;
}

bool proc_stat(unsigned pid, struct proc_stat *stat) {
  char text[512];
  if (!proc_text(proc_path(pid, "stat"), text, sizeof text)) return false;
  // The name may hold anything but the last parenthesis.
  char *name = strchr(text, '(');
  char *end = strrchr(text, ')');
  if (!name || !end || end < name) return false;
  unsigned long long minor, major, bytes, pages;
  int fields = sscanf(end + 1,
                      " %c %u %*s %*s %*s %*s %*s %llu %*s %llu %*s %*s %*s %*s %*s %*s %*s %*s "
                      "%*s %*s %llu %llu",
                      &stat->state, &stat->parent, &minor, &major, &bytes, &pages);
  if (fields != 6) return false;
  *end = 0;
  snprintf(stat->name, sizeof stat->name, "%s", name + 1);
  stat->pid = pid;
  stat->minor = minor;
  stat->major = major;
  stat->virtual_kib = bytes / 1024;
  stat->resident_kib = pages * KIB_OF_PAGE;
  return true;
}

bool proc_each(void (*found)(const struct proc_stat *stat, void *context), void *context) {
  DIR *directory = opendir("/proc");
  if (!directory) return false;
  for (struct dirent *entry; (entry = readdir(directory));) {
    struct proc_stat stat;
    if (!isdigit((unsigned char)entry->d_name[0])) continue;
    if (proc_stat((unsigned)strtoul(entry->d_name, NULL, 10), &stat)) found(&stat, context);
  }
  closedir(directory);
  return true;
}
