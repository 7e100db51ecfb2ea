#include <stddef.h>
#include <string.h>

#include "abi/boot.h"
#include "libsys/server_rt/panic.h"
#include "libsys/server_rt/server_rt.h"
#include "tests/kernel/cases.h"
#include "tests/kernel/objects.h"

#define EXIT_STATUS 3  // what qemu_test expects of an orderly end

static struct {
  const char *file, *what;
  int line;
  int64_t left, right;
} failure;

void case_failed(const char *file, int line, const char *what, int64_t left, int64_t right) {
  if (failure.what) return;
  failure.file = file;
  failure.line = line;
  failure.what = what;
  failure.left = left;
  failure.right = right;
}

bool case_has_failed(void) { return failure.what != NULL; }

static void run(const struct test_case *c) {
  memset(&failure, 0, sizeof failure);
  c->run();
  objects_end();
  // The firmware may have said something, and not ended the line.
  if (failure.what)
    debug_print("\n@fail %s: %s:%d: %s: %ld, %ld\n", c->name, failure.file, failure.line,
                failure.what, failure.left, failure.right);
  else
    debug_print("\n@pass %s\n", c->name);
}

// The number behind "first=" in the command line, or 0.
static size_t first_case(const char *line) {
  const char *found = strstr(line, "first=");
  size_t number = 0;
  for (found = found ? found + 6 : ""; *found >= '0' && *found <= '9'; found++)
    number = 10 * number + (size_t)(*found - '0');
  return number;
}

void server_main(const struct server_info *info) {
  const struct boot_info *boot = (const struct boot_info *)(const void *)info;
  size_t count = (size_t)(__stop_test_cases - __start_test_cases);
  debug_print("\n@ready\n");
  for (size_t i = 0; i < count; i++) debug_print("@case %s\n", __start_test_cases[i].name);
  debug_print("@end\n");
  objects_init(boot);
  for (size_t i = first_case(boot->command_line); i < count; i++) run(&__start_test_cases[i]);
  kcall(SYS_HALT, HANDLE_KERNEL, EXIT_STATUS, 0, 0, 0, 0, 0);
  panic("still there");
}
