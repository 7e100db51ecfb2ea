// The ends of reads and writes that did not move all their bytes: what was done in advance is taken
// back.
#ifndef SERVERS_FS_MOVED_H_
#define SERVERS_FS_MOVED_H_

#include "servers/fs/process.h"

// A write of the process has moved the file's position from `position`, or has made it longer than
// `size`. To be called while nothing else is under way for the process.
void moved_note(struct process *process, const struct file *file, uint64_t position, uint64_t size);

// FS_MOVED.
void moved_in_part(struct process *process, const struct event *event, struct answer *answer);

#endif  // SERVERS_FS_MOVED_H_
