// Operations that make, remove and rename names. Each is called in a fiber with volume.lock and
// returns the answer's status.
#ifndef SERVERS_FS_NAMES_H_
#define SERVERS_FS_NAMES_H_

#include "servers/fs/process.h"

int64_t names_unlink(struct process *process, struct call *call);
int64_t names_mkdir(struct process *process, struct call *call);
int64_t names_rmdir(struct process *process, struct call *call);
int64_t names_rename(struct process *process, struct call *call);
int64_t names_link(struct process *process, struct call *call);
int64_t names_symlink(struct process *process, struct call *call);
int64_t names_readlink(struct process *process, struct call *call);
int64_t names_mknod(struct process *process, struct call *call);

#endif  // SERVERS_FS_NAMES_H_
