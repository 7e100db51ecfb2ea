// Writes all rows: group, text and result, separated by tabs.
// For mremap.
#define _GNU_SOURCE

#include <stdio.h>

#include "tests/vm/errors/errors.h"

static const char *group;

static void write_row(const char *text, const char *result) {
  printf("%s\t%s\t%s\n", group, text, result);
  fflush(stdout);
}

int main(void) {
  errors_sink = write_row;
#define X(name)  \
  group = #name; \
  errors_##name();
  ERROR_GROUPS(X)
#undef X
}
