// Programs run by the shell: popen, pclose, system.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocols/fs.h"

static pid_t child_of[FS_OPEN_MAX];  // by descriptor of the stream

// Starts the shell with the descriptor `from` as `fd`, which is the same as it has for -1. 0 or an
// errno.
static int start_shell(const char *command, int from, int fd, pid_t *pid) {
  char *argv[] = {"sh", "-c", (char *)command, NULL};
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  if (fd >= 0) error = posix_spawn_file_actions_adddup2(&actions, from, fd);
  if (!error) error = posix_spawn(pid, "/bin/sh", &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

FILE *popen(const char *command, const char *mode) {
  int fds[2];
  int reads = mode[0] == 'r';
  if ((!reads && mode[0] != 'w') || mode[1]) {
    errno = EINVAL;
    return NULL;
  }
  if (pipe2(fds, O_CLOEXEC)) return NULL;
  int ours = fds[reads ? 0 : 1], theirs = fds[reads ? 1 : 0];
  FILE *stream = fdopen(ours, mode);
  pid_t pid;
  int error = errno;
  if (stream) error = start_shell(command, theirs, reads ? STDOUT_FILENO : STDIN_FILENO, &pid);
  close(theirs);
  if (!stream || error) {
    if (stream) {
      fclose(stream);
    } else {
      close(ours);
    }
    errno = error;
    return NULL;
  }
  child_of[ours] = pid;
  return stream;
}

int pclose(FILE *stream) {
  int fd = fileno(stream);
  pid_t pid = fd >= 0 && fd < FS_OPEN_MAX ? child_of[fd] : 0;
  if (!pid) {
    errno = ECHILD;
    return -1;
  }
  child_of[fd] = 0;
  fclose(stream);
  int status;
  return waitpid(pid, &status, 0) < 0 ? -1 : status;
}

int system(const char *command) {
  if (!command) return access("/bin/sh", X_OK) == 0;
  pid_t pid;
  int status, error = start_shell(command, -1, -1, &pid);
  if (error) {
    errno = error;
    return -1;
  }
  return waitpid(pid, &status, 0) < 0 ? -1 : status;
}
