// FS_OPEN.
#ifndef SERVERS_FS_OPEN_H_
#define SERVERS_FS_OPEN_H_

#include "servers/fs/process.h"

// In a fiber with volume.lock; returns the answer's status.
int64_t open_path(struct process *process, struct call *call);

#endif  // SERVERS_FS_OPEN_H_
