// Pipes.
#ifndef SERVERS_FS_PIPE_H_
#define SERVERS_FS_PIPE_H_

#include "servers/fs/file.h"

enum { PIPES_MAX = 32 };

// Makes a pipe with a file for each end. => -ENFILE.
int pipe_new(bool nonblock, struct file **reader, struct file **writer);

// A signal came for a process that waits for a pipe: it gets -EINTR.
void pipe_interrupt(struct process *process);

// A process that waits for a pipe has ended.
void pipe_forget(struct process *process);

#endif  // SERVERS_FS_PIPE_H_
