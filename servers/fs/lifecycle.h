// Operations that proc asks for: processes begin, end, become other programs and get signals. They
// never wait.
#ifndef SERVERS_FS_LIFECYCLE_H_
#define SERVERS_FS_LIFECYCLE_H_

#include "servers/fs/process.h"

void lifecycle_fork(struct process *process, const struct event *event, struct answer *answer);
void lifecycle_exited(struct process *process, const struct event *event, struct answer *answer);
void lifecycle_spawn(struct process *process, const struct event *event, struct answer *answer);
void lifecycle_interrupt(struct process *process, const struct event *event, struct answer *answer);
void lifecycle_exec(struct process *process, const struct event *event, struct answer *answer);

#endif  // SERVERS_FS_LIFECYCLE_H_
