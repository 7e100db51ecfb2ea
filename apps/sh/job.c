#include "apps/sh/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/sh/memory.h"

#define DEFAULT_PATH "/bin"

void job_take_terminal(struct shell *shell) { job_give_terminal(shell, getpgrp()); }

void job_give_terminal(struct shell *shell, pid_t group) {
  if (shell->controls) tcsetpgrp(STDIN_FILENO, group);
}

pid_t job_fork(struct shell *shell, pid_t group, bool foreground) {
  pid_t pid = fork();
  if (pid < 0) shell_error("cannot start a process: %s", strerror(errno));
  if (!shell->controls || pid < 0) return pid;
  // Both do it, so that it is done whoever runs first.
  pid_t member = pid ? pid : getpid();
  if (!group) group = member;
  setpgid(member, group);
  if (pid == 0) {
    shell->controls = shell->interactive = false;
  } else if (foreground) {
    job_give_terminal(shell, group);
  }
  return pid;
}

static void tell_signal(int signal) {
  if (signal == SIGINT) {
    fputc('\n', stderr);
  } else if (signal == SIGTERM || signal == SIGKILL || signal == SIGABRT) {
    fprintf(stderr, "%s\n", strsignal(signal));
  }
}

int job_wait(struct shell *shell, pid_t pid) {
  int status;
  if (waitpid(pid, &status, 0) < 0) return STATUS_NOT_FOUND;
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  if (shell->interactive) tell_signal(WTERMSIG(status));
  return STATUS_SIGNAL + WTERMSIG(status);
}

void job_reap(struct shell *shell) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (!shell->interactive) continue;
    if (WIFSIGNALED(status)) {
      fprintf(stderr, "[%d] %s\n", (int)pid, strsignal(WTERMSIG(status)));
    } else {
      fprintf(stderr, "[%d] done, status %d\n", (int)pid, WEXITSTATUS(status));
    }
  }
}

// Whether a file that execve refused looks like text.
static bool is_script(const char *path) {
  char head[64];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t bytes = read(fd, head, sizeof head);
  close(fd);
  return bytes >= 0 && !memchr(head, 0, (size_t)bytes);
}

// Starts a program file: in a child if `pid` is not NULL, else in place of the shell. Returns 0 or
// an errno.
static int start(struct shell *shell, const char *path, char **argv, char **environment,
                 pid_t *pid) {
  if (!pid) {
    execve(path, argv, environment);
    return errno;
  }
  posix_spawnattr_t attributes;
  int error = posix_spawnattr_init(&attributes);
  if (error) return error;
  if (shell->controls) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  error = posix_spawn(pid, path, NULL, &attributes, argv, environment);
  posix_spawnattr_destroy(&attributes);
  return error;
}

static int start_script(struct shell *shell, const char *path, char **argv, char **environment,
                        pid_t *pid) {
  size_t count = 0;
  while (argv[count]) ++count;
  char **list = allocate((count + 2) * sizeof *list);
  list[0] = "/bin/sh";
  list[1] = (char *)path;
  memcpy(list + 2, argv + 1, count * sizeof *list);
  int error = start(shell, list[0], list, environment, pid);
  free(list);
  return error;
}

// Returns 0 or the errno that matters.
static int try(struct shell *shell, const char *path, char **argv, char **environment, pid_t *pid) {
  int error = start(shell, path, argv, environment, pid);
  if (error != ENOEXEC || !is_script(path)) return error;
  return start_script(shell, path, argv, environment, pid) == 0 ? 0 : error;
}

static int search(struct shell *shell, char **argv, char **environment, pid_t *pid) {
  const char *path = variables_get(&shell->variables, "PATH");
  int error = ENOENT;
  if (!path) path = DEFAULT_PATH;
  while (path) {
    size_t length = strcspn(path, ":");
    char *file = allocate(length + strlen(argv[0]) + 2);
    sprintf(file, "%.*s%s%s", (int)length, path, length ? "/" : "", argv[0]);
    int this_error = try(shell, file, argv, environment, pid);
    free(file);
    if (this_error == 0) return 0;
    if (this_error != ENOENT && this_error != ENOTDIR) error = this_error;
    path = path[length] ? path + length + 1 : NULL;
  }
  return error;
}

// Returns 0, or the status of the command after a message.
static int find_and_start(struct shell *shell, char **argv, pid_t *pid) {
  char **environment = variables_environment(&shell->variables);
  bool named = strchr(argv[0], '/');
  int error =
      named ? try(shell, argv[0], argv, environment, pid) : search(shell, argv, environment, pid);
  free(environment);
  if (error == 0) return 0;
  if (error == ENOENT && !named) {
    shell_error("%s: not found", argv[0]);
  } else {
    shell_error("%s: %s", argv[0], strerror(error));
  }
  return error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

int job_spawn(struct shell *shell, char **argv, pid_t *pid) {
  return find_and_start(shell, argv, pid);
}

void job_exec(struct shell *shell, char **argv) { exit(find_and_start(shell, argv, NULL)); }
