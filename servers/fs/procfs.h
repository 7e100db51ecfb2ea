// /proc: files that say what the pager counts, in the formats of Linux (proc(5)).
//
// A file is a sequence of records, made when they are read: a region, a swap area, or all there is.
// What was made last is kept, so that one that is read in pieces is whole.
#ifndef SERVERS_FS_PROCFS_H_
#define SERVERS_FS_PROCFS_H_

#include <stdbool.h>

#include "servers/fs/process.h"

// The file of this name in /proc, or in the directory of a process. => -1: none.
int procfs_find(const char *name, bool of_process);

// File `index` of either, for listing; NULL: there are no more. How many there are.
const char *procfs_file_at(unsigned index, bool of_process, unsigned *file);
unsigned procfs_files(bool of_process);

// Opens a file. => -ENOENT: the process is gone; -ENFILE.
int procfs_open(uint32_t pid, unsigned number, struct file **file);

#endif  // SERVERS_FS_PROCFS_H_
