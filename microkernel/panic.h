// Our own broken invariants end here, with a crash record on the firmware's console.
#ifndef MICROKERNEL_PANIC_H
#define MICROKERNEL_PANIC_H

#include <stdint.h>

// text, then value in hexadecimal. The machine halts with PANIC_STATUS.
#define PANIC_STATUS 255
_Noreturn void panic(const char *text, uint64_t value);
void panic_print(const char *text);
void panic_print_hex(uint64_t value);

#define ASSERT(condition)                                                          \
  do {                                                                             \
    if (!(condition)) panic("assertion failed: " #condition " at line", __LINE__); \
  } while (0)

#endif
