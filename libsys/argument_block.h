// The block that a program's first stack pointer points to: argc, argv[0..argc-1], 0, envp[0..], 0,
// each of 8 bytes, then the strings. As in the RISC-V System V ABI, without an auxiliary vector.
#ifndef LIBSYS_ARGUMENT_BLOCK_H
#define LIBSYS_ARGUMENT_BLOCK_H

#include <stddef.h>
#include <stdint.h>

struct argument_block_size {
  size_t arguments;    // strings of argv
  size_t environment;  // strings of envp
  size_t bytes;        // of the block, a multiple of 16
};

// Counts what `argv` and `envp` need. Either may be NULL.
// Returns 0, or -E2BIG for a block of more than `limit` bytes.
int argument_block_measure(char *const argv[], char *const envp[], size_t limit,
                           struct argument_block_size *size);

// Writes the block to `block`, size->bytes long, as it must be when it is moved to `address`.
// => the strings are those that were measured
void argument_block_write(void *block, uint64_t address, char *const argv[], char *const envp[],
                          const struct argument_block_size *size);

#endif
