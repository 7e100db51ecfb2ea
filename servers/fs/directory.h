// Directories as open files and as working directories.
#ifndef SERVERS_FS_DIRECTORY_H_
#define SERVERS_FS_DIRECTORY_H_

#include "servers/fs/process.h"

extern const struct file_kind directory_kind;

// In a fiber with volume.lock; return the answer's status.
int64_t directory_read(struct process *process, struct call *call);
int64_t directory_change(struct process *process, struct call *call);
int64_t directory_current(struct process *process, struct call *call);

// FS_FCHDIR: at once.
void directory_change_to(struct process *process, const struct event *event, struct answer *answer);

#endif  // SERVERS_FS_DIRECTORY_H_
