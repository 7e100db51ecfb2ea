#include "servers/fs/lifecycle.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "protocols/pager.h"
#include "protocols/signal.h"
#include "protocols/spawn.h"
#include "servers/fs/outside.h"
#include "servers/fs/pipe.h"
#include "servers/fs/regular.h"

_Static_assert(FS_OPEN_MAX <= 64, "a bit for each descriptor");
_Static_assert(sizeof(struct exec_image) <= SPAWN_REQUEST &&
                   SPAWN_REQUEST + sizeof(struct spawn_request) <= EXEC_INLINE,
               "all three are in the message page");

void lifecycle_fork(struct process *process, const struct event *event, struct answer *answer) {
  (void)process;  // the caller is proc
  const struct process *parent = process_find((uint32_t)event->word[1]);
  uint32_t child = (uint32_t)event->word[2];
  int status = parent != NULL ? process_new(child, parent) : -ESRCH;
  if (status == 0) process_find(child)->pid = (uint32_t)event->word[3];
  answer_status(answer, status);
}

void lifecycle_exited(struct process *process, const struct event *event, struct answer *answer) {
  (void)process;  // the caller is proc
  struct process *ended = process_find((uint32_t)event->word[1]);
  if (ended != NULL) process_end(ended);
  answer_status(answer, ended != NULL ? 0 : -ESRCH);
}

void lifecycle_interrupt(struct process *process, const struct event *event,
                         struct answer *answer) {
  (void)process;  // the caller is proc
  struct process *interrupted = process_find((uint32_t)event->word[1]);
  bool waits = interrupted != NULL && interrupted->waits_for != NULL &&
               signal_due(signal_page_in(process_page(interrupted)));
  if (waits) pipe_interrupt(interrupted);
  answer_status(answer, waits);
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

// The descriptors are closed when the pager has the new program: it serves what fs sends it in that
// order, so it is asked behind the forwarded caller.
void lifecycle_exec(struct process *process, const struct event *event, struct answer *answer) {
  int64_t object = executable(process_file(process, event->word[1]));
  if (object < 0) {
    answer_status(answer, object);
    return;
  }
  process_take_name(process, process_page(process));
  answer_forward(answer, HANDLE_PAGER, PAGER_WORD0(PAGER_EXEC, object), 0, 0, 0, 0);
  answer_deliver(event->token, answer);
  answer->kind = ANSWER_NONE;
  if ((process->close_on_exec & process->open) == 0) return;
  if (outside_exec_status(process->badge) == 0) process_close_on_exec(process);
}

static int64_t spawn(const struct process *parent, uint32_t child, uint64_t fd, uint32_t pid) {
  if (parent == NULL) return -ESRCH;
  // The parent's page may change at any time: look at a copy.
  struct spawn_request request;
  memcpy(&request, (const char *)outside_page(parent->badge) + SPAWN_REQUEST, sizeof request);
  int64_t object = executable(process_file(parent, fd));
  if (object < 0) return object;
  int64_t status = process_new(child, NULL);
  if (status < 0) return status;
  struct process *process = process_find(child);
  process->pid = pid;
  process->parent = parent->badge;
  process_take_name(process, outside_page(parent->badge));
  status = process_spawn_files(process, parent, &request);
  if (status < 0) process_end(process);
  return status < 0 ? status : object;
}

void lifecycle_spawn(struct process *process, const struct event *event, struct answer *answer) {
  (void)process;  // the caller is proc
  const struct process *parent = process_find((uint32_t)event->word[1]);
  answer_status(answer,
                spawn(parent, (uint32_t)event->word[2], event->word[3], (uint32_t)event->word[4]));
}
