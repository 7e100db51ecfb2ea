// The state of the shell.
#ifndef APPS_SH_SHELL_H
#define APPS_SH_SHELL_H

#include <stdbool.h>
#include <sys/types.h>

#include "apps/sh/arena.h"
#include "apps/sh/variables.h"

// Why execution leaves the command at hand.
enum leaving { LEAVING_NOT, LEAVING_BREAK, LEAVING_CONTINUE, LEAVING_EXIT };

struct shell {
  struct variables variables;
  struct arena arena;  // of the complete command that runs
  int status;          // $?
  pid_t pid;           // $$
  pid_t background;    // $!
  bool interactive;    // asks for lines on a terminal
  bool controls;       // gives its jobs process groups and the terminal
  bool exit_on_error;  // set -e
  bool trace;          // set -x
  enum leaving leaving;
  int leaving_loops;  // LEAVING_BREAK, LEAVING_CONTINUE: how many loops
  int loops;          // around the command at hand
  int conditions;     // around it, where failure does not end the shell
};

enum {
  STATUS_USAGE = 2,
  STATUS_NOT_EXECUTABLE = 126,
  STATUS_NOT_FOUND = 127,
  STATUS_SIGNAL = 128,
};

// Writes "sh: " and a message to standard error.
__attribute__((format(printf, 1, 2))) void shell_error(const char *format, ...);

// Runs all commands in `text`. Returns the last status.
int shell_run_text(struct shell *shell, const char *text);
// Runs the commands in an open file, closes it.
int shell_run_file(struct shell *shell, int fd);
// Expands the words behind a command line's $(...): see expand.h.
char *shell_substitute(const char *command, void *shell);

#endif
