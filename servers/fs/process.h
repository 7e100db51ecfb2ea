// Processes as fs sees them: descriptors, working directory, umask, and the call under way.
#ifndef SERVERS_FS_PROCESS_H_
#define SERVERS_FS_PROCESS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/event.h"
#include "protocols/fs.h"
#include "protocols/server.h"
#include "servers/fs/answer.h"
#include "servers/fs/file.h"
#include "servers/fs/work.h"

// Some more than live, since one that has ended keeps its place until its last call is served.
enum { PROCESSES_MAX = PROGRAMS_MAX + 32 };

enum { PROCESS_NAME_BYTES = 16 };  // with the 0, as Linux' comm

struct pipe;
struct process;
struct spawn_request;

// A call that a fiber serves, or that waits. A process has one thread, so one is enough.
struct call {
  struct work work;  // first
  void (*serve)(struct process *process, struct call *call);
  token_t token;
  uint64_t word[CALL_WORDS];
  struct answer answer;  // for `serve` to fill
};

struct process {
  struct call call;  // first
  uint32_t badge;    // 0: a free place
  uint32_t pid;      // 0: nobody has told
  uint32_t parent;   // badge
  char name[PROCESS_NAME_BYTES];
  bool busy;   // a fiber serves its call
  bool ended;  // FS_EXITED came meanwhile
  uint32_t umask;
  uint64_t open;               // bit fd: file[fd] is not 0
  uint64_t close_on_exec;      // bit fd
  uint16_t file[FS_OPEN_MAX];  // index in files[], 0: closed
  struct vnode *directory;     // working directory, NULL: the root, or
  uint32_t virtual_directory;  //   one that is not on the disk (virtual.h), 0: none
  // What waits for the pager to store pages (FS_FLUSHED).
  void (*flushed)(struct process *process, struct call *call);
  // In the queue of a pipe.
  struct pipe *waits_for;
  struct process *next;
};

// By slot; to be read by process_find alone.
extern struct process *processes_by_slot[SLOTS_MAX];

// The process with this badge, NULL if there is none.
static inline struct process *process_find(uint32_t badge) {
  // A slot out of range finds another slot's process, which has another badge.
  struct process *process = processes_by_slot[badge % SLOTS_MAX];
  return process != NULL && process->badge == badge ? process : NULL;
}

// The process with this pid, NULL: none. Number `index`, NULL if there is none at that index;
// *more: there may be some behind it.
struct process *process_by_pid(uint32_t pid);
const struct process *process_at(unsigned index, bool *more);

// Takes the name from the struct exec_image in a message page, made fit to be printed.
void process_take_name(struct process *process, const void *message_page);

// Makes a directory the one that the process works in. => -ENOTDIR.
int process_work_in(struct process *process, const struct file *file);

// Makes a process without files; with those of `parent`, if that is not NULL.
// => -EEXIST: the badge or its slot is in use; -ENOMEM; -EINVAL: no badge of a process.
int process_new(uint32_t badge, const struct process *parent);

// Gives a process without files those that `request` asks for, of those of `parent`; what `request`
// does not name is as over fork and exec. => -EBADF, -ENOTDIR: nothing has changed
int process_spawn_files(struct process *process, const struct process *parent,
                        const struct spawn_request *request);

// Closes everything; what is under way for it has no effect on whoever gets the slot next.
void process_end(struct process *process);

// The message page; one that nobody reads once the process has ended. That may be whenever the
// fiber has waited: then the slot's page is another's, and what is here means nothing.
void *process_page(const struct process *process);

// --- descriptors -------------------------------------------------------------------------------

// NULL: not open.
static inline struct file *process_file(const struct process *process, uint64_t fd) {
  if (fd >= FS_OPEN_MAX || process->file[fd] == 0) return NULL;
  return &files[process->file[fd]];
}

// The lowest free descriptor from `lowest` on. => -EMFILE.
int process_free_descriptor(const struct process *process, uint64_t lowest);

// Puts a file, with the caller's reference to it, where nothing is open.
void process_install(struct process *process, int fd, struct file *file, bool close_on_exec);

// Installs a file that was opened with flags O_*. => the answer of FS_OPEN.
int64_t process_install_open(struct process *process, int fd, struct file *file, int flags);

void process_close(struct process *process, uint64_t fd);
void process_close_on_exec(struct process *process);

// --- calls -------------------------------------------------------------------------------------

// Has `serve` called in a fiber, with what it puts into call->answer as the answer.
void process_serve(struct process *process, const struct event *event, struct answer *answer,
                   void (*serve)(struct process *process, struct call *call));

// Gives an answer to a waiting caller. => false: it was to be forwarded, but is gone
bool answer_deliver(token_t token, const struct answer *answer);

void processes_init(void);

#endif  // SERVERS_FS_PROCESS_H_
