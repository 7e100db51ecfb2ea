// The lowest bit of a bitmap. The instruction set of servers has no instruction for it, and the
// compiler's library takes some twenty.
#ifndef SERVERS_PAGER_CORE_BITS_H
#define SERVERS_PAGER_CORE_BITS_H

#include <stdint.h>

// The number of the lowest bit set. => bits != 0
//
// Multiplying the isolated bit by a de Bruijn sequence shifts a different six bits to the top for
// each position (Leiserson, Prokop, Randall, "Using de Bruijn sequences to index a 1 in a computer
// word", 1998).
static inline uint32_t bits_lowest(uint64_t bits) {
  static const uint8_t kPosition[64] = {
      0,  1,  2,  53, 3,  7,  54, 27, 4,  38, 41, 8,  34, 55, 48, 28, 62, 5,  39, 46, 44, 42,
      22, 9,  24, 35, 59, 56, 49, 18, 29, 11, 63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21,
      23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12};
  return kPosition[((bits & -bits) * 0x022fdd63cc95386dull) >> 58];
}

// The number of the highest bit set. => bits != 0
static inline uint32_t bits_highest(uint64_t bits) {
  uint32_t number = 0;
  for (uint32_t step = 32; step > 0; step /= 2) {
    if (bits >> step) {
      bits >>= step;
      number += step;
    }
  }
  return number;
}

#endif
