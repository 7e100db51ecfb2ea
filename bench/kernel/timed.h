// A system call and the instructions that it took, from its ecall to the instruction behind it,
// with whatever ran in between.
#ifndef BENCH_KERNEL_TIMED_H
#define BENCH_KERNEL_TIMED_H

#include <stdint.h>

#include "libsys/kcall.h"

// Registers a0..a7: arguments and number of the call, then its results.
struct timed {
  uint64_t a[8];
};

// Two readings of the counter next to each other differ by one.
#define TIMED_OVERHEAD 1u

static inline uint32_t timed_kcall(struct timed *call) {
  register uint64_t a0 __asm__("a0") = call->a[0];
  register uint64_t a1 __asm__("a1") = call->a[1];
  register uint64_t a2 __asm__("a2") = call->a[2];
  register uint64_t a3 __asm__("a3") = call->a[3];
  register uint64_t a4 __asm__("a4") = call->a[4];
  register uint64_t a5 __asm__("a5") = call->a[5];
  register uint64_t a6 __asm__("a6") = call->a[6];
  register uint64_t a7 __asm__("a7") = call->a[7];
  uint64_t start, end;
  __asm__ volatile("rdinstret %[start]\n\tecall\n\trdinstret %[end]"
                   : [start] "=&r"(start), [end] "=&r"(end), "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3),
                     "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7)
                   :
                   : KCALL_CLOBBERS);
  call->a[0] = a0;
  call->a[1] = a1;
  call->a[2] = a2;
  call->a[3] = a3;
  call->a[4] = a4;
  call->a[5] = a5;
  call->a[6] = a6;
  call->a[7] = a7;
  return (uint32_t)(end - start - TIMED_OVERHEAD);
}

#endif
