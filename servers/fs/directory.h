// Directories as open files and as working directories.
#ifndef SERVERS_FS_DIRECTORY_H_
#define SERVERS_FS_DIRECTORY_H_

#include "servers/fs/process.h"

extern const struct file_kind directory_kind;
// EISDIR: the read and write of any kind of directory.
void directory_no_data(struct process *process, struct file *file, const struct event *event,
                       struct answer *answer);

// In a fiber with volume.lock; return the answer's status.
int64_t directory_read(struct process *process, struct call *call);
int64_t directory_change(struct process *process, struct call *call);
int64_t directory_current(struct process *process, struct call *call);

// FS_FCHDIR: at once.
void directory_change_to(struct process *process, const struct event *event, struct answer *answer);

// The path of an open file on the disk, from the directory that it was opened in. => its length;
// 0: it is not there any more, or the path is longer than `size`. => in a fiber, with volume.lock.
size_t directory_path_of(const struct vnode *vnode, char *out, size_t size);

#endif  // SERVERS_FS_DIRECTORY_H_
