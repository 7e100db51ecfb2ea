#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "ln";
const char program_help[] =
    "usage: ln [-s] TARGET NAME\n"
    "Makes NAME a link to TARGET. -s: a symbolic one.\n";

int main(int argc, char **argv) {
  bool symbolic = false;
  int i = common_flags(argc, argv, "s", &symbolic);
  if (argc - i != 2) common_usage();
  int failed = symbolic ? symlink(argv[i], argv[i + 1]) : link(argv[i], argv[i + 1]);
  return failed ? common_error(argv[i + 1]) : 0;
}
