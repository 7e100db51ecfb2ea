#include "servers/fs/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "servers/fs/directory.h"
#include "servers/fs/pipe.h"
#include "servers/fs/regular.h"

// Why a file cannot be read or written. A pipe has no offsets, whatever its access.
static int64_t refusal(const struct file *file, const struct event *event) {
  bool of_pipe = file != NULL && file->kind == &pipe_kind;
  return of_pipe && event->word[4] != FS_AT_POSITION ? -ESPIPE : -EBADF;
}

void descriptors_read(struct process *process, const struct event *event, struct answer *answer) {
  struct file *file = process_file(process, event->word[1]);
  if (file == NULL || (file->access & FILE_READ) == 0) {
    answer_status(answer, refusal(file, event));
    return;
  }
  file->kind->read(process, file, event, answer);
}

void descriptors_write(struct process *process, const struct event *event, struct answer *answer) {
  struct file *file = process_file(process, event->word[1]);
  if (file == NULL || (file->access & FILE_WRITE) == 0) {
    answer_status(answer, refusal(file, event));
    return;
  }
  file->kind->write(process, file, event, answer);
}

void descriptors_close(struct process *process, const struct event *event, struct answer *answer) {
  uint64_t fd = event->word[1];
  if (process_file(process, fd) == NULL) {
    answer_status(answer, -EBADF);
    return;
  }
  process_close(process, fd);
  answer_status(answer, 0);
}

static int64_t move_position(struct file *file, int64_t offset, uint64_t whence) {
  bool has_size = file->kind->size != NULL;
  if (!has_size && file->kind != &directory_kind) return -ESPIPE;
  int64_t base;
  if (whence == SEEK_SET) {
    base = 0;
  } else if (whence == SEEK_CUR) {
    base = (int64_t)file->position;
  } else if (whence == SEEK_END && has_size) {
    base = (int64_t)file->kind->size(file);
  } else {
    return -EINVAL;
  }
  int64_t position;
  if (__builtin_add_overflow(base, offset, &position) || position < 0) return -EINVAL;
  file->position = (uint64_t)position;
  return position;
}

void descriptors_seek(struct process *process, const struct event *event, struct answer *answer) {
  struct file *file = process_file(process, event->word[1]);
  int64_t status = -EBADF;
  if (file != NULL) status = move_position(file, (int64_t)event->word[2], event->word[3]);
  answer_status(answer, status);
}

static int64_t duplicate(struct process *process, uint64_t fd, uint64_t lowest, uint64_t how) {
  struct file *file = process_file(process, fd);
  bool exact = (how & FS_DUP_EXACT) != 0;
  if (file == NULL) return -EBADF;
  if (lowest >= FS_OPEN_MAX) return exact ? -EBADF : -EINVAL;
  if (exact && fd == lowest) return (int64_t)fd;
  int target = exact ? (int)lowest : process_free_descriptor(process, lowest);
  if (target < 0) return target;
  file_hold(file);
  if (process->file[target] != 0) process_close(process, (uint64_t)target);
  process_install(process, target, file, (how & FS_DUP_CLOEXEC) != 0);
  return target;
}

void descriptors_dup(struct process *process, const struct event *event, struct answer *answer) {
  answer_status(answer, duplicate(process, event->word[1], event->word[2], event->word[3]));
}

static int64_t get_flags(const struct file *file) {
  int flags = file->access == FILE_READ ? O_RDONLY : file->access == FILE_WRITE ? O_WRONLY : O_RDWR;
  if (file->append) flags |= O_APPEND;
  if (file->nonblock) flags |= O_NONBLOCK;
  return flags;
}

static int64_t control(struct process *process, uint64_t fd, uint64_t command, uint64_t argument) {
  struct file *file = process_file(process, fd);
  if (file == NULL) return -EBADF;
  switch (command) {
    case F_GETFD:
      return (process->close_on_exec >> fd & 1) != 0 ? FD_CLOEXEC : 0;
    case F_SETFD:
      process->close_on_exec &= ~(1ull << fd);
      if ((argument & FD_CLOEXEC) != 0) process->close_on_exec |= 1ull << fd;
      return 0;
    case F_GETFL:
      return get_flags(file);
    case F_SETFL:
      file->append = (argument & O_APPEND) != 0;
      file->nonblock = (argument & O_NONBLOCK) != 0;
      return 0;
    default:
      return -EINVAL;
  }
}

void descriptors_fcntl(struct process *process, const struct event *event, struct answer *answer) {
  answer_status(answer, control(process, event->word[1], event->word[2], event->word[3]));
}

void descriptors_pipe(struct process *process, const struct event *event, struct answer *answer) {
  uint64_t flags = event->word[1];
  int read_fd = process_free_descriptor(process, 0);
  int write_fd = read_fd < 0 ? read_fd : process_free_descriptor(process, (uint64_t)read_fd + 1);
  struct file *reader, *writer;
  int status = write_fd;
  if ((flags & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK)) != 0) status = -EINVAL;
  if (status >= 0) status = pipe_new((flags & O_NONBLOCK) != 0, &reader, &writer);
  if (status < 0) {
    answer_status(answer, status);
    return;
  }
  process_install(process, read_fd, reader, (flags & O_CLOEXEC) != 0);
  process_install(process, write_fd, writer, (flags & O_CLOEXEC) != 0);
  answer_status(answer, read_fd);
  answer->word[1] = (uint64_t)write_fd;
}

void descriptors_map(struct process *process, const struct event *event, struct answer *answer) {
  struct file *file = process_file(process, event->word[1]);
  if (file == NULL || file->kind->map == NULL) {
    answer_status(answer, file == NULL ? -EBADF : -ENODEV);
    return;
  }
  file->kind->map(file, event, answer);
}

void descriptors_umask(struct process *process, const struct event *event, struct answer *answer) {
  answer_status(answer, process->umask);
  process->umask = (uint32_t)event->word[1] & 0777;
}

void descriptors_isatty(struct process *process, const struct event *event, struct answer *answer) {
  const struct file *file = process_file(process, event->word[1]);
  answer_status(answer, file == NULL ? -EBADF : file->kind->is_terminal ? 1 : -ENOTTY);
}
