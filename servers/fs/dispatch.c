#include "servers/fs/dispatch.h"

#include <errno.h>
#include <stddef.h>

#include "servers/fs/attributes.h"
#include "servers/fs/descriptors.h"
#include "servers/fs/directory.h"
#include "servers/fs/flush.h"
#include "servers/fs/lifecycle.h"
#include "servers/fs/moved.h"
#include "servers/fs/names.h"
#include "servers/fs/open.h"
#include "servers/fs/path.h"
#include "servers/fs/shm.h"
#include "servers/fs/swap.h"
#include "servers/fs/virtual.h"
#include "servers/fs/volume.h"

// An operation is served at once, or by a fiber that holds volume.lock.
struct operation {
  void (*at_once)(struct process *process, const struct event *event, struct answer *answer);
  int64_t (*locked)(struct process *process, struct call *call);
  enum via via;    // who may
  bool of_server;  // the caller is a server that has no process here
};

static const struct operation operations[] = {
    [FS_OPEN] = {.locked = open_path},
    [FS_CLOSE] = {descriptors_close},
    [FS_READ] = {descriptors_read},
    [FS_WRITE] = {descriptors_write},
    [FS_SEEK] = {descriptors_seek},
    [FS_STAT] = {.locked = attributes_stat},
    [FS_FSTAT] = {.locked = attributes_fstat},
    [FS_TRUNCATE] = {.locked = attributes_truncate},
    [FS_FTRUNCATE] = {.locked = attributes_ftruncate},
    [FS_DUP] = {descriptors_dup},
    [FS_FCNTL] = {descriptors_fcntl},
    [FS_PIPE] = {descriptors_pipe},
    [FS_UNLINK] = {.locked = names_unlink},
    [FS_MKDIR] = {.locked = names_mkdir},
    [FS_RMDIR] = {.locked = names_rmdir},
    [FS_RENAME] = {.locked = names_rename},
    [FS_LINK] = {.locked = names_link},
    [FS_SYMLINK] = {.locked = names_symlink},
    [FS_READLINK] = {.locked = names_readlink},
    [FS_CHDIR] = {.locked = directory_change},
    [FS_FCHDIR] = {directory_change_to},
    [FS_GETCWD] = {.locked = directory_current},
    [FS_READDIR] = {.locked = directory_read},
    [FS_CHMOD] = {.locked = attributes_chmod},
    [FS_FCHMOD] = {.locked = attributes_fchmod},
    [FS_UTIMES] = {.locked = attributes_utimes},
    [FS_ACCESS] = {.locked = attributes_access},
    [FS_FSYNC] = {flush_fsync},
    [FS_SYNC] = {flush_sync},
    [FS_MAP] = {descriptors_map},
    [FS_STATFS] = {.locked = attributes_statfs},
    [FS_MKNOD] = {.locked = names_mknod},
    [FS_UMASK] = {descriptors_umask},
    [FS_ISATTY] = {descriptors_isatty},
    [FS_CHOWN] = {.locked = attributes_chown},
    [FS_SWAPON] = {.locked = swap_on},
    [FS_SWAPOFF] = {swap_off},
    [FS_SHM] = {.locked = shm_make},
    [FS_FORK] = {lifecycle_fork, .via = VIA_PROC, .of_server = true},
    [FS_EXITED] = {lifecycle_exited, .via = VIA_PROC, .of_server = true},
    [FS_EXEC] = {lifecycle_exec, .via = VIA_PROC},
    [FS_INTERRUPT] = {lifecycle_interrupt, .via = VIA_PROC, .of_server = true},
    [FS_SPAWN] = {lifecycle_spawn, .via = VIA_PROC, .of_server = true},
    [FS_UNMOUNT] = {flush_unmount, .via = VIA_PROC},
    [FS_FLUSHED] = {flush_flushed, .via = VIA_PAGER},
    [FS_MOVED] = {moved_in_part, .via = VIA_PAGER},
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

static void serve_locked(struct process *process, struct call *call) {
  fiber_lock_acquire(&volume.lock);
  int64_t status = process->ended ? -EINTR : operations[call->word[0]].locked(process, call);
  if (status == PATH_VIRTUAL) status = virtual_serve(process, call);
  call->answer.word[0] = (uint64_t)status;
  fiber_lock_release(&volume.lock);
}

// What is not served at once.
static void dispatch_other(const struct event *event, struct answer *answer) {
  uint64_t number = event->word[0];
  const struct operation *operation = &operations[number < OPERATIONS ? number : 0];
  struct process *process = process_find(badge_origin(event->badge));
  if (operation->at_once == NULL && operation->locked == NULL) {
    answer_status(answer, -ENOSYS);
  } else if (badge_via(event->badge) != operation->via ||
             (process == NULL && !operation->of_server)) {
    answer_status(answer, -EPERM);
  } else if (operation->at_once != NULL) {
    operation->at_once(process, event, answer);
  } else {
    process_serve(process, event, answer, serve_locked);
  }
}

void dispatch(const struct event *event, struct answer *answer) {
  uint64_t number = event->word[0];
  const struct operation *operation = &operations[number < OPERATIONS ? number : 0];
  struct process *process = process_find(badge_origin(event->badge));
  if (process != NULL && operation->at_once != NULL && badge_via(event->badge) == operation->via) {
    operation->at_once(process, event, answer);
  } else {
    dispatch_other(event, answer);
  }
}
