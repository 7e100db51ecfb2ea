#include "apps/coreutils/common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void common_help(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], "--help") != 0) return;
  fputs(program_help, stdout);
  exit(0);
}

void common_usage(void) {
  fputs(program_help, stderr);
  exit(2);
}

int common_flags(int argc, char **argv, const char *letters, bool given[]) {
  common_help(argc, argv);
  int i = 1;
  for (; i < argc && argv[i][0] == '-' && argv[i][1]; ++i) {
    if (strcmp(argv[i], "--") == 0) return i + 1;
    for (const char *letter = argv[i] + 1; *letter; ++letter) {
      const char *known = strchr(letters, *letter);
      if (!known) common_usage();
      given[known - letters] = true;
    }
  }
  return i;
}

int common_error(const char *what) {
  int error = errno;
  fflush(stdout);
  fprintf(stderr, "%s: %s: %s\n", program_name, what, strerror(error));
  return 1;
}

// What a utility has printed must be where it was to go before it says that all is well (POSIX,
// "Utility Description Defaults", section 1.4).
static void check_output(void) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return;
  common_error("standard output");
  fflush(stderr);
  _exit(1);
}

__attribute__((constructor)) static void check_output_at_exit(void) { atexit(check_output); }

bool common_copy(int from, int to) {
  static char buffer[16384];
  for (ssize_t bytes; (bytes = read(from, buffer, sizeof buffer)) != 0;) {
    if (bytes < 0) return false;
    for (ssize_t done = 0, now; done < bytes; done += now) {
      now = write(to, buffer + done, (size_t)(bytes - done));
      if (now < 0) return false;
    }
  }
  return true;
}

char *common_path(const char *directory, const char *name) {
  size_t length = strlen(directory);
  char *path = malloc(length + strlen(name) + 2);
  if (!path) exit(common_error(directory));
  bool slash = length && directory[length - 1] == '/';
  sprintf(path, "%s%s%s", directory, slash ? "" : "/", name);
  return path;
}

const char *common_base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}
