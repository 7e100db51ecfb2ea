// Compares each row with what Linux said when the test was built (golden.inc), and each difference
// with the list of those that there are reasons for.
// For mremap.
#define _GNU_SOURCE

#include "tests/vm/errors/errors.h"

#include <stdio.h>
#include <string.h>

#include "tests/harness/cases.h"

static const char golden[] =
#include "tests/vm/errors/golden.inc"
    ;

// What is not as on Linux, and why.
static const struct difference {
  const char *group, *text, *result;
} differences[] = {
#ifndef __linux__
#include "tests/vm/errors/differences.inc"
#endif
    {NULL, NULL, NULL},
};

static const char *group;

static const struct difference *difference_of(const char *text) {
  const struct difference *d = differences;
  while (d->group && (strcmp(d->group, group) != 0 || strcmp(d->text, text) != 0)) d++;
  return d->group ? d : NULL;
}

// Finds the result that Linux gave. False if it has no such row.
static bool find(const char *text, char *result, size_t size) {
  char key[128];
  int length = snprintf(key, sizeof key, "%s\t%s\t", group, text);
  for (const char *line = golden; *line; line = strchr(line, '\n') + 1) {
    if (strncmp(line, key, (size_t)length) != 0) continue;
    line += length;
    size_t bytes = strcspn(line, "\n");
    if (bytes >= size) return false;
    memcpy(result, line, bytes);
    result[bytes] = 0;
    return true;
  }
  return false;
}

static void compare_row(const char *text, const char *result) {
  char right[32];
  if (!find(text, right, sizeof right)) {
    case_failed(__FILE__, __LINE__, "%s, %s: not in Linux's table", group, text);
    return;
  }
  const struct difference *difference = difference_of(text);
  const char *wanted = difference ? difference->result : right;
  if (strcmp(result, wanted) == 0 && !(difference && strcmp(wanted, right) == 0)) return;
  printf("%s, %s: %s, on Linux %s\n", group, text, result, right);
  case_failed(__FILE__, __LINE__, "%s, %s: %s and not %s", group, text, result, wanted);
}

#define X(name)                \
  CASE(Errors, name) {         \
    errors_sink = compare_row; \
    group = #name;             \
    errors_##name();           \
  }
ERROR_GROUPS(X)
