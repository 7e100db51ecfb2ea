// A reader waits only while the pipe is empty, a writer only while its bytes do not all fit in.
// Both wait in one queue: an empty pipe takes any write, so there are never both kinds of waiters.
// Nor are there of those who wait for a FIFO to be opened by others: these would be each other's.
#include "servers/fs/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/fs/outside.h"
#include "servers/fs/pipe_buffer.h"
#include "servers/fs/process.h"
#include "servers/fs/volume.h"

// Processes in the order of their coming, linked by `next`.
struct waiters {
  struct process *first, *last;
};

struct pipe {
  struct pipe_buffer buffer;
  unsigned readers, writers;  // files that are such an end; no file at all: a free place
  struct vnode *fifo;         // whose pipe it is, NULL: nobody's
  struct waiters waiting;     // to read or to write: call.word[0] is the length
  struct waiters opening;     // the other end is missing: call.word is the file, and O_* flags
};

enum { WORD_LENGTH = 0, WORD_FILE = 0, WORD_FLAGS = 1 };

static struct pipe pipes[PIPES_MAX];

static bool is_free(const struct pipe *pipe) { return pipe->readers == 0 && pipe->writers == 0; }

// --- waiting -----------------------------------------------------------------------------------

static void append(struct pipe *pipe, struct waiters *waiters, struct process *process) {
  process->next = NULL;
  process->waits_for = pipe;
  if (waiters->first != NULL) {
    waiters->last->next = process;
  } else {
    waiters->first = process;
  }
  waiters->last = process;
}

// => false: it is not among them.
static bool take_out(struct waiters *waiters, struct process *process) {
  struct process *before = NULL, *at = waiters->first;
  for (; at != NULL && at != process; at = at->next) before = at;
  if (at == NULL) return false;
  if (before != NULL) {
    before->next = process->next;
  } else {
    waiters->first = process->next;
  }
  if (waiters->last == process) waiters->last = before;
  process->waits_for = NULL;
  return true;
}

static void park(struct pipe *pipe, struct process *process, const struct event *event,
                 uint32_t length, struct answer *answer) {
  if (signal_due(signal_page_in(process_page(process)))) {
    answer_status(answer, -EINTR);
    return;
  }
  if (process->busy || process->waits_for != NULL) {
    answer_status(answer, -EAGAIN);  // a second thread: not for one process
    return;
  }
  process->call.token = event->token;
  process->call.word[WORD_LENGTH] = length;
  append(pipe, &pipe->waiting, process);
  answer->kind = ANSWER_NONE;
}

static void answer_waiter(struct pipe *pipe, struct process *process, const struct answer *answer) {
  take_out(&pipe->waiting, process);
  answer_deliver(process->call.token, answer);
}

static void answer_broken(struct answer *answer) {
  answer_forward(answer, HANDLE_PROC, PROC_SIGNAL_SELF, SIGNAL_PIPE, 0, 0, 0);
}

// Something was written, or the last writer is gone.
static void serve_readers(struct pipe *pipe) {
  struct process *process;
  while ((process = pipe->waiting.first) != NULL && (pipe->buffer.used > 0 || pipe->writers == 0)) {
    struct answer answer;
    answer_status(&answer, pipe_buffer_get(&pipe->buffer, process_page(process),
                                           (uint32_t)process->call.word[WORD_LENGTH]));
    answer_waiter(pipe, process, &answer);
  }
}

// Something was read, or the last reader is gone.
static void serve_writers(struct pipe *pipe) {
  struct process *process;
  while ((process = pipe->waiting.first) != NULL) {
    struct answer answer;
    uint32_t length = (uint32_t)process->call.word[WORD_LENGTH];
    if (pipe->readers == 0) {
      answer_broken(&answer);
    } else if (pipe_buffer_put(&pipe->buffer, process_page(process), length)) {
      answer_status(&answer, length);
    } else {
      return;
    }
    answer_waiter(pipe, process, &answer);
  }
}

void pipe_forget(struct process *process) {
  struct pipe *pipe = process->waits_for;
  if (take_out(&pipe->opening, process)) {
    file_put(&files[process->call.word[WORD_FILE]]);
    return;
  }
  take_out(&pipe->waiting, process);
  // One behind it may have less to write.
  if (pipe->buffer.used > 0) serve_writers(pipe);
}

void pipe_interrupt(struct process *process) {
  struct answer answer;
  answer_status(&answer, -EINTR);
  answer_deliver(process->call.token, &answer);
  pipe_forget(process);
}

// --- operations --------------------------------------------------------------------------------

static uint32_t bounded(uint64_t length) {
  return length < FS_DATA_MAX ? (uint32_t)length : FS_DATA_MAX;
}

static bool has_offset(const struct event *event) { return event->word[4] != FS_AT_POSITION; }

static void pipe_read(struct process *process, struct file *file, const struct event *event,
                      struct answer *answer) {
  struct pipe *pipe = file->of_kind;
  uint32_t length = bounded(event->word[3]);
  if (has_offset(event)) {
    answer_status(answer, -ESPIPE);
  } else if (pipe->buffer.used > 0) {
    answer_status(answer, pipe_buffer_get(&pipe->buffer, process_page(process), length));
    serve_writers(pipe);
  } else if (pipe->writers == 0 || length == 0) {
    answer_status(answer, 0);
  } else if (file->nonblock) {
    answer_status(answer, -EAGAIN);
  } else {
    park(pipe, process, event, length, answer);
  }
}

static void pipe_write(struct process *process, struct file *file, const struct event *event,
                       struct answer *answer) {
  struct pipe *pipe = file->of_kind;
  uint32_t length = bounded(event->word[3]);
  if (has_offset(event)) {
    answer_status(answer, -ESPIPE);
  } else if (pipe->readers == 0) {
    answer_broken(answer);
  } else if ((pipe->buffer.used == 0 || pipe->waiting.first == NULL) &&
             pipe_buffer_put(&pipe->buffer, process_page(process), length)) {
    answer_status(answer, length);
    if (file->vnode != NULL && !volume.read_only) file->vnode->modified = outside_ticks();
    serve_readers(pipe);
  } else if (file->nonblock) {
    answer_status(answer, -EAGAIN);
  } else {
    park(pipe, process, event, length, answer);
  }
}

static void pipe_close(struct file *file) {
  struct pipe *pipe = file->of_kind;
  if (pipe == NULL) return;  // it could not be opened
  if ((file->access & FILE_READ) != 0) pipe->readers--;
  if ((file->access & FILE_WRITE) != 0) pipe->writers--;
  if (is_free(pipe)) return;
  if (pipe->readers == 0) serve_writers(pipe);
  if (pipe->writers == 0) serve_readers(pipe);
}

static void pipe_stat(const struct file *file, struct fs_stat *stat) {
  const struct pipe *pipe = file->of_kind;
  stat->mode = S_IFIFO | 0600;
  stat->ino = (uint64_t)(pipe - pipes) + 1;
  stat->size = pipe->buffer.used;
  stat->nlink = 1;
  stat->blksize = PIPE_BUFFER_BYTES;
}

const struct file_kind pipe_kind = {
    .read = pipe_read, .write = pipe_write, .close = pipe_close, .stat = pipe_stat};

static struct pipe *take_free(void) {
  for (unsigned i = 0; i < PIPES_MAX; i++) {
    if (!is_free(&pipes[i])) continue;
    pipes[i].buffer.first = pipes[i].buffer.used = 0;
    pipes[i].fifo = NULL;
    return &pipes[i];
  }
  return NULL;
}

static void join(struct file *file, struct pipe *pipe, int flags) {
  int access = flags & O_ACCMODE;
  file->of_kind = pipe;
  file->nonblock = (flags & O_NONBLOCK) != 0;
  if (access != O_WRONLY) file->access |= FILE_READ;
  if (access != O_RDONLY) file->access |= FILE_WRITE;
  if (access != O_WRONLY) pipe->readers++;
  if (access != O_RDONLY) pipe->writers++;
}

int pipe_new(bool nonblock, struct file **reader, struct file **writer) {
  struct pipe *pipe = take_free();
  if (pipe == NULL) return -ENFILE;
  *reader = file_new(&pipe_kind);
  if (*reader == NULL) return -ENFILE;
  *writer = file_new(&pipe_kind);
  if (*writer == NULL) {
    (*reader)->kind = NULL;
    return -ENFILE;
  }
  join(*reader, pipe, O_RDONLY | (nonblock ? O_NONBLOCK : 0));
  join(*writer, pipe, O_WRONLY | (nonblock ? O_NONBLOCK : 0));
  return 0;
}

// --- FIFOs -------------------------------------------------------------------------------------

static struct pipe *pipe_of(const struct vnode *fifo) {
  for (unsigned i = 0; i < PIPES_MAX; i++) {
    if (!is_free(&pipes[i]) && pipes[i].fifo == fifo) return &pipes[i];
  }
  return NULL;
}

static bool is_alone(const struct file *file) {
  const struct pipe *pipe = file->of_kind;
  return pipe->readers == 0 || pipe->writers == 0;
}

// Both ends are open: those who waited for that have opened it. Their descriptors are as they were
// when they called.
static void let_openers_go(struct pipe *pipe) {
  struct process *process;
  while ((process = pipe->opening.first) != NULL) {
    struct answer answer;
    take_out(&pipe->opening, process);
    answer_status(&answer, process_install_open(process, process_free_descriptor(process, 0),
                                                &files[process->call.word[WORD_FILE]],
                                                (int)process->call.word[WORD_FLAGS]));
    answer_deliver(process->call.token, &answer);
  }
}

int pipe_open(struct file *file, int flags) {
  struct pipe *pipe = pipe_of(file->vnode);
  bool only_writes = (flags & O_ACCMODE) == O_WRONLY;
  if (only_writes && (flags & O_NONBLOCK) != 0 && (pipe == NULL || pipe->readers == 0)) {
    return -ENXIO;
  }
  if (pipe == NULL) pipe = take_free();
  if (pipe == NULL) return -ENFILE;
  pipe->fifo = file->vnode;
  join(file, pipe, flags);
  if (!is_alone(file)) let_openers_go(pipe);
  return 0;
}

bool pipe_must_wait(const struct file *file, int flags) {
  return file->kind == &pipe_kind && (flags & O_NONBLOCK) == 0 && is_alone(file);
}

int64_t pipe_wait_to_open(struct process *process, struct call *call, struct file *file,
                          int flags) {
  struct pipe *pipe = file->of_kind;
  if (process->ended || signal_due(signal_page_in(process_page(process)))) {
    file_put(file);
    return -EINTR;
  }
  call->word[WORD_FILE] = (uint64_t)(file - files);
  call->word[WORD_FLAGS] = (uint64_t)flags;
  call->answer.kind = ANSWER_NONE;
  append(pipe, &pipe->opening, process);
  return 0;
}
