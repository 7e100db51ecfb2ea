// Commands that the shell runs itself.
#ifndef APPS_SH_BUILTINS_H
#define APPS_SH_BUILTINS_H

#include "apps/sh/shell.h"

typedef int (*builtin_function)(struct shell *shell, int argc, char **argv);

// NULL if there is none of this name.
builtin_function builtin_find(const char *name);

// test and [. Returns 0 true, 1 false, 2 usage.
int builtin_test(struct shell *shell, int argc, char **argv);

#endif
