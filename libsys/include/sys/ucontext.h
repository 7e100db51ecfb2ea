/* What a handler with SA_SIGINFO gets as its third argument, laid out as on Linux but for
   reserved space. */
#ifndef _SYS_UCONTEXT_H
#define _SYS_UCONTEXT_H

#include <signal.h>

/* pc, then x1..x31. */
typedef unsigned long __riscv_mc_gp_state[32];

#define NGREG 32
#define REG_PC 0
#define REG_RA 1
#define REG_SP 2
#define REG_TP 4
#define REG_S0 8
#define REG_A0 10

struct __riscv_mc_f_ext_state {
  unsigned int __f[32];
  unsigned int __fcsr;
};

struct __riscv_mc_d_ext_state {
  unsigned long long __f[32];
  unsigned int __fcsr;
};

union __riscv_mc_fp_state {
  struct __riscv_mc_f_ext_state __f;
  struct __riscv_mc_d_ext_state __d;
};

typedef struct mcontext_t {
  __riscv_mc_gp_state __gregs;
  union __riscv_mc_fp_state __fpregs;
} mcontext_t;

typedef struct ucontext_t {
  unsigned long __uc_flags;
  struct ucontext_t *uc_link;
  stack_t uc_stack;
  sigset_t uc_sigmask;
  mcontext_t uc_mcontext;
} ucontext_t;

#endif
