#include "servers/fs/moved.h"

#include <stddef.h>

#include "servers/fs/regular.h"
#include "servers/fs/volume.h"

// Kept in call.word: the call of a process is not used for anything else until its write has ended.
enum { WORD_POSITION = 0, WORD_SIZE = 4, WORD_MODIFIED = 5 };

// Tells whether a file was written to meanwhile.
static uint64_t modified(const struct file *file) {
  return file->kind == &regular_kind ? file->vnode->modified : 0;
}

void moved_note(struct process *process, const struct file *file, uint64_t position,
                uint64_t size) {
  process->call.word[WORD_POSITION] = position;
  process->call.word[WORD_SIZE] = size;
  process->call.word[WORD_MODIFIED] = modified(file);
}

// Takes back what a write has grown the file by and not filled, unless somebody has written to it
// since or has changed its size.
static void serve_shrink(struct process *process, struct call *call) {
  struct file *file = process_file(process, call->word[1] & 0xffff);
  int64_t status = (int64_t)call->word[2];
  uint64_t size = status > 0 ? call->word[3] + (uint64_t)status : 0;
  if (size < call->word[WORD_SIZE]) size = call->word[WORD_SIZE];
  fiber_lock_acquire(&volume.lock);
  // 0: the time has been written to the inode.
  bool alone = modified(file) == call->word[WORD_MODIFIED] || modified(file) == 0;
  // Zeros at the end are not worth another error.
  if (!alone || size >= file->kind->size(file)) {
    // Nothing to take back.
  } else if (file->kind->truncate != NULL) {
    (void)file->kind->truncate(file, size);
  } else if (file->vnode->inode != NULL) {
    (void)vnode_truncate(file->vnode, size);
  }
  fiber_lock_release(&volume.lock);
  answer_status(&call->answer, status);
}

void moved_in_part(struct process *process, const struct event *event, struct answer *answer) {
  uint64_t how = event->word[1], offset = event->word[3], end = offset + event->word[4];
  struct file *file = process_file(process, how & 0xffff);
  int64_t status = (int64_t)event->word[2];
  if (how == 0 || file == NULL || file->kind->size == NULL) {
    answer_status(answer, status);  // nothing of the file was changed
    return;
  }
  if ((how & FS_MOVED_AT_POSITION) && file->position == end) {
    uint64_t before = how & FS_MOVED_APPENDED ? process->call.word[WORD_POSITION] : offset;
    file->position = status > 0 ? offset + (uint64_t)status : before;
  }
  if (!(how & FS_MOVED_GREW) || file->kind->size(file) != end) {
    answer_status(answer, status);
    return;
  }
  struct event kept = *event;
  kept.word[WORD_SIZE] = process->call.word[WORD_SIZE];
  kept.word[WORD_MODIFIED] = process->call.word[WORD_MODIFIED];
  process_serve(process, &kept, answer, serve_shrink);
}
