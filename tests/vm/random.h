// Random numbers that a seed determines on every system.
#ifndef TESTS_VM_RANDOM_H
#define TESTS_VM_RANDOM_H

#include <stdint.h>

struct random {
  uint64_t state;
};

// splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
static inline uint64_t random_next(struct random *random) {
  uint64_t z = random->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// 0 .. bound - 1.
static inline uint32_t random_below(struct random *random, uint32_t bound) {
  return (uint32_t)((random_next(random) >> 32) * bound >> 32);
}

// True in `percent` of 100 cases.
static inline int random_chance(struct random *random, uint32_t percent) {
  return random_below(random, 100) < percent;
}

// Byte `at` of the data that goes by this seed; never 0.
static inline uint8_t pattern_byte(uint32_t seed, uint32_t at) {
  uint32_t x = (seed ^ at * 0x9e3779b9u) * 0x85ebca6bu;
  return (uint8_t)((x >> 13) | 1);
}

#endif
