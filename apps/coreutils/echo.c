#include <stdio.h>
#include <string.h>

#include "apps/coreutils/common.h"

const char program_name[] = "echo";
const char program_help[] =
    "usage: echo [-n] [WORD]...\n"
    "Prints the words; -n: without a newline.\n";

int main(int argc, char **argv) {
  common_help(argc, argv);
  int i = 1;
  bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;
  if (!newline) ++i;
  for (; i < argc; ++i) printf("%s%s", argv[i], i + 1 < argc ? " " : "");
  if (newline) putchar('\n');
  return 0;
}
