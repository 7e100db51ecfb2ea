// The other exec functions, in terms of execve.
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/program.h"

#define DEFAULT_PATH "/bin"

int execv(const char *path, char *const argv[]) { return execve(path, argv, environ); }

int64_t program_search(const char *file, int64_t (*try)(const char *path, void *context),
                       void *context) {
  if (!*file) return -ENOENT;
  if (strchr(file, '/')) return try(file, context);
  const char *from = getenv("PATH");
  if (!from) from = DEFAULT_PATH;
  int64_t failed = -ENOENT;
  for (const char *end; from; from = *end ? end + 1 : NULL) {
    end = from + strcspn(from, ":");
    char path[PATH_MAX];
    size_t length = (size_t)(end - from);
    if (length + 1 + strlen(file) + 1 > sizeof path) continue;
    memcpy(path, from, length);
    if (length) path[length++] = '/';  // an empty part is the working directory
    strcpy(path + length, file);
    int64_t status = try(path, context);
    if (status == -EACCES) failed = -EACCES;
    if (status != -ENOENT && status != -ENOTDIR && status != -EACCES) return status;
  }
  return failed;
}

struct command {
  char *const *argv, *const *envp;
};

// A file that execve does not know is a script for the shell.
static void run_by_shell(const char *path, char *const argv[], char *const envp[]) {
  size_t count = 0;
  while (argv[count]) ++count;
  char **list = malloc((count + 3) * sizeof *list);
  if (!list) return;
  list[0] = "/bin/sh";
  list[1] = (char *)path;
  for (size_t i = 1; i < count; ++i) list[i + 1] = argv[i];
  list[count ? count + 1 : 2] = NULL;
  execve(list[0], list, envp);
  free(list);
}

static int64_t try_exec(const char *path, void *context) {
  const struct command *command = context;
  int64_t status = program_exec(path, command->argv, command->envp);
  if (status == -ENOEXEC) run_by_shell(path, command->argv, command->envp);
  return status;
}

int execvpe(const char *file, char *const argv[], char *const envp[]) {
  struct command command = {argv, envp};
  return (int)result(program_search(file, try_exec, &command));
}

int execvp(const char *file, char *const argv[]) { return execvpe(file, argv, environ); }

// The arguments from `first` to NULL, as an array.
static void collect(char **argv, const char *first, va_list *list) {
  argv[0] = (char *)first;
  for (size_t i = 0; argv[i]; ++i) argv[i + 1] = va_arg(*list, char *);
}

static size_t count_list(const char *first, va_list list) {
  size_t count = 0;
  for (const char *item = first; item; item = va_arg(list, const char *)) ++count;
  return count;
}

int execl(const char *path, const char *first, ...) {
  va_list list;
  va_start(list, first);
  char *argv[count_list(first, list) + 1];
  va_end(list);
  va_start(list, first);
  collect(argv, first, &list);
  va_end(list);
  return execve(path, argv, environ);
}

int execlp(const char *file, const char *first, ...) {
  va_list list;
  va_start(list, first);
  char *argv[count_list(first, list) + 1];
  va_end(list);
  va_start(list, first);
  collect(argv, first, &list);
  va_end(list);
  return execvp(file, argv);
}

int execle(const char *path, const char *first, ...) {
  va_list list;
  va_start(list, first);
  char *argv[count_list(first, list) + 1];
  va_end(list);
  va_start(list, first);
  collect(argv, first, &list);
  char *const *envp = va_arg(list, char *const *);
  va_end(list);
  return execve(path, argv, envp);
}
