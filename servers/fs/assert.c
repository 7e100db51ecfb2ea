// What assert() of the ext2 library comes to when it fails.
#include <assert.h>

#include "libsys/server_rt/panic.h"

void __assert_func(const char *file, int line, const char *function, const char *expression) {
  panic("%s:%d: %s: assertion failed: %s", file, line, function, expression);
}
