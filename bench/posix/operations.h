// What is measured, by topic. Each list ends with an operation without key.
#ifndef BENCH_POSIX_OPERATIONS_H
#define BENCH_POSIX_OPERATIONS_H

#include "bench/posix/measure.h"

extern const struct operation anonymous_operations[];
extern const struct operation file_operations[];
extern const struct operation mapping_operations[];
extern const struct operation process_operations[];
extern const struct operation signal_operations[];
extern const struct operation swap_operations[];
extern const struct operation provider_operations[];
extern const struct operation growth_operations[];

// The program that does nothing, for exec.
extern const char *tiny_program;

#endif
