#include "apps/sh/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/sh/builtins.h"
#include "apps/sh/expand.h"
#include "apps/sh/glob.h"
#include "apps/sh/job.h"
#include "apps/sh/redirect.h"

#define PIPELINE_MAX 32

static struct expansion expansion_of(struct shell *shell) {
  return (struct expansion){
      .variables = &shell->variables,
      .arena = &shell->arena,
      .status = shell->status,
      .shell = shell->pid,
      .background = shell->background,
      .substitute = shell_substitute,
      .glob = glob_words,
      .context = shell,
  };
}

const char *run_expand_text(struct shell *shell, const char *text) {
  struct expansion expansion = expansion_of(shell);
  const char *expanded = expand_text(&expansion, text);
  if (!expanded) shell_error("%s: %s", text, expansion.error);
  return expanded;
}

// The words as argv. NULL: refused, a message has been written.
static char **expand_arguments(struct shell *shell, const struct word *words, int *count) {
  struct expansion expansion = expansion_of(shell);
  struct word *expanded = expand_words(&expansion, words);
  if (expansion.error) {
    shell_error("%s", expansion.error);
    return NULL;
  }
  *count = 0;
  for (struct word *word = expanded; word; word = word->next) ++*count;
  char **argv = arena_allocate(&shell->arena, ((size_t)*count + 1) * sizeof *argv);
  char **next = argv;
  for (struct word *word = expanded; word; word = word->next) *next++ = (char *)word->text;
  return argv;
}

// name=value words. `exported`: for the program that is about to start.
static bool assign(struct shell *shell, const struct word *assignments, bool exported) {
  for (; assignments; assignments = assignments->next) {
    const char *equals = strchr(assignments->text, '=');
    const char *value = run_expand_text(shell, equals + 1);
    if (!value) return false;
    char *name =
        arena_string(&shell->arena, assignments->text, (size_t)(equals - assignments->text));
    variables_set(&shell->variables, name, value);
    if (exported) variables_export(&shell->variables, name);
  }
  return true;
}

static void trace(char **argv) {
  fputc('+', stderr);
  for (; *argv; ++argv) fprintf(stderr, " %s", *argv);
  fputc('\n', stderr);
}

static int run_builtin(struct shell *shell, builtin_function function, const struct node *node,
                       int argc, char **argv) {
  bool stays = strcmp(argv[0], "exec") == 0;
  struct saved_descriptors saved = {0};
  int status = 1;
  if (assign(shell, node->assignments, false) &&
      redirect(shell, node->redirects, stays ? NULL : &saved)) {
    status = function(shell, argc, argv);
  }
  if (fflush(stdout) != 0 || ferror(stdout)) {
    shell_error("%s: standard output: %s", argv[0], strerror(errno));
    clearerr(stdout);
    status = 1;
  }
  redirect_restore(&saved);
  return status;
}

// In a child: becomes the program.
static _Noreturn void become_program(struct shell *shell, const struct node *node, char **argv) {
  if (!assign(shell, node->assignments, true) || !redirect(shell, node->redirects, NULL)) exit(1);
  job_exec(shell, argv);
}

// Runs a program with the shell's own variables: its redirections are the shell's for a moment.
static int run_program(struct shell *shell, const struct node *node, char **argv) {
  struct saved_descriptors saved;
  pid_t pid;
  int status = 1;
  if (redirect(shell, node->redirects, &saved)) status = job_spawn(shell, argv, &pid);
  redirect_restore(&saved);
  if (status != 0) return status;
  job_give_terminal(shell, pid);
  status = job_wait(shell, pid);
  job_take_terminal(shell);
  return status;
}

static bool has_few_redirects(const struct node *node) {
  int count = 0;
  for (const struct redirect *at = node->redirects; at; at = at->next) ++count;
  return count <= REDIRECTS_SAVED_MAX;
}

static int run_simple(struct shell *shell, const struct node *node, bool in_child) {
  int argc;
  char **argv = expand_arguments(shell, node->words, &argc);
  if (!argv) return 1;
  if (shell->trace && argc) trace(argv);
  if (argc == 0) {
    struct saved_descriptors saved = {0};
    int before = shell->status;
    bool done = assign(shell, node->assignments, false) && redirect(shell, node->redirects, &saved);
    redirect_restore(&saved);
    // The status of a command substitution is that of the command.
    return !done ? 1 : shell->status != before ? shell->status : 0;
  }
  builtin_function function = builtin_find(argv[0]);
  if (function) return run_builtin(shell, function, node, argc, argv);
  if (in_child) become_program(shell, node, argv);
  if (!node->assignments && has_few_redirects(node)) return run_program(shell, node, argv);
  pid_t pid = job_fork(shell, 0, true);
  if (pid < 0) return 1;
  if (pid == 0) become_program(shell, node, argv);
  int status = job_wait(shell, pid);
  job_take_terminal(shell);
  return status;
}

static int run_node(struct shell *shell, const struct node *node, bool in_child);

// Runs `node` in this process, a child made for it, and ends.
static _Noreturn void end_with(struct shell *shell, const struct node *node) {
  shell->loops = 0;
  int status = run_node(shell, node, true);
  exit(status);
}

static int run_subshell(struct shell *shell, const struct node *node) {
  pid_t pid = job_fork(shell, 0, true);
  if (pid < 0) return 1;
  if (pid == 0) end_with(shell, node->first);
  int status = job_wait(shell, pid);
  job_take_terminal(shell);
  return status;
}

static int run_background(struct shell *shell, const struct node *node) {
  pid_t pid = job_fork(shell, 0, false);
  if (pid < 0) return 1;
  if (pid == 0) {
    int null = open("/dev/null", O_RDONLY);
    if (null > 0) {
      dup2(null, STDIN_FILENO);
      close(null);
    }
    end_with(shell, node->first);
  }
  shell->background = pid;
  if (shell->interactive) fprintf(stderr, "[%d]\n", (int)pid);
  return 0;
}

// In a child: standard input and output of one part of a pipeline.
static void connect(int input, int output, int other) {
  if (other >= 0) close(other);
  if (input != STDIN_FILENO) {
    dup2(input, STDIN_FILENO);
    close(input);
  }
  if (output != STDOUT_FILENO) {
    dup2(output, STDOUT_FILENO);
    close(output);
  }
}

// Starts the parts from left to right. Returns how many could be started.
static int start_pipeline(struct shell *shell, const struct node **parts, int count, pid_t *pids) {
  int input = STDIN_FILENO, started = 0;
  for (; started < count; ++started) {
    bool last = started + 1 == count;
    int fds[2] = {-1, STDOUT_FILENO};
    if (!last && pipe(fds)) {
      shell_error("cannot make a pipe: %s", strerror(errno));
      break;
    }
    pid_t pid = job_fork(shell, started ? pids[0] : 0, true);
    if (pid == 0) {
      connect(input, fds[1], fds[0]);
      end_with(shell, parts[started]);
    }
    if (input != STDIN_FILENO) close(input);
    if (!last) close(fds[1]);
    input = fds[0];
    if (pid < 0) break;
    pids[started] = pid;
  }
  if (input > STDIN_FILENO) close(input);
  return started;
}

static int run_pipeline(struct shell *shell, const struct node *node) {
  const struct node *parts[PIPELINE_MAX];
  pid_t pids[PIPELINE_MAX];
  int count = 1;
  for (const struct node *n = node; n->kind == NODE_PIPE; n = n->first) ++count;
  if (count > PIPELINE_MAX) {
    shell_error("a pipeline of more than %d commands", PIPELINE_MAX);
    return 1;
  }
  int i = count - 1;
  for (; node->kind == NODE_PIPE; node = node->first) parts[i--] = node->second;
  parts[0] = node;
  int started = start_pipeline(shell, parts, count, pids), status = 1;
  for (i = 0; i < started; ++i) status = job_wait(shell, pids[i]);
  job_take_terminal(shell);
  return started == count ? status : 1;
}

// Runs what decides about something: its failure does not end the shell.
static int run_condition(struct shell *shell, const struct node *node) {
  ++shell->conditions;
  int status = run(shell, node);
  --shell->conditions;
  return status;
}

static int run_if(struct shell *shell, const struct node *node) {
  int status = run_condition(shell, node->first);
  if (shell->leaving) return status;
  if (status == 0) return run(shell, node->second);
  return node->third ? run(shell, node->third) : 0;
}

// After a loop's body: whether the loop goes on.
static bool goes_on(struct shell *shell) {
  if (shell->leaving == LEAVING_NOT) return true;
  if (shell->leaving == LEAVING_EXIT) return false;
  if (--shell->leaving_loops > 0) return false;
  bool again = shell->leaving == LEAVING_CONTINUE;
  shell->leaving = LEAVING_NOT;
  return again;
}

static int run_while(struct shell *shell, const struct node *node) {
  int status = 0;
  ++shell->loops;
  for (;;) {
    bool holds = run_condition(shell, node->first) == 0;
    if (shell->leaving || holds != (node->kind == NODE_WHILE)) break;
    status = run(shell, node->second);
    if (!goes_on(shell)) break;
  }
  --shell->loops;
  return status;
}

static int run_for(struct shell *shell, const struct node *node) {
  static const struct word all = {.text = "\"$@\""};
  int count, status = 0;
  char **values = expand_arguments(shell, node->for_arguments ? &all : node->words, &count);
  if (!values) return 1;
  ++shell->loops;
  for (int i = 0; i < count; ++i) {
    variables_set(&shell->variables, node->name, values[i]);
    status = run(shell, node->second);
    if (!goes_on(shell)) break;
  }
  --shell->loops;
  return status;
}

static int run_and_or(struct shell *shell, const struct node *node) {
  int status = run_condition(shell, node->first);
  if (shell->leaving || (status == 0) != (node->kind == NODE_AND)) return status;
  return run(shell, node->second);
}

static int run_sequence(struct shell *shell, const struct node *node) {
  int status = run(shell, node->first);
  return shell->leaving ? status : run(shell, node->second);
}

// Everything but simple commands.
static int run_compound(struct shell *shell, const struct node *node) {
  switch (node->kind) {
    case NODE_PIPE:
      return run_pipeline(shell, node);
    case NODE_AND:
    case NODE_OR:
      return run_and_or(shell, node);
    case NODE_SEQUENCE:
      return run_sequence(shell, node);
    case NODE_BACKGROUND:
      return run_background(shell, node);
    case NODE_NOT:
      return !run_condition(shell, node->first);
    case NODE_SUBSHELL:
      return run_subshell(shell, node);
    case NODE_IF:
      return run_if(shell, node);
    case NODE_WHILE:
    case NODE_UNTIL:
      return run_while(shell, node);
    case NODE_FOR:
      return run_for(shell, node);
    case NODE_GROUP:
    case NODE_SIMPLE:
      break;
  }
  return run(shell, node->first);
}

static int run_redirected(struct shell *shell, const struct node *node) {
  struct saved_descriptors saved;
  int status = redirect(shell, node->redirects, &saved) ? run_compound(shell, node) : 1;
  redirect_restore(&saved);
  return status;
}

// Whether set -e ends the shell after a failure of this kind of command.
static bool ends_shell(const struct shell *shell, const struct node *node) {
  bool direct = node->kind == NODE_SIMPLE || node->kind == NODE_PIPE || node->kind == NODE_SUBSHELL;
  return shell->exit_on_error && direct && shell->conditions == 0;
}

static int run_node(struct shell *shell, const struct node *node, bool in_child) {
  int status;
  if (node->kind == NODE_SIMPLE) {
    status = run_simple(shell, node, in_child);
  } else if (node->redirects) {
    status = run_redirected(shell, node);
  } else {
    status = run_compound(shell, node);
  }
  shell->status = status;
  if (status != 0 && !shell->leaving && ends_shell(shell, node)) shell->leaving = LEAVING_EXIT;
  return status;
}

int run(struct shell *shell, const struct node *node) { return run_node(shell, node, false); }
