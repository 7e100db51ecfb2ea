// Registers of an interrupted program, on Quire and on the machine that judges the cases.
#ifndef TESTS_BEHAVIOUR_CONTEXT_H
#define TESTS_BEHAVIOUR_CONTEXT_H

#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

#ifdef __riscv
#define CONTEXT_PC(context) (((ucontext_t *)(context))->uc_mcontext.__gregs[REG_PC])
#define CONTEXT_SP(context) (((ucontext_t *)(context))->uc_mcontext.__gregs[REG_SP])
#define CONTEXT_ADDRESS(context) (((ucontext_t *)(context))->uc_mcontext.__gregs[11])
#define CONTEXT_RESULT(context) (((ucontext_t *)(context))->uc_mcontext.__gregs[10])
#else
#define CONTEXT_PC(context) (((ucontext_t *)(context))->uc_mcontext.gregs[REG_RIP])
#define CONTEXT_SP(context) (((ucontext_t *)(context))->uc_mcontext.gregs[REG_RSP])
#define CONTEXT_ADDRESS(context) (((ucontext_t *)(context))->uc_mcontext.gregs[REG_RDI])
#define CONTEXT_RESULT(context) (((ucontext_t *)(context))->uc_mcontext.gregs[REG_RAX])
#endif

// One instruction: result = *address, with the registers that CONTEXT_* name.
static inline long load(const void *address) {
  long result;
#ifdef __riscv
  __asm__ volatile(
      ".option push\n.option norvc\n"
      "mv a1, %1\nld a0, 0(a1)\nmv %0, a0\n"
      ".option pop"
      : "=r"(result)
      : "r"(address)
      : "a0", "a1", "memory");
#else
  __asm__ volatile("mov %1, %%rdi\nmov (%%rdi), %%rax\nmov %%rax, %0"
                   : "=r"(result)
                   : "r"(address)
                   : "rax", "rdi", "memory");
#endif
  return result;
}

#ifdef __riscv
#define LOAD_BYTES 4
#define ILLEGAL ".option push\n.option norvc\n.4byte 0xffffffff\n.option pop"
#define ILLEGAL_BYTES 4
#define BREAKPOINT ".option push\n.option norvc\nebreak\n.option pop"
#define BREAKPOINT_BYTES 4  // that pc has to go on
#else
#define LOAD_BYTES 3
#define ILLEGAL "ud2"
#define ILLEGAL_BYTES 2
#define BREAKPOINT "int3"
#define BREAKPOINT_BYTES 0
#endif

#endif
