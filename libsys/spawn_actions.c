// Lists of file actions.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "libsys/call.h"
#include "libsys/spawn.h"

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions) {
  *actions = calloc(1, sizeof **actions);
  return *actions ? 0 : ENOMEM;
}

int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions) {
  for (size_t i = 0; i < (*actions)->count; ++i) free((*actions)->action[i].path);
  free((*actions)->action);
  free(*actions);
  *actions = NULL;
  return 0;
}

static int add(posix_spawn_file_actions_t *actions, const struct spawn_action *action) {
  struct __posix_spawn_file_actions *list = *actions;
  struct spawn_action *longer = realloc(list->action, (list->count + 1) * sizeof *longer);
  if (!longer) return ENOMEM;
  list->action = longer;
  list->action[list->count++] = *action;
  return 0;
}

static int add_path(posix_spawn_file_actions_t *actions, struct spawn_action *action,
                    const char *path) {
  action->path = strdup(path);
  if (!action->path) return ENOMEM;
  int error = add(actions, action);
  if (error) free(action->path);
  return error;
}

static int is_descriptor(int fd) { return fd >= 0 && fd < FS_OPEN_MAX; }

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *restrict actions, int fd,
                                     const char *restrict path, int flags, mode_t mode) {
  struct spawn_action action = {.kind = SPAWN_ACTION_OPEN, .fd = fd, .flags = flags, .mode = mode};
  return is_descriptor(fd) ? add_path(actions, &action, path) : EBADF;
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd) {
  struct spawn_action action = {.kind = SPAWN_ACTION_CLOSE, .fd = fd};
  return is_descriptor(fd) ? add(actions, &action) : EBADF;
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int from, int fd) {
  struct spawn_action action = {.kind = SPAWN_ACTION_DUP2, .fd = fd, .from = from};
  return is_descriptor(fd) && is_descriptor(from) ? add(actions, &action) : EBADF;
}

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *restrict actions,
                                         const char *restrict path) {
  struct spawn_action action = {.kind = SPAWN_ACTION_CHDIR};
  return add_path(actions, &action, path);
}
