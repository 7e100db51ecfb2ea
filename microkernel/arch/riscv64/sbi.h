// Calls to the firmware (RISC-V Supervisor Binary Interface specification 1.0). One costs some
// 250 to 300 instructions: none is on a hot path.
#ifndef MICROKERNEL_ARCH_RISCV64_SBI_H
#define MICROKERNEL_ARCH_RISCV64_SBI_H

#include <stdint.h>

#define SBI_CONSOLE_PUTCHAR 0x01  // legacy; the debug console extension came later
#define SBI_TIME 0x54494d45
#define SBI_IPI 0x735049
#define SBI_RFENCE 0x52464e43
#define SBI_HSM 0x48534d
#define SBI_SRST 0x53525354

static inline int64_t sbi_call(uint64_t extension, uint64_t function, uint64_t a, uint64_t b,
                               uint64_t c, uint64_t d, uint64_t e) {
  register uint64_t a0 __asm__("a0") = a;
  register uint64_t a1 __asm__("a1") = b;
  register uint64_t a2 __asm__("a2") = c;
  register uint64_t a3 __asm__("a3") = d;
  register uint64_t a4 __asm__("a4") = e;
  register uint64_t a6 __asm__("a6") = function;
  register uint64_t a7 __asm__("a7") = extension;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1)
                   : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
                   : "memory");
  return (int64_t)a0;
}

static inline void sbi_set_timer(uint64_t deadline) { sbi_call(SBI_TIME, 0, deadline, 0, 0, 0, 0); }

// mask: bit i is the hart with mhartid base + i.
static inline void sbi_send_ipi(uint64_t mask, uint64_t base) {
  sbi_call(SBI_IPI, 0, mask, base, 0, 0, 0);
}

static inline void sbi_remote_fence(uint64_t mask, uint64_t base, uint64_t start, uint64_t bytes,
                                    uint64_t asid) {
  sbi_call(SBI_RFENCE, 2, mask, base, start, bytes, asid);
}

static inline void sbi_remote_fence_i(uint64_t mask, uint64_t base) {
  sbi_call(SBI_RFENCE, 0, mask, base, 0, 0, 0);
}

static inline int64_t sbi_hart_start(uint64_t hart, uint64_t address, uint64_t argument) {
  return sbi_call(SBI_HSM, 0, hart, address, argument, 0, 0);
}

// 0 started, 1 stopped, 2 about to start, 3 about to stop; negative: an error.
static inline int64_t sbi_hart_status(uint64_t hart) {
  register uint64_t a0 __asm__("a0") = hart;
  register uint64_t a1 __asm__("a1") = 0;
  register uint64_t a6 __asm__("a6") = 2;
  register uint64_t a7 __asm__("a7") = SBI_HSM;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
  return a0 ? (int64_t)a0 : (int64_t)a1;
}

static inline void sbi_shutdown(void) { sbi_call(SBI_SRST, 0, 0, 0, 0, 0, 0); }

static inline void sbi_console_putchar(char c) {
  sbi_call(SBI_CONSOLE_PUTCHAR, 0, (uint8_t)c, 0, 0, 0, 0);
}

#endif
