#include "servers/fs/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "protocols/pager.h"
#include "protocols/spawn.h"
#include "servers/fs/directory.h"
#include "servers/fs/outside.h"
#include "servers/fs/pipe.h"

static struct process processes[PROCESSES_MAX];
struct process *processes_by_slot[SLOTS_MAX];
static unsigned last_taken;
static uint8_t nobodys_page[PAGE_SIZE];

// Quick where it matters: descriptors are mostly the first few. => bits != 0
static unsigned lowest_bit(uint64_t bits) {
  unsigned number = 0;
  for (; (bits & 0xff) == 0; bits >>= 8) number += 8;
  for (; (bits & 1) == 0; bits >>= 1) number++;
  return number;
}

static struct process *take_free(void) {
  for (unsigned i = 0; i < PROCESSES_MAX; i++) {
    last_taken = (last_taken + 1) % PROCESSES_MAX;
    if (processes[last_taken].badge == 0) return &processes[last_taken];
  }
  return NULL;
}

static void copy_directory(struct process *child, const struct process *parent) {
  child->directory = parent->directory;
  child->virtual_directory = parent->virtual_directory;
  if (child->directory != NULL) vnode_hold(child->directory);
}

static void copy_files(struct process *child, const struct process *parent) {
  child->umask = parent->umask;
  copy_directory(child, parent);
  memcpy(child->name, parent->name, sizeof(child->name));
  child->parent = parent->badge;
  child->close_on_exec = parent->close_on_exec;
  child->open = parent->open;
  for (uint64_t left = child->open; left != 0; left &= left - 1) {
    unsigned fd = lowest_bit(left);
    child->file[fd] = parent->file[fd];
    file_hold(&files[child->file[fd]]);
  }
}

int process_new(uint32_t badge, const struct process *parent) {
  uint32_t slot = badge_slot(badge);
  if (badge == 0 || slot >= SLOTS_MAX) return -EINVAL;
  if (processes_by_slot[slot] != NULL) return -EEXIST;
  struct process *process = take_free();
  if (process == NULL) return -ENOMEM;
  *process = (struct process){.badge = badge, .umask = 022};
  processes_by_slot[slot] = process;
  if (parent != NULL) copy_files(process, parent);
  return 0;
}

struct process *process_by_pid(uint32_t pid) {
  for (unsigned i = 0; i < PROCESSES_MAX; i++) {
    struct process *process = &processes[i];
    if (process->badge != 0 && process->pid == pid && !process->ended) return process;
  }
  return NULL;
}

const struct process *process_at(unsigned index, bool *more) {
  *more = index < PROCESSES_MAX;
  if (!*more || processes[index].badge == 0 || processes[index].ended) return NULL;
  return &processes[index];
}

void process_take_name(struct process *process, const void *message_page) {
  const struct exec_image *image = message_page;
  memcpy(process->name, image->name, PROCESS_NAME_BYTES - 1);
  process->name[PROCESS_NAME_BYTES - 1] = 0;
  for (char *at = process->name; *at != 0; at++) {
    if (*at < ' ' || *at == 127) *at = '?';
  }
}

int process_work_in(struct process *process, const struct file *file) {
  if (!file->kind->is_directory) return -ENOTDIR;
  struct vnode *before = process->directory;
  process->directory = file->vnode;
  if (file->vnode != NULL) vnode_hold(file->vnode);
  process->virtual_directory = file->vnode != NULL ? 0 : (uint32_t)(uintptr_t)file->of_kind;
  vnode_put(before);
  return 0;
}

static int check_spawn(const struct process *parent, const struct spawn_request *request) {
  for (uint64_t left = request->changed; left != 0; left &= left - 1) {
    uint8_t from = request->from[lowest_bit(left)];
    if (from != SPAWN_CLOSE && process_file(parent, from) == NULL) return -EBADF;
  }
  if (request->directory == SPAWN_KEEP) return 0;
  const struct file *directory = process_file(parent, request->directory);
  if (directory == NULL) return -EBADF;
  return directory->kind->is_directory ? 0 : -ENOTDIR;
}

static void share_file(struct process *child, unsigned fd, const struct process *parent,
                       unsigned from) {
  struct file *file = &files[parent->file[from]];
  file_hold(file);
  process_install(child, (int)fd, file, false);
}

int process_spawn_files(struct process *process, const struct process *parent,
                        const struct spawn_request *request) {
  int status = check_spawn(parent, request);
  if (status != 0) return status;
  process->umask = parent->umask;
  if (request->directory == SPAWN_KEEP) {
    copy_directory(process, parent);
  } else {
    process_work_in(process, process_file(parent, request->directory));
  }
  uint64_t kept = parent->open & ~parent->close_on_exec & ~request->changed;
  for (; kept != 0; kept &= kept - 1) {
    share_file(process, lowest_bit(kept), parent, lowest_bit(kept));
  }
  for (uint64_t left = request->changed; left != 0; left &= left - 1) {
    unsigned fd = lowest_bit(left);
    if (request->from[fd] != SPAWN_CLOSE) share_file(process, fd, parent, request->from[fd]);
  }
  return 0;
}

static void let_go(struct process *process) {
  while (process->open != 0) process_close(process, lowest_bit(process->open));
  vnode_put(process->directory);
  process->directory = NULL;
  process->badge = 0;
}

void process_end(struct process *process) {
  processes_by_slot[badge_slot(process->badge)] = NULL;
  if (process->waits_for != NULL) pipe_forget(process);
  if (process->busy) {
    process->ended = true;  // its fiber lets go
  } else {
    let_go(process);
  }
}

void *process_page(const struct process *process) {
  return process->ended ? nobodys_page : outside_page(process->badge);
}

// --- descriptors -------------------------------------------------------------------------------

int process_free_descriptor(const struct process *process, uint64_t lowest) {
  if (lowest >= FS_OPEN_MAX) return -EMFILE;
  uint64_t closed = ~process->open >> lowest << lowest;
  return closed != 0 ? (int)lowest_bit(closed) : -EMFILE;
}

void process_install(struct process *process, int fd, struct file *file, bool close_on_exec) {
  process->file[fd] = (uint16_t)(file - files);
  process->open |= 1ull << fd;
  process->close_on_exec &= ~(1ull << fd);
  process->close_on_exec |= (uint64_t)close_on_exec << fd;
}

int64_t process_install_open(struct process *process, int fd, struct file *file, int flags) {
  int access = flags & O_ACCMODE;
  if (access != O_WRONLY) file->access |= FILE_READ;
  if (access != O_RDONLY) file->access |= FILE_WRITE;
  file->append = (flags & O_APPEND) != 0;
  file->nonblock = (flags & O_NONBLOCK) != 0;
  process_install(process, fd, file, (flags & O_CLOEXEC) != 0);
  enum fs_kind kind = file->kind->through_pager ? FS_KIND_FILE : FS_KIND_MESSAGE;
  return fd | (int64_t)kind << 32;
}

void process_close(struct process *process, uint64_t fd) {
  struct file *file = &files[process->file[fd]];
  process->file[fd] = 0;
  process->open &= ~(1ull << fd);
  file_put(file);
}

void process_close_on_exec(struct process *process) {
  uint64_t left = process->close_on_exec & process->open;
  for (; left != 0; left &= left - 1) process_close(process, lowest_bit(left));
  process->close_on_exec = 0;
}

// --- calls -------------------------------------------------------------------------------------

bool answer_deliver(token_t token, const struct answer *answer) {
  struct answer refused;
  switch (answer->kind) {
    case ANSWER_REPLY:
      outside_reply(token, answer->word);
      break;
    case ANSWER_FORWARD:
      if (outside_forward(token, answer->to, answer->word) < 0) {
        answer_status(&refused, -EIO);
        outside_reply(token, refused.word);
        return false;
      }
      break;
    case ANSWER_NONE:
      break;
  }
  return true;
}

static void serve(struct work *work) {
  struct process *process = (struct process *)work;
  struct call *call = &process->call;
  if (!process->ended) {
    call->answer = (struct answer){.kind = ANSWER_REPLY};
    call->serve(process, call);
    answer_deliver(call->token, &call->answer);
  }
  process->busy = false;
  if (process->ended) let_go(process);
}

void process_serve(struct process *process, const struct event *event, struct answer *answer,
                   void (*function)(struct process *process, struct call *call)) {
  if (process->busy || process->waits_for != NULL) {
    answer_status(answer, -EAGAIN);  // a second thread: not for one process
    return;
  }
  answer->kind = ANSWER_NONE;
  process->busy = true;
  process->call.token = event->token;
  for (unsigned i = 0; i < CALL_WORDS; i++) process->call.word[i] = event->word[i];
  process->call.serve = function;
  process->call.work.run = serve;
  work_submit(&process->call.work, WORK_CALL);
}

void processes_init(void) {
  process_new(SLOT_INIT, NULL);
  struct process *init = process_find(SLOT_INIT);
  init->pid = 1;
  memcpy(init->name, "init", sizeof("init"));
}
