#include "servers/fs/lifecycle.h"

#include <errno.h>
#include <stddef.h>

#include "protocols/pager.h"
#include "servers/fs/regular.h"

void lifecycle_fork(struct process *process, const struct event *event, struct answer *answer) {
  (void)process;  // the caller is proc
  const struct process *parent = process_find((uint32_t)event->word[1]);
  answer_status(answer, parent != NULL ? process_new((uint32_t)event->word[2], parent) : -ESRCH);
}

void lifecycle_exited(struct process *process, const struct event *event, struct answer *answer) {
  (void)process;  // the caller is proc
  struct process *ended = process_find((uint32_t)event->word[1]);
  if (ended != NULL) process_end(ended);
  answer_status(answer, ended != NULL ? 0 : -ESRCH);
}

// => the object to run, or a negative errno.
static int64_t executable(const struct file *file) {
  if (file == NULL) return -EBADF;
  if (file->kind != &regular_kind) return -EACCES;
  if (file->vnode->inode == NULL) return -EIO;
  if ((ext2_inode_mode(file->vnode->inode) & 0111) == 0) return -EACCES;
  if (file->vnode->size == 0) return -ENOEXEC;
  return vnode_object(file->vnode);
}

// The descriptors are closed even if the pager then finds that it has no memory for the new
// program. They are closed after the forwarding, so that the pager learns of the new use of the
// object before it learns that it is closed.
void lifecycle_exec(struct process *process, const struct event *event, struct answer *answer) {
  int64_t object = executable(process_file(process, event->word[1]));
  if (object < 0) {
    answer_status(answer, object);
    return;
  }
  answer_forward(answer, HANDLE_PAGER, PAGER_WORD0(PAGER_EXEC, object), 0, 0, 0, 0);
  answer_deliver(event->token, answer);
  answer->kind = ANSWER_NONE;
  process_close_on_exec(process);
}
