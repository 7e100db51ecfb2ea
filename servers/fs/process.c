#include "servers/fs/process.h"

#include <errno.h>
#include <stddef.h>

#include "protocols/spawn.h"
#include "servers/fs/directory.h"
#include "servers/fs/outside.h"
#include "servers/fs/pipe.h"

static struct process processes[PROCESSES_MAX];
struct process *processes_by_slot[SLOTS_MAX];
static unsigned last_taken;
static uint8_t nobodys_page[PAGE_SIZE];

static unsigned lowest_bit(uint64_t bits) { return (unsigned)__builtin_ctzll(bits); }

static struct process *take_free(void) {
  for (unsigned i = 0; i < PROCESSES_MAX; i++) {
    last_taken = (last_taken + 1) % PROCESSES_MAX;
    if (processes[last_taken].badge == 0) return &processes[last_taken];
  }
  return NULL;
}

static void copy_files(struct process *child, const struct process *parent) {
  child->umask = parent->umask;
  child->directory = parent->directory;
  if (child->directory != NULL) vnode_hold(child->directory);
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

static int check_spawn(const struct process *parent, const struct spawn_request *request) {
  for (uint64_t left = request->changed; left != 0; left &= left - 1) {
    uint8_t from = request->from[lowest_bit(left)];
    if (from != SPAWN_CLOSE && process_file(parent, from) == NULL) return -EBADF;
  }
  if (request->directory == SPAWN_KEEP) return 0;
  const struct file *directory = process_file(parent, request->directory);
  if (directory == NULL) return -EBADF;
  return directory->kind == &directory_kind ? 0 : -ENOTDIR;
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
  process->directory = request->directory == SPAWN_KEEP
                           ? parent->directory
                           : process_file(parent, request->directory)->vnode;
  if (process->directory != NULL) vnode_hold(process->directory);
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

void answer_deliver(token_t token, const struct answer *answer) {
  struct answer refused;
  switch (answer->kind) {
    case ANSWER_REPLY:
      outside_reply(token, answer->word);
      break;
    case ANSWER_FORWARD:
      if (outside_forward(token, answer->to, answer->word) < 0) {
        answer_status(&refused, -EIO);
        outside_reply(token, refused.word);
      }
      break;
    case ANSWER_NONE:
      break;
  }
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

void processes_init(void) { process_new(SLOT_INIT, NULL); }
