// Access to memory that a caller of libsys has named, and that may not be there: what would be
// SIGSEGV or SIGBUS is EFAULT.
#ifndef LIBSYS_GUARDED_H
#define LIBSYS_GUARDED_H

#include <stddef.h>
#include <stdint.h>

// Calls function(a, b, c). => what it returns, or -EFAULT: one of its accesses was refused, and it
// was left there. It does nothing but copy and look, and uses no floating-point registers.
int64_t guarded(int64_t (*function)(uint64_t a, uint64_t b, uint64_t c), uint64_t a, uint64_t b,
                uint64_t c);

// As memcpy. => 0, or -1 with errno EFAULT: some of the bytes have been copied, perhaps
int guarded_copy(void *to, const void *from, size_t bytes);

// => how many bytes from `start` on can be written to, at most `bytes`
size_t guarded_writable(void *start, size_t bytes);

#endif
