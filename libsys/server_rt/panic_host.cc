// What servers print, and the end of a test that panics.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

extern "C" {
#include "libsys/server_rt/panic.h"

void debug_print(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
}

void panic(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  abort();
}
}
