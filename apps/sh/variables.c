#include "apps/sh/variables.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "apps/sh/memory.h"

struct variable {
  struct variable *next;
  char *value;  // NULL: only marked for export
  bool exported;
  char name[];
};

static struct variable *find(const struct variables *variables, const char *name) {
  struct variable *variable = variables->first;
  while (variable && strcmp(variable->name, name) != 0) variable = variable->next;
  return variable;
}

static struct variable *find_or_add(struct variables *variables, const char *name) {
  struct variable *variable = find(variables, name);
  if (variable) return variable;
  variable = allocate(sizeof *variable + strlen(name) + 1);
  *variable = (struct variable){.next = variables->first};
  strcpy(variable->name, name);
  variables->first = variable;
  return variable;
}

const char *variables_get(const struct variables *variables, const char *name) {
  const struct variable *variable = find(variables, name);
  return variable ? variable->value : NULL;
}

void variables_set(struct variables *variables, const char *name, const char *value) {
  struct variable *variable = find_or_add(variables, name);
  char *copy = allocate_string(value);
  free(variable->value);
  variable->value = copy;
}

void variables_export(struct variables *variables, const char *name) {
  find_or_add(variables, name)->exported = true;
}

void variables_unset(struct variables *variables, const char *name) {
  struct variable **link = &variables->first;
  while (*link && strcmp((*link)->name, name) != 0) link = &(*link)->next;
  if (!*link) return;
  struct variable *variable = *link;
  *link = variable->next;
  free(variable->value);
  free(variable);
}

bool variables_is_name(const char *text, size_t length) {
  if (length == 0 || isdigit((unsigned char)*text)) return false;
  for (size_t i = 0; i < length; ++i) {
    if (!isalnum((unsigned char)text[i]) && text[i] != '_') return false;
  }
  return true;
}

bool variables_assign(struct variables *variables, const char *text) {
  const char *equals = strchr(text, '=');
  if (!equals || !variables_is_name(text, (size_t)(equals - text))) return false;
  char *name = allocate_string(text);
  name[equals - text] = 0;
  variables_set(variables, name, equals + 1);
  free(name);
  return true;
}

void variables_import(struct variables *variables, char *const environment[]) {
  for (; *environment; ++environment) {
    if (!variables_assign(variables, *environment)) continue;
    char *name = allocate_string(*environment);
    *strchr(name, '=') = 0;
    variables_export(variables, name);
    free(name);
  }
}

static bool passed_on(const struct variable *variable) {
  return variable->exported && variable->value;
}

char **variables_environment(const struct variables *variables) {
  size_t count = 0, bytes = 0;
  for (const struct variable *v = variables->first; v; v = v->next) {
    if (!passed_on(v)) continue;
    ++count;
    bytes += strlen(v->name) + strlen(v->value) + 2;
  }
  char **environment = allocate((count + 1) * sizeof *environment + bytes);
  char *text = (char *)(environment + count + 1);
  size_t used = 0;
  for (const struct variable *v = variables->first; v; v = v->next) {
    if (!passed_on(v)) continue;
    environment[used++] = text;
    text = stpcpy(text, v->name);
    *text++ = '=';
    text = stpcpy(text, v->value) + 1;
  }
  environment[used] = NULL;
  return environment;
}

void variables_free(struct variables *variables) {
  while (variables->first) variables_unset(variables, variables->first->name);
}
