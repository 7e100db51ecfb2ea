#include "microkernel/panic.h"

#include "microkernel/arch.h"

void panic_print(const char *text) {
  while (*text) arch_console_put(*text++);
}

void panic_print_hex(uint64_t value) {
  panic_print("0x");
  int shift = 60;
  while (shift > 0 && !(value >> shift)) shift -= 4;
  for (; shift >= 0; shift -= 4) arch_console_put("0123456789abcdef"[(value >> shift) & 15]);
}

void panic(const char *text, uint64_t value) {
  panic_print("\npanic: ");
  panic_print(text);
  panic_print(" ");
  panic_print_hex(value);
  panic_print("\n");
  arch_halt(PANIC_STATUS);
}
