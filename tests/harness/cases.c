#include "tests/harness/cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char message[256];

void case_failed(const char *file, int line, const char *format, ...) {
  if (case_has_failed()) return;
  int n = snprintf(message, sizeof message, "%s:%d: ", file, line);
  if (n < 0 || (size_t)n >= sizeof message) return;
  va_list args;
  va_start(args, format);
  vsnprintf(message + n, sizeof message - (size_t)n, format, args);
  va_end(args);
}

bool case_has_failed(void) { return message[0] != 0; }

static void run(const char *name) {
  const struct test_case *c = __start_test_cases;
  while (c < __stop_test_cases && strcmp(c->name, name) != 0) c++;
  if (c == __stop_test_cases) {
    printf("@fail %s: no such case\n", name);
    return;
  }
  message[0] = 0;
  c->run();
  if (case_has_failed())
    printf("@fail %s: %s\n", name, message);
  else
    printf("@pass %s\n", name);
}

int main(void) {
  char line[128];
  printf("@ready\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\r\n")] = 0;
    if (strcmp(line, "list") == 0) {
      for (const struct test_case *c = __start_test_cases; c < __stop_test_cases; c++)
        printf("@case %s\n", c->name);
      printf("@end\n");
    } else if (strncmp(line, "run ", 4) == 0) {
      run(line + 4);
    } else if (strncmp(line, "exit ", 5) == 0) {
      return atoi(line + 5);
    }
    fflush(stdout);
  }
  return 1;
}
