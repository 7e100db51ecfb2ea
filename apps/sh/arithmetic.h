// $((expression)): 64-bit integers with C's operators, apart from assignment, ?: and bits.
#ifndef APPS_SH_ARITHMETIC_H
#define APPS_SH_ARITHMETIC_H

#include <stdbool.h>

#include "apps/sh/variables.h"

// Names stand for their variables' values, 0 if these are not numbers.
// false: not an expression, or a division by zero.
bool arithmetic(const char *text, const struct variables *variables, long *value);

#endif
