#include "apps/sh/builtins.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/sh/job.h"
#include "apps/sh/memory.h"

static int fail(const char *what) {
  shell_error("%s: %s", what, strerror(errno));
  return 1;
}

static int do_true(struct shell *shell, int argc, char **argv) {
  (void)shell, (void)argc, (void)argv;
  return 0;
}

static int do_false(struct shell *shell, int argc, char **argv) {
  (void)shell, (void)argc, (void)argv;
  return 1;
}

static int do_cd(struct shell *shell, int argc, char **argv) {
  const char *target = argc > 1 ? argv[1] : variables_get(&shell->variables, "HOME");
  if (target && strcmp(target, "-") == 0) target = variables_get(&shell->variables, "OLDPWD");
  if (!target) target = "/";
  char old[PATH_MAX], now[PATH_MAX];
  bool known = getcwd(old, sizeof old);
  if (chdir(target)) {
    shell_error("cd: %s: %s", target, strerror(errno));
    return 1;
  }
  if (known) variables_set(&shell->variables, "OLDPWD", old);
  if (getcwd(now, sizeof now)) variables_set(&shell->variables, "PWD", now);
  return 0;
}

static int do_pwd(struct shell *shell, int argc, char **argv) {
  (void)shell, (void)argc, (void)argv;
  char path[PATH_MAX];
  if (!getcwd(path, sizeof path)) return fail("pwd");
  puts(path);
  return 0;
}

static int do_exit(struct shell *shell, int argc, char **argv) {
  shell->leaving = LEAVING_EXIT;
  return argc > 1 ? atoi(argv[1]) & 0xff : shell->status;
}

static int leave_loops(struct shell *shell, enum leaving leaving, int argc, char **argv) {
  int loops = argc > 1 ? atoi(argv[1]) : 1;
  if (loops < 1) {
    shell_error("%s: %s: not a number of loops", argv[0], argv[1]);
    return 1;
  }
  if (!shell->loops) return 0;
  shell->leaving = leaving;
  shell->leaving_loops = loops < shell->loops ? loops : shell->loops;
  return 0;
}

static int do_break(struct shell *shell, int argc, char **argv) {
  return leave_loops(shell, LEAVING_BREAK, argc, argv);
}

static int do_continue(struct shell *shell, int argc, char **argv) {
  return leave_loops(shell, LEAVING_CONTINUE, argc, argv);
}

static int do_export(struct shell *shell, int argc, char **argv) {
  if (argc == 1) {
    char **environment = variables_environment(&shell->variables);
    for (char **entry = environment; *entry; ++entry) printf("export %s\n", *entry);
    free(environment);
    return 0;
  }
  for (int i = 1; i < argc; ++i) {
    size_t length = strcspn(argv[i], "=");
    if (!variables_is_name(argv[i], length)) {
      shell_error("export: %s: not a name", argv[i]);
      return 1;
    }
    variables_assign(&shell->variables, argv[i]);
    argv[i][length] = 0;
    variables_export(&shell->variables, argv[i]);
  }
  return 0;
}

static int do_unset(struct shell *shell, int argc, char **argv) {
  for (int i = 1; i < argc; ++i) variables_unset(&shell->variables, argv[i]);
  return 0;
}

// Copies of the arguments from argv[0]; older ones stay, $0 is among them.
static void set_arguments(struct shell *shell, int argc, char **argv) {
  char **arguments = allocate(((size_t)argc + 2) * sizeof *arguments);
  arguments[0] = shell->variables.arguments[0];
  for (int i = 0; i < argc; ++i) arguments[i + 1] = allocate_string(argv[i]);
  arguments[argc + 1] = NULL;
  shell->variables.arguments = arguments;
  shell->variables.count = (size_t)argc;
}

static int do_set(struct shell *shell, int argc, char **argv) {
  int i = 1;
  for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+'); ++i) {
    if (strcmp(argv[i], "--") == 0) break;
    bool on = argv[i][0] == '-';
    for (const char *flag = argv[i] + 1; *flag; ++flag) {
      if (*flag == 'e') {
        shell->exit_on_error = on;
      } else if (*flag == 'x') {
        shell->trace = on;
      } else {
        shell_error("set: -%c: unknown option", *flag);
        return STATUS_USAGE;
      }
    }
  }
  if (i < argc) {
    if (strcmp(argv[i], "--") == 0) ++i;
    set_arguments(shell, argc - i, argv + i);
  }
  return 0;
}

static int do_shift(struct shell *shell, int argc, char **argv) {
  size_t count = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 1;
  struct variables *variables = &shell->variables;
  if (count > variables->count) return 1;
  memmove(variables->arguments + 1, variables->arguments + 1 + count,
          (variables->count - count + 1) * sizeof *variables->arguments);
  variables->count -= count;
  return 0;
}

// Reads one line into the variables: a word each, the rest in the last.
static int do_read(struct shell *shell, int argc, char **argv) {
  char line[LINE_MAX];
  size_t length = 0;
  ssize_t bytes;
  char c = 0;
  while ((bytes = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
    if (length < sizeof line - 1) line[length++] = c;
  }
  line[length] = 0;
  char *rest = line;
  for (int i = 1; i < argc; ++i) {
    rest += strspn(rest, " \t");
    size_t word = i + 1 < argc ? strcspn(rest, " \t") : strlen(rest);
    char *next = rest[word] ? rest + word + 1 : rest + word;
    rest[word] = 0;
    variables_set(&shell->variables, argv[i], rest);
    rest = next;
  }
  return bytes == 1 ? 0 : 1;
}

static int do_source(struct shell *shell, int argc, char **argv) {
  int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return fail(argc > 1 ? argv[1] : ".");
  return shell_run_file(shell, fd);
}

static int do_echo(struct shell *shell, int argc, char **argv) {
  (void)shell;
  int i = 1;
  bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;
  if (!newline) ++i;
  for (; i < argc; ++i) {
    fputs(argv[i], stdout);
    if (i + 1 < argc) putchar(' ');
  }
  if (newline) putchar('\n');
  return 0;
}

// With redirections only, they stay (run.c).
static int do_exec(struct shell *shell, int argc, char **argv) {
  if (argc > 1) job_exec(shell, argv + 1);
  return 0;
}

static int do_wait(struct shell *shell, int argc, char **argv) {
  if (argc > 1) return job_wait(shell, (pid_t)atoi(argv[1]));
  while (waitpid(-1, NULL, 0) > 0) continue;
  return 0;
}

static int do_umask(struct shell *shell, int argc, char **argv) {
  (void)shell;
  if (argc > 1) {
    umask((mode_t)strtoul(argv[1], NULL, 8) & 0777);
  } else {
    mode_t mask = umask(0);
    umask(mask);
    printf("%04o\n", (unsigned)mask);
  }
  return 0;
}

builtin_function builtin_find(const char *name) {
  static const struct {
    const char *name;
    builtin_function function;
  } builtins[] = {
      {".", do_source},       {":", do_true},      {"[", builtin_test},
      {"break", do_break},    {"cd", do_cd},       {"continue", do_continue},
      {"echo", do_echo},      {"exec", do_exec},   {"exit", do_exit},
      {"export", do_export},  {"false", do_false}, {"pwd", do_pwd},
      {"read", do_read},      {"set", do_set},     {"shift", do_shift},
      {"test", builtin_test}, {"true", do_true},   {"umask", do_umask},
      {"unset", do_unset},    {"wait", do_wait},
  };
  for (size_t i = 0; i < sizeof builtins / sizeof *builtins; ++i) {
    if (strcmp(builtins[i].name, name) == 0) return builtins[i].function;
  }
  return NULL;
}
