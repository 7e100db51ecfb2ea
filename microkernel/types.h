// Whose address a number is.
#ifndef MICROKERNEL_TYPES_H
#define MICROKERNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/layout.h"

typedef uint64_t paddr_t;  // physical address
typedef uint64_t uaddr_t;  // user virtual address: never dereferenced by the kernel
typedef uint32_t frame_t;  // physical address >> PAGE_SHIFT

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
// Of a function: small rather than quick.
#define COLD __attribute__((cold, noinline))

#endif
