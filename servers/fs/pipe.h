// Pipes, and FIFOs: pipes that have a name.
#ifndef SERVERS_FS_PIPE_H_
#define SERVERS_FS_PIPE_H_

#include "servers/fs/file.h"

enum { PIPES_MAX = 32 };  // with FIFOs that are open

struct call;

extern const struct file_kind pipe_kind;

// Makes a pipe with a file for each end. => -ENFILE.
int pipe_new(bool nonblock, struct file **reader, struct file **writer);

// Makes a file of pipe_kind with the vnode of a FIFO an end of its pipe, or both: `flags` are O_*.
// => -ENXIO: nobody reads, and O_NONBLOCK is set; -ENFILE.
int pipe_open(struct file *file, int flags);

// Whether who opens it has to wait until somebody opens the other end.
bool pipe_must_wait(const struct file *file, int flags);

// Has the caller of FS_OPEN wait for that. The file, which is installed then, is the pipe's until
// then. => what FS_OPEN answers if call->answer is no ANSWER_NONE.
int64_t pipe_wait_to_open(struct process *process, struct call *call, struct file *file, int flags);

// A signal came for a process that waits for a pipe: it gets -EINTR.
void pipe_interrupt(struct process *process);

// A process that waits for a pipe has ended.
void pipe_forget(struct process *process);

#endif  // SERVERS_FS_PIPE_H_
