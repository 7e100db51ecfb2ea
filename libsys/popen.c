// Programs run by the shell: popen, pclose, system.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocols/fs.h"

static pid_t child_of[FS_OPEN_MAX];  // by descriptor of the stream

static void become_shell(const char *command) {
  execl("/bin/sh", "sh", "-c", command, (char *)NULL);
  _exit(127);
}

// The child's side of popen: `theirs` becomes stdin or stdout.
static void run_child(const char *command, int theirs, int standard) {
  if (theirs == standard) {
    fcntl(theirs, F_SETFD, 0);
  } else {
    dup2(theirs, standard);
  }
  become_shell(command);
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
  pid_t pid = stream ? fork() : -1;
  if (pid == 0) run_child(command, theirs, reads ? STDOUT_FILENO : STDIN_FILENO);
  int error = errno;
  close(theirs);
  if (pid < 0) {
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
  pid_t pid = fork();
  if (pid < 0) return -1;
  if (pid == 0) become_shell(command);
  int status;
  return waitpid(pid, &status, 0) < 0 ? -1 : status;
}
