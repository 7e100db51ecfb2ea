#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "env";
const char program_help[] =
    "usage: env [NAME=VALUE]... [COMMAND [ARGUMENT]...]\n"
    "Runs a command with these variables; without one prints all variables.\n";

int main(int argc, char **argv) {
  common_help(argc, argv);
  int i = 1;
  for (char *equals; i < argc && (equals = strchr(argv[i], '=')); ++i) {
    *equals = 0;
    if (setenv(argv[i], equals + 1, 1)) return common_error(argv[i]);
  }
  if (i == argc) {
    for (char **entry = environ; *entry; ++entry) puts(*entry);
    return 0;
  }
  execvp(argv[i], argv + i);
  common_error(argv[i]);
  return 127;
}
