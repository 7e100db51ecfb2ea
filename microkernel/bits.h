// Sets of up to 64 things in a word.
#ifndef MICROKERNEL_BITS_H
#define MICROKERNEL_BITS_H

#include <stdint.h>

// Number of the lowest bit set. The harts need not have an instruction for it. => set != 0
static inline uint32_t lowest_bit(uint64_t set) {
  uint32_t bit = 0;
  for (uint32_t step = 32; step; step /= 2) {
    if (set << (64 - step)) continue;
    set >>= step;
    bit += step;
  }
  return bit;
}

#endif
