// The lesser and the greater of two numbers.
#ifndef SERVERS_PAGER_CORE_MIN_MAX_H
#define SERVERS_PAGER_CORE_MIN_MAX_H

#include <stdint.h>

static inline uint32_t min32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint32_t max32(uint32_t a, uint32_t b) { return a > b ? a : b; }

#endif
