// Running what the parser made.
#ifndef APPS_SH_RUN_H
#define APPS_SH_RUN_H

#include "apps/sh/shell.h"
#include "apps/sh/syntax.h"

// Runs a command. Returns its status, which is also in shell->status.
int run(struct shell *shell, const struct node *node);

// Expands one text for assignments and redirections. NULL: refused, a message has been written.
const char *run_expand_text(struct shell *shell, const char *text);

#endif
