// Programs run by the shell: popen, pclose, system.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocols/fs.h"

static pid_t child_of[FS_OPEN_MAX];  // by descriptor of the stream

// Starts the shell with the descriptor `from` as `fd`, which is the same as it has for -1. 0 or an
// errno.
static int start_shell(const char *command, int from, int fd, const posix_spawnattr_t *attributes,
                       pid_t *pid) {
  char *argv[] = {"sh", "-c", (char *)command, NULL};
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  if (fd >= 0) error = posix_spawn_file_actions_adddup2(&actions, from, fd);
  if (!error) error = posix_spawn(pid, "/bin/sh", &actions, attributes, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

static int wait_for(pid_t pid) {
  int status;
  pid_t ended;
  do {
    ended = waitpid(pid, &status, 0);
  } while (ended < 0 && errno == EINTR);
  return ended < 0 ? -1 : status;
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
  if (stream)
    error = start_shell(command, theirs, reads ? STDOUT_FILENO : STDIN_FILENO, NULL, &pid);
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
  return wait_for(pid);
}

// What system changes for the time of the command, as POSIX demands: the caller ignores SIGINT and
// SIGQUIT, which are for the command, and SIGCHLD waits.
struct held {
  struct sigaction interrupt, quit;
  sigset_t mask;
};

static void hold_signals(struct held *held) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigset_t child;
  sigaction(SIGINT, &ignore, &held->interrupt);
  sigaction(SIGQUIT, &ignore, &held->quit);
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, &held->mask);
}

static void release_signals(const struct held *held) {
  sigaction(SIGINT, &held->interrupt, NULL);
  sigaction(SIGQUIT, &held->quit, NULL);
  sigprocmask(SIG_SETMASK, &held->mask, NULL);
}

// The command has the signals that its caller had before. 0 or an errno.
static int start_held(const char *command, const struct held *held, pid_t *pid) {
  posix_spawnattr_t attributes;
  sigset_t defaults;
  int error = posix_spawnattr_init(&attributes);
  if (error) return error;
  sigemptyset(&defaults);
  if (held->interrupt.sa_handler != SIG_IGN) sigaddset(&defaults, SIGINT);
  if (held->quit.sa_handler != SIG_IGN) sigaddset(&defaults, SIGQUIT);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &held->mask);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  error = start_shell(command, -1, -1, &attributes, pid);
  posix_spawnattr_destroy(&attributes);
  return error;
}

int system(const char *command) {
  if (!command) return access("/bin/sh", X_OK) == 0;
  struct held held;
  pid_t pid;
  hold_signals(&held);
  int status = -1, error = start_held(command, &held, &pid);
  if (!error && (status = wait_for(pid)) < 0) error = errno;
  release_signals(&held);
  if (error) errno = error;
  return status;
}
