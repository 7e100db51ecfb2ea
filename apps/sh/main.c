// sh: runs commands from a terminal, a file, standard input or its command line.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/sh/job.h"
#include "apps/sh/memory.h"
#include "apps/sh/parser.h"
#include "apps/sh/run.h"
#include "apps/sh/shell.h"

#define PROMPT "$ "
#define PROMPT_MORE "> "

struct input {
  char *text;  // what has been read and not run yet
  size_t length, size;
};

static void usage(FILE *stream) {
  fputs(
      "usage: sh [-c LINE | FILE] [ARGUMENT]...\n"
      "Runs commands from LINE, from FILE, or from standard input.\n",
      stream);
}

static void append(struct input *input, const char *text, size_t length) {
  if (input->length + length + 1 > input->size) {
    input->size = 2 * (input->length + length + 1);
    input->text = reallocate(input->text, input->size);
  }
  memcpy(input->text + input->length, text, length);
  input->length += length;
  input->text[input->length] = 0;
}

// Reads one line more. A terminal gives one at a time; of anything else no byte may be taken that a
// command could want to read. false: end of input.
static bool read_line(struct shell *shell, struct input *input, const char *prompt) {
  char buffer[1024];
  if (shell->interactive) {
    fflush(stdout);
    write(STDERR_FILENO, prompt, strlen(prompt));
  }
  for (;;) {
    ssize_t bytes = read(STDIN_FILENO, buffer, shell->interactive ? sizeof buffer : 1);
    if (bytes < 0 && errno == EINTR) {  // Ctrl-C: the line is given up
      input->length = 0;
      append(input, "\n", 1);
      return true;
    }
    if (bytes <= 0) return false;
    append(input, buffer, (size_t)bytes);
    if (buffer[bytes - 1] == '\n') return true;
  }
}

// Runs the commands in the input as far as they are complete.
static void run_input(struct shell *shell, struct input *input, bool ended) {
  const char *text = input->text, *rest = text;
  while (shell->leaving == LEAVING_NOT) {
    struct node *command;
    const char *message = NULL;
    rest = text;
    enum parse_result result = parse(&text, &shell->arena, &command, &message);
    if (result == PARSE_OK) run(shell, command);
    arena_free(&shell->arena);
    if (result == PARSE_INCOMPLETE && !ended) break;
    if (result == PARSE_ERROR || result == PARSE_INCOMPLETE) {
      shell_error("syntax error: %s",
                  result == PARSE_INCOMPLETE ? "unexpected end of input" : message);
      shell->status = STATUS_USAGE;
    }
    if (result != PARSE_OK) {
      rest = input->text + input->length;
      break;
    }
  }
  input->length -= (size_t)(rest - input->text);
  memmove(input->text, rest, input->length + 1);
}

static void run_standard_input(struct shell *shell) {
  struct input input = {0};
  append(&input, "", 0);
  while (shell->leaving == LEAVING_NOT) {
    if (shell->interactive) {
      job_reap(shell);
      job_take_terminal(shell);
    }
    bool more = read_line(shell, &input, input.length ? PROMPT_MORE : PROMPT);
    run_input(shell, &input, !more);
    if (!more) break;
  }
  if (shell->interactive && shell->leaving == LEAVING_NOT) fputc('\n', stderr);
}

static void run_script(struct shell *shell, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    shell_error("%s: %s", path, strerror(errno));
    exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
  }
  shell_run_file(shell, fd);
}

// $0, $1, ...: in memory of its own, since shift changes the list.
static void set_arguments(struct shell *shell, char **argv, int count) {
  char **list = allocate(((size_t)count + 1) * sizeof *list);
  memcpy(list, argv, (size_t)count * sizeof *list);
  list[count] = NULL;
  shell->variables.arguments = list;
  shell->variables.count = (size_t)count - 1;
}

int main(int argc, char **argv) {
  static struct shell shell;
  shell.pid = getpid();
  variables_import(&shell.variables, environ);
  if (argc > 1 && strcmp(argv[1], "--help") == 0) {
    usage(stdout);
    return 0;
  }
  if (argc > 1 && strcmp(argv[1], "-c") == 0) {
    if (argc < 3) {
      usage(stderr);
      return STATUS_USAGE;
    }
    set_arguments(&shell, argc > 3 ? argv + 3 : argv, argc > 3 ? argc - 3 : 1);
    shell_run_text(&shell, argv[2]);
  } else if (argc > 1) {
    set_arguments(&shell, argv + 1, argc - 1);
    run_script(&shell, argv[1]);
  } else {
    set_arguments(&shell, argv, 1);
    shell.interactive = shell.controls = isatty(STDIN_FILENO);
    run_standard_input(&shell);
  }
  return shell.status;
}
