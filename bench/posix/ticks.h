// What is measured: executed instructions, of the whole machine, where a program can read them;
// elsewhere nanoseconds.
#ifndef BENCH_POSIX_TICKS_H
#define BENCH_POSIX_TICKS_H

#include <stdint.h>
#include <time.h>

static inline uint64_t ticks(void) {
#ifdef __riscv
  uint64_t value;
  __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
  return value;
#else
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

#endif
