#include "apps/sh/shell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/sh/job.h"
#include "apps/sh/memory.h"
#include "apps/sh/parser.h"
#include "apps/sh/run.h"

void shell_error(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  fputs("sh: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

int shell_run_text(struct shell *shell, const char *text) {
  struct arena outer = shell->arena;
  while (shell->leaving == LEAVING_NOT) {
    struct node *command;
    const char *message = NULL;
    shell->arena = (struct arena){0};
    enum parse_result result = parse(&text, &shell->arena, &command, &message);
    if (result == PARSE_OK) {
      run(shell, command);
    } else if (result != PARSE_END) {
      shell_error("syntax error: %s",
                  result == PARSE_INCOMPLETE ? "unexpected end of input" : message);
      shell->status = STATUS_USAGE;
    }
    arena_free(&shell->arena);
    if (result != PARSE_OK) break;
  }
  shell->arena = outer;
  return shell->status;
}

// All of a file, terminated by 0, for free(). NULL with errno.
static char *read_all(int fd) {
  char *text = NULL;
  size_t length = 0, size = 0;
  ssize_t bytes;
  do {
    if (size - length < 2) {
      size = size ? 2 * size : 1024;
      text = reallocate(text, size);
    }
    bytes = read(fd, text + length, size - length - 1);
    if (bytes > 0) length += (size_t)bytes;
  } while (bytes > 0);
  text[length] = 0;
  if (bytes == 0) return text;
  free(text);
  return NULL;
}

int shell_run_file(struct shell *shell, int fd) {
  char *text = read_all(fd);
  close(fd);
  if (!text) {
    shell_error("cannot read: %s", strerror(errno));
    return 1;
  }
  int status = shell_run_text(shell, text);
  free(text);
  return status;
}

char *shell_substitute(const char *command, void *context) {
  struct shell *shell = context;
  int fds[2];
  if (pipe(fds)) return NULL;
  pid_t pid = fork();
  if (pid == 0) {
    shell->controls = shell->interactive = false;
    shell->loops = 0;
    close(fds[0]);
    if (fds[1] != STDOUT_FILENO) {
      dup2(fds[1], STDOUT_FILENO);
      close(fds[1]);
    }
    exit(shell_run_text(shell, command));
  }
  close(fds[1]);
  char *output = pid > 0 ? read_all(fds[0]) : NULL;
  close(fds[0]);
  if (pid > 0) shell->status = job_wait(shell, pid);
  return output;
}
