// Operations on names that are not on the disk: below /dev/shm (shm.h) and /proc (procfs.h).
#ifndef SERVERS_FS_VIRTUAL_H_
#define SERVERS_FS_VIRTUAL_H_

#include "servers/fs/process.h"

enum { VIRTUAL_DIRECTORY_MAX = 32 };  // bytes of the path of a virtual directory

enum virtual_type {
  VIRTUAL_SHM_ROOT = 1,  // /dev/shm
  VIRTUAL_PROC_ROOT,     // /proc
  VIRTUAL_PROCESS,       // /proc/PID
  VIRTUAL_SELF,          // /proc/self
  VIRTUAL_SHM_FILE,      // /dev/shm/NAME
  VIRTUAL_PROC_FILE,     // /proc/FILE or /proc/PID/FILE
};

// What a name stands for.
struct virtual_node {
  enum virtual_type type;
  uint32_t pid;      // of what is below /proc/PID
  unsigned file;     // enum procfs_file
  const char *name;  // in /dev/shm, whether it is there or not
};

// A directory in one word: what struct process keeps for one that works there.
uint32_t virtual_directory(const struct virtual_node *node);
void virtual_directory_path(uint32_t directory, char path[VIRTUAL_DIRECTORY_MAX]);

// Serves an operation whose path is path_virtual(), after it gave PATH_VIRTUAL on the disk.
// => in a fiber, with volume.lock.
int64_t virtual_serve(struct process *process, struct call *call);

// An open virtual directory.
extern const struct file_kind virtual_directory_kind;

// FS_READDIR. => as virtual_serve.
int64_t virtual_read_directory(struct process *process, struct file *file);

#endif  // SERVERS_FS_VIRTUAL_H_
