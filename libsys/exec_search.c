// The other exec functions, in terms of execve.
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/bin"

int execv(const char *path, char *const argv[]) { return execve(path, argv, environ); }

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

static void try(const char *path, char *const argv[], char *const envp[]) {
  execve(path, argv, envp);
  if (errno == ENOEXEC) run_by_shell(path, argv, envp);
}

int execvpe(const char *file, char *const argv[], char *const envp[]) {
  if (!*file) {
    errno = ENOENT;
    return -1;
  }
  if (strchr(file, '/')) {
    try(file, argv, envp);
    return -1;
  }
  const char *from = getenv("PATH");
  if (!from) from = DEFAULT_PATH;
  int denied = 0;
  for (const char *end; from; from = *end ? end + 1 : NULL) {
    end = from + strcspn(from, ":");
    char path[PATH_MAX];
    size_t length = (size_t)(end - from);
    if (length + 1 + strlen(file) + 1 > sizeof path) continue;
    memcpy(path, from, length);
    if (length) path[length++] = '/';  // an empty part is the working directory
    strcpy(path + length, file);
    try(path, argv, envp);
    if (errno == EACCES) denied = 1;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return -1;
  }
  errno = denied ? EACCES : ENOENT;
  return -1;
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
