// Operations on descriptors that never wait.
#ifndef SERVERS_FS_DESCRIPTORS_H_
#define SERVERS_FS_DESCRIPTORS_H_

#include "servers/fs/process.h"

void descriptors_read(struct process *process, const struct event *event, struct answer *answer);
void descriptors_write(struct process *process, const struct event *event, struct answer *answer);
void descriptors_close(struct process *process, const struct event *event, struct answer *answer);
void descriptors_seek(struct process *process, const struct event *event, struct answer *answer);
void descriptors_dup(struct process *process, const struct event *event, struct answer *answer);
void descriptors_fcntl(struct process *process, const struct event *event, struct answer *answer);
void descriptors_pipe(struct process *process, const struct event *event, struct answer *answer);
void descriptors_map(struct process *process, const struct event *event, struct answer *answer);
void descriptors_umask(struct process *process, const struct event *event, struct answer *answer);
void descriptors_isatty(struct process *process, const struct event *event, struct answer *answer);

#endif  // SERVERS_FS_DESCRIPTORS_H_
