// Reading /proc: "name value" and "Name: value kB" lines, regions, processes.
#ifndef APPS_MEMORY_PROC_FILE_H
#define APPS_MEMORY_PROC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROC_PATH_MAX 64

// /proc/PID/file, or /proc/file for pid 0, in static memory.
const char *proc_path(unsigned pid, const char *file);

// A value by its name in a file of such lines.
struct proc_value {
  const char *name;
  uint64_t value;  // 0 if the file does not have it
};

// Reads values from a file. => false with errno.
bool proc_values(const char *path, struct proc_value *values, size_t count);

// All of a file that has at most `size` - 1 bytes, terminated by 0. => false with errno.
bool proc_text(const char *path, char *text, size_t size);

// A process: what /proc/PID/stat says.
struct proc_stat {
  unsigned pid, parent;
  char name[32];
  char state;
  uint64_t minor, major;  // faults
  uint64_t virtual_kib, resident_kib;
};

// => false: there is no such process any more.
bool proc_stat(unsigned pid, struct proc_stat *stat);

// Calls `found` for each process that there is. => false with errno.
bool proc_each(void (*found)(const struct proc_stat *stat, void *context), void *context);

#endif
