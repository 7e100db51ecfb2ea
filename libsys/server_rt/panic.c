#include "libsys/server_rt/panic.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/handle.h"
#include "libsys/kcall.h"

static void put(char c) { kcall(SYS_PUTC, HANDLE_KERNEL, (uint8_t)c, 0, 0, 0, 0, 0); }

static void put_string(const char *text) {
  while (*text != 0) put(*text++);
}

static void put_number(uint64_t value, unsigned base) {
  char digits[20];
  unsigned count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  while (count > 0) put(digits[--count]);
}

static void put_signed(int64_t value) {
  if (value < 0) put('-');
  put_number(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

// One conversion, `format` behind its '%'. Returns its last character.
static const char *convert(const char *format, va_list *arguments) {
  bool is_long = *format == 'l';
  if (is_long) format++;
  switch (*format) {
    case 's':
      put_string(va_arg(*arguments, const char *));
      break;
    case 'c':
      put((char)va_arg(*arguments, int));
      break;
    case 'd':
      put_signed(is_long ? va_arg(*arguments, int64_t) : va_arg(*arguments, int));
      break;
    case 'u':
      put_number(is_long ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned), 10);
      break;
    case 'x':
      put_number(is_long ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned), 16);
      break;
    default:
      put('%');
      break;
  }
  return format;
}

static void print(const char *format, va_list *arguments) {
  for (; *format != 0; format++) {
    if (*format == '%' && format[1] != 0) {
      format = convert(format + 1, arguments);
    } else {
      put(*format);
    }
  }
}

void debug_print(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print(format, &arguments);
  va_end(arguments);
}

void panic(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  put_string("\npanic: ");
  print(format, &arguments);
  put('\n');
  va_end(arguments);
  kcall(SYS_HALT, HANDLE_KERNEL, PANIC_STATUS, 0, 0, 0, 0, 0);
  __builtin_trap();
}
