// Redirections.
#ifndef APPS_SH_REDIRECT_H
#define APPS_SH_REDIRECT_H

#include <stdbool.h>

#include "apps/sh/shell.h"
#include "apps/sh/syntax.h"

#define REDIRECTS_SAVED_MAX 10

// Descriptors as they were, for commands that run in the shell itself.
struct saved_descriptors {
  int count;
  struct {
    int fd;
    int copy;  // -1: was not open
  } saved[REDIRECTS_SAVED_MAX];
};

// Does the redirections in order. `saved`: NULL if they need not be undone.
// false: a message has been written; what had been done must still be restored.
bool redirect(struct shell *shell, const struct redirect *redirects,
              struct saved_descriptors *saved);
void redirect_restore(struct saved_descriptors *saved);

#endif
