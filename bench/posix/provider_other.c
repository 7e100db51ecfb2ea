// A system without programs that provide memory.
#include "bench/posix/operations.h"

const struct operation provider_operations[] = {{.key = NULL}};
