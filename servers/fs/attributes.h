// What files are like: status, permissions, times, size. Each function is called in a fiber with
// volume.lock and returns the answer's status.
#ifndef SERVERS_FS_ATTRIBUTES_H_
#define SERVERS_FS_ATTRIBUTES_H_

#include "servers/fs/process.h"

int64_t attributes_stat(struct process *process, struct call *call);
int64_t attributes_fstat(struct process *process, struct call *call);
int64_t attributes_truncate(struct process *process, struct call *call);
int64_t attributes_ftruncate(struct process *process, struct call *call);
int64_t attributes_chmod(struct process *process, struct call *call);
int64_t attributes_fchmod(struct process *process, struct call *call);
int64_t attributes_chown(struct process *process, struct call *call);
int64_t attributes_utimes(struct process *process, struct call *call);
int64_t attributes_access(struct process *process, struct call *call);
int64_t attributes_statfs(struct process *process, struct call *call);

#endif  // SERVERS_FS_ATTRIBUTES_H_
