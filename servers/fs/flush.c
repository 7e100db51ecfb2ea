#include "servers/fs/flush.h"

#include <errno.h>
#include <stddef.h>

#include "protocols/pager.h"
#include "protocols/proc.h"
#include "servers/fs/volume.h"

// --- after the pager: words FS_FLUSHED, status -------------------------------------------------

static void finish_sync(struct process *process, struct call *call) {
  (void)process;
  fiber_lock_acquire(&volume.lock);
  int64_t status = volume.ext2 != NULL ? volume_sync() : -EIO;
  fiber_lock_release(&volume.lock);
  // An error of the data counts more, since it came first.
  int64_t data_status = (int64_t)call->word[1];
  answer_status(&call->answer, data_status < 0 ? data_status : status);
}

static void finish_unmount(struct process *process, struct call *call) {
  (void)process;
  fiber_lock_acquire(&volume.lock);
  int64_t status = volume.ext2 != NULL ? volume_unmount() : 0;
  fiber_lock_release(&volume.lock);
  int64_t data_status = (int64_t)call->word[1];
  if (data_status < 0) status = data_status;
  answer_forward(&call->answer, HANDLE_PROC, PROC_UNMOUNTED, (uint64_t)status, 0, 0, 0);
}

void flush_flushed(struct process *process, const struct event *event, struct answer *answer) {
  if (process->flushed == NULL) {
    answer_status(answer, -EINVAL);
    return;
  }
  process_serve(process, event, answer, process->flushed);
  process->flushed = NULL;
}

// --- before it ---------------------------------------------------------------------------------

static void flush(struct process *process, uint32_t object, struct answer *answer,
                  void (*then)(struct process *process, struct call *call)) {
  process->flushed = then;
  answer_forward(answer, HANDLE_PAGER, PAGER_WORD0(PAGER_OBJECT_FLUSH, object), FS_FLUSHED, 0, 0,
                 0);
}

void flush_fsync(struct process *process, const struct event *event, struct answer *answer) {
  struct file *file = process_file(process, event->word[1]);
  if (file == NULL) {
    answer_status(answer, -EBADF);
  } else if (file->kind->sync != NULL) {
    file->kind->sync(process, file, event, answer);
  } else if (file->vnode == NULL || file->vnode->mode == EXT2_MODE_FIFO) {
    answer_status(answer, -EINVAL);
  } else if (file->vnode->object != 0) {
    flush(process, file->vnode->object, answer, finish_sync);
  } else {
    struct event metadata_only = *event;
    metadata_only.word[1] = 0;
    process_serve(process, &metadata_only, answer, finish_sync);
  }
}

void flush_sync(struct process *process, const struct event *event, struct answer *answer) {
  (void)event;
  flush(process, 0, answer, finish_sync);
}

void flush_unmount(struct process *process, const struct event *event, struct answer *answer) {
  (void)event;
  flush(process, 0, answer, finish_unmount);
}
