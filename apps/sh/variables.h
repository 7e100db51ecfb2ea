// Shell variables and positional parameters.
#ifndef APPS_SH_VARIABLES_H
#define APPS_SH_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

struct variable;

struct variables {
  struct variable *first;
  char **arguments;  // $0, $1, ..., NULL: not owned
  size_t count;      // $#
};

// NULL if it is not set.
const char *variables_get(const struct variables *variables, const char *name);
void variables_set(struct variables *variables, const char *name, const char *value);
void variables_export(struct variables *variables, const char *name);
void variables_unset(struct variables *variables, const char *name);

// Takes over name=value strings as exported variables.
void variables_import(struct variables *variables, char *const environment[]);
// The exported ones as name=value strings, ended by NULL, in one allocation for free().
char **variables_environment(const struct variables *variables);

// Whether the first `length` characters of `text` are a name.
bool variables_is_name(const char *text, size_t length);
// Sets name=value. false: `text` is not that.
bool variables_assign(struct variables *variables, const char *text);
void variables_free(struct variables *variables);

#endif
