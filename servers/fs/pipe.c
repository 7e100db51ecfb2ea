// A reader waits only while the pipe is empty, a writer only while its bytes do not all fit in.
// Both wait in one queue: an empty pipe takes any write, so there are never both kinds of waiters.
#include "servers/fs/pipe.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/fs/pipe_buffer.h"
#include "servers/fs/process.h"

struct pipe {
  struct pipe_buffer buffer;
  struct file *reader, *writer;  // NULL: that end is closed; both: a free place
  struct process *first_waiter, *last_waiter;
};

static struct pipe pipes[PIPES_MAX];

// --- waiting -----------------------------------------------------------------------------------

static void append(struct pipe *pipe, struct process *process) {
  process->next = NULL;
  process->waits_for = pipe;
  if (pipe->first_waiter != NULL) {
    pipe->last_waiter->next = process;
  } else {
    pipe->first_waiter = process;
  }
  pipe->last_waiter = process;
}

static void take_out(struct pipe *pipe, struct process *process) {
  struct process *before = NULL;
  for (struct process *at = pipe->first_waiter; at != process; at = at->next) before = at;
  if (before != NULL) {
    before->next = process->next;
  } else {
    pipe->first_waiter = process->next;
  }
  if (pipe->last_waiter == process) pipe->last_waiter = before;
  process->waits_for = NULL;
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
  process->call.word[0] = length;
  append(pipe, process);
  answer->kind = ANSWER_NONE;
}

static void answer_waiter(struct pipe *pipe, struct process *process, const struct answer *answer) {
  take_out(pipe, process);
  answer_deliver(process->call.token, answer);
}

static void answer_broken(struct answer *answer) {
  answer_forward(answer, HANDLE_PROC, PROC_SIGNAL_SELF, SIGNAL_PIPE, 0, 0, 0);
}

// Something was written, or the last writer is gone.
static void serve_readers(struct pipe *pipe) {
  struct process *process;
  while ((process = pipe->first_waiter) != NULL &&
         (pipe->buffer.used > 0 || pipe->writer == NULL)) {
    struct answer answer;
    answer_status(&answer, pipe_buffer_get(&pipe->buffer, process_page(process),
                                           (uint32_t)process->call.word[0]));
    answer_waiter(pipe, process, &answer);
  }
}

// Something was read, or the last reader is gone.
static void serve_writers(struct pipe *pipe) {
  struct process *process;
  while ((process = pipe->first_waiter) != NULL) {
    struct answer answer;
    uint32_t length = (uint32_t)process->call.word[0];
    if (pipe->reader == NULL) {
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
  take_out(pipe, process);
  // One behind it may have less to write.
  if (pipe->writer != NULL && pipe->buffer.used > 0) serve_writers(pipe);
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
  } else if (pipe->writer == NULL || length == 0) {
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
  } else if (pipe->reader == NULL) {
    answer_broken(answer);
  } else if ((pipe->buffer.used == 0 || pipe->first_waiter == NULL) &&
             pipe_buffer_put(&pipe->buffer, process_page(process), length)) {
    answer_status(answer, length);
    serve_readers(pipe);
  } else if (file->nonblock) {
    answer_status(answer, -EAGAIN);
  } else {
    park(pipe, process, event, length, answer);
  }
}

static void no_operation(struct process *process, struct file *file, const struct event *event,
                         struct answer *answer) {
  (void)process;
  (void)file;
  (void)event;
  answer_status(answer, -EBADF);  // the access does not allow it
}

static void close_reader(struct file *file) {
  struct pipe *pipe = file->of_kind;
  pipe->reader = NULL;
  if (pipe->writer != NULL) serve_writers(pipe);
}

static void close_writer(struct file *file) {
  struct pipe *pipe = file->of_kind;
  pipe->writer = NULL;
  if (pipe->reader != NULL) serve_readers(pipe);
}

static void pipe_stat(const struct file *file, struct fs_stat *stat) {
  const struct pipe *pipe = file->of_kind;
  stat->mode = S_IFIFO | 0600;
  stat->ino = (uint64_t)(pipe - pipes) + 1;
  stat->size = pipe->buffer.used;
  stat->nlink = 1;
  stat->blksize = PIPE_BUFFER_BYTES;
}

static const struct file_kind reader_kind = {
    .read = pipe_read, .write = no_operation, .close = close_reader, .stat = pipe_stat};
static const struct file_kind writer_kind = {
    .read = no_operation, .write = pipe_write, .close = close_writer, .stat = pipe_stat};

static struct pipe *take_free(void) {
  for (unsigned i = 0; i < PIPES_MAX; i++) {
    if (pipes[i].reader == NULL && pipes[i].writer == NULL) return &pipes[i];
  }
  return NULL;
}

int pipe_new(bool nonblock, struct file **reader, struct file **writer) {
  struct pipe *pipe = take_free();
  if (pipe == NULL) return -ENFILE;
  *reader = file_new(&reader_kind);
  if (*reader == NULL) return -ENFILE;
  *writer = file_new(&writer_kind);
  if (*writer == NULL) {
    (*reader)->kind = NULL;
    return -ENFILE;
  }
  (*reader)->access = FILE_READ;
  (*writer)->access = FILE_WRITE;
  (*reader)->of_kind = (*writer)->of_kind = pipe;
  (*reader)->nonblock = (*writer)->nonblock = nonblock;
  pipe->reader = *reader;
  pipe->writer = *writer;
  pipe->buffer.first = pipe->buffer.used = 0;
  return 0;
}
