// Words as the parser left them become arguments: variables, substitutions, splitting, file names,
// and the quotes go.
#ifndef APPS_SH_EXPAND_H
#define APPS_SH_EXPAND_H

#include <stdbool.h>

#include "apps/sh/arena.h"
#include "apps/sh/syntax.h"
#include "apps/sh/variables.h"

// What expansion needs to know of the shell around it.
struct expansion {
  struct variables *variables;
  struct arena *arena;
  int status;      // $?
  int shell;       // $$
  int background;  // $!, 0: none yet
  // Runs a command line and gives its output, for free(). NULL: it could not be run.
  char *(*substitute)(const char *command, void *context);
  // Adds the names of files that match `pattern` in order. Quoted characters have a backslash.
  void (*glob)(const char *pattern, struct word ***end, struct arena *arena);
  void *context;
  const char *error;  // set when an expansion is refused
};

// Expands all words. The result may have more or fewer. NULL with expansion->error set: refused.
struct word *expand_words(struct expansion *expansion, const struct word *words);

// Expands without splitting and file names: assignments, redirections. NULL: refused.
const char *expand_text(struct expansion *expansion, const char *text);

#endif
