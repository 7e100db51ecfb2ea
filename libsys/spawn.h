// What posix_spawn is told.
#ifndef LIBSYS_SPAWN_H
#define LIBSYS_SPAWN_H

#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/types.h>

enum spawn_action_kind {
  SPAWN_ACTION_OPEN,   // path, flags, mode, as fd
  SPAWN_ACTION_CLOSE,  // fd
  SPAWN_ACTION_DUP2,   // from, as fd
  SPAWN_ACTION_CHDIR,  // path
};

struct spawn_action {
  enum spawn_action_kind kind;
  int fd, from, flags;
  mode_t mode;
  char *path;
};

struct __posix_spawn_file_actions {
  size_t count;
  struct spawn_action *action;
};

struct __posix_spawnattr {
  short flags;
  pid_t group;
  sigset_t defaults, mask;
};

#endif
