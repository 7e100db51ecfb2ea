#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "pwd";
const char program_help[] =
    "usage: pwd\n"
    "Prints the working directory.\n";

int main(int argc, char **argv) {
  common_help(argc, argv);
  char *path = getcwd(NULL, 0);
  if (!path) return common_error(".");
  puts(path);
  free(path);
  return 0;
}
