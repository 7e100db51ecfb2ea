// posix_spawn: no page of this program is copied, shared or protected.
//
// fs gives the child its descriptors while proc waits for it, so nothing can be opened there: this
// program opens what the file actions name, for the time of the call, and works out which of its
// own descriptors each of the child's will be a copy of (struct spawn_request). So it needs a free
// descriptor for each addopen and addchdir_np, and one for the program.
#include "libsys/spawn.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/message.h"
#include "libsys/program.h"
#include "protocols/signal.h"

struct plan {
  struct spawn_request request;
  uint64_t opened;           // bit fd: for the time of the call
  char directory[PATH_MAX];  // what relative paths of the child start from, or ""
  char path[PATH_MAX];
};

static uint64_t bit(int fd) { return 1ull << fd; }

// A path of the child's as one of this program's. NULL: too long.
static const char *here(struct plan *plan, const char *path) {
  if (path[0] == '/' || path[0] == 0 || plan->directory[0] == 0) return path;
  size_t length = strlen(plan->directory);
  if (length + 1 + strlen(path) >= sizeof plan->path) return NULL;
  memcpy(plan->path, plan->directory, length);
  plan->path[length] = '/';
  strcpy(plan->path + length + 1, path);
  return plan->path;
}

static int open_here(struct plan *plan, const char *path, int flags, mode_t mode, int *fd) {
  path = here(plan, path);
  if (!path) return ENAMETOOLONG;
  *fd = open(path, flags | O_CLOEXEC, mode);
  if (*fd < 0) return errno;
  plan->opened |= bit(*fd);
  return 0;
}

static void set(struct plan *plan, int fd, uint8_t from) {
  plan->request.changed |= bit(fd);
  plan->request.from[fd] = from;
}

static int do_open(struct plan *plan, const struct spawn_action *action) {
  int fd;
  int error = open_here(plan, action->path, action->flags, action->mode, &fd);
  if (error) return error;
  set(plan, action->fd, (uint8_t)fd);
  return 0;
}

static int do_dup2(struct plan *plan, const struct spawn_action *action) {
  uint8_t from = (uint8_t)action->from;
  if (plan->request.changed & bit(from)) {
    from = plan->request.from[from];
    if (from == SPAWN_CLOSE) return EBADF;
  } else if (plan->opened & bit(from) || fcntl(from, F_GETFD) < 0) {
    return EBADF;
  }
  set(plan, action->fd, from);
  return 0;
}

static int do_chdir(struct plan *plan, const struct spawn_action *action) {
  int fd;
  int error = open_here(plan, action->path, O_RDONLY | O_DIRECTORY, 0, &fd);
  if (error) return error;
  plan->request.directory = (uint8_t)fd;
  const char *path = here(plan, action->path);
  if (strlen(path) >= sizeof plan->directory) return ENAMETOOLONG;
  memmove(plan->directory, path, strlen(path) + 1);
  return 0;
}

static int do_action(struct plan *plan, const struct spawn_action *action) {
  switch (action->kind) {
    case SPAWN_ACTION_OPEN:
      return do_open(plan, action);
    case SPAWN_ACTION_CLOSE:
      set(plan, action->fd, SPAWN_CLOSE);
      return 0;
    case SPAWN_ACTION_DUP2:
      return do_dup2(plan, action);
    case SPAWN_ACTION_CHDIR:
      return do_chdir(plan, action);
  }
  return EINVAL;
}

static uint64_t set_of(const sigset_t *signals) {
  uint64_t set = 0;
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(signals, signal)) set |= SIGNAL_BIT((unsigned)signal);
  }
  return set;
}

static int do_attributes(struct plan *plan, const posix_spawnattr_t *attributes) {
  const struct signal_page *own = signal_page_in(message_page());
  plan->request.mask = own->mask;
  plan->request.ignored = own->ignored;
  if (!attributes) return 0;
  if ((*attributes)->flags & POSIX_SPAWN_SETPGROUP) {
    if ((*attributes)->group < 0) return EINVAL;
    plan->request.flags |= SPAWN_SET_GROUP;
    plan->request.group = (uint32_t)(*attributes)->group;
  }
  if ((*attributes)->flags & POSIX_SPAWN_SETSIGMASK) {
    plan->request.mask = set_of(&(*attributes)->mask);
  }
  if ((*attributes)->flags & POSIX_SPAWN_SETSIGDEF) {
    plan->request.ignored &= ~set_of(&(*attributes)->defaults);
  }
  return 0;
}

struct command {
  struct plan *plan;
  char *const *argv, *const *envp;
};

static int64_t try_spawn(const char *path, void *context) {
  const struct command *command = context;
  path = here(command->plan, path);
  if (!path) return -ENAMETOOLONG;
  return program_spawn(path, command->argv, command->envp, &command->plan->request);
}

typedef int64_t starter(const char *file, struct command *command);

static int64_t start_file(const char *file, struct command *command) {
  if (message_path(file)) return -errno;  // it is looked at before it is opened
  return try_spawn(file, command);
}

static int64_t start_searched(const char *file, struct command *command) {
  return program_search(file, try_spawn, command);
}

static void close_opened(uint64_t fds) {
  for (int fd = 0; fds != 0; ++fd, fds >>= 1) {
    if (fds & 1) close(fd);
  }
}

static int spawn(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[],
                 starter *start) {
  struct plan plan;
  plan.request = (struct spawn_request){.directory = SPAWN_KEEP};
  plan.opened = 0;
  plan.directory[0] = 0;
  struct command command = {&plan, argv, envp};
  int before = errno;
  int error = do_attributes(&plan, attributes);
  for (size_t i = 0; !error && actions && i < (*actions)->count; ++i) {
    error = do_action(&plan, &(*actions)->action[i]);
  }
  int64_t status = error ? -error : start(file, &command);
  close_opened(plan.opened);
  errno = before;
  if (status < 0) return (int)-status;
  if (pid) *pid = (pid_t)status;
  return 0;
}

int posix_spawn(pid_t *restrict pid, const char *restrict path,
                const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *restrict attributes, char *const argv[],
                char *const envp[]) {
  return spawn(pid, path, actions, attributes, argv, envp, start_file);
}

int posix_spawnp(pid_t *restrict pid, const char *restrict file,
                 const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *restrict attributes, char *const argv[],
                 char *const envp[]) {
  return spawn(pid, file, actions, attributes, argv, envp, start_searched);
}
