#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/sh/builtins.h"

enum { TRUE = 0, FALSE = 1 };

static int usage(void) {
  shell_error("test: not an expression");
  return STATUS_USAGE;
}

static int truth(bool value) { return value ? TRUE : FALSE; }

static int test_one(const char *operation, const char *operand) {
  struct stat status;
  if (operation[0] != '-' || !operation[1] || operation[2]) return usage();
  switch (operation[1]) {
    case 'n':
      return truth(*operand);
    case 'z':
      return truth(!*operand);
    case 'r':
      return truth(access(operand, R_OK) == 0);
    case 'w':
      return truth(access(operand, W_OK) == 0);
    case 'x':
      return truth(access(operand, X_OK) == 0);
    case 't':
      return truth(isatty(atoi(operand)));
    case 'h':
    case 'L':
      return truth(lstat(operand, &status) == 0 && S_ISLNK(status.st_mode));
  }
  bool exists = stat(operand, &status) == 0;
  switch (operation[1]) {
    case 'e':
      return truth(exists);
    case 'f':
      return truth(exists && S_ISREG(status.st_mode));
    case 'd':
      return truth(exists && S_ISDIR(status.st_mode));
    case 's':
      return truth(exists && status.st_size > 0);
  }
  return usage();
}

static bool number(const char *text, long *value) {
  char *end;
  *value = strtol(text, &end, 10);
  return *text && !*end;
}

static int test_two(const char *left, const char *operation, const char *right) {
  static const char *const operations[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"};
  if (strcmp(operation, "=") == 0 || strcmp(operation, "==") == 0) {
    return truth(strcmp(left, right) == 0);
  }
  if (strcmp(operation, "!=") == 0) return truth(strcmp(left, right) != 0);
  long a, b;
  if (!number(left, &a) || !number(right, &b)) return usage();
  const bool results[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
  for (size_t i = 0; i < sizeof results / sizeof *results; ++i) {
    if (strcmp(operation, operations[i]) == 0) return truth(results[i]);
  }
  return usage();
}

int builtin_test(struct shell *shell, int argc, char **argv) {
  if (strcmp(argv[0], "[") == 0 && strcmp(argv[--argc], "]") != 0) {
    shell_error("[: ] is missing");
    return STATUS_USAGE;
  }
  if (argc > 1 && strcmp(argv[1], "!") == 0) {
    argv[1] = "test";
    int status = builtin_test(shell, argc - 1, argv + 1);
    return status == STATUS_USAGE ? status : !status;
  }
  switch (argc) {
    case 1:
      return FALSE;
    case 2:
      return truth(*argv[1]);
    case 3:
      return test_one(argv[1], argv[2]);
    case 4:
      return test_two(argv[1], argv[2], argv[3]);
  }
  return usage();
}
