// File names for patterns.
#ifndef APPS_SH_GLOB_H
#define APPS_SH_GLOB_H

#include "apps/sh/arena.h"
#include "apps/sh/syntax.h"

// As expansion->glob of expand.h.
void glob_words(const char *pattern, struct word ***end, struct arena *arena);

#endif
