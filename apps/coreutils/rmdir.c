#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "rmdir";
const char program_help[] =
    "usage: rmdir DIRECTORY...\n"
    "Removes empty directories.\n";

int main(int argc, char **argv) {
  int i = common_flags(argc, argv, "", NULL), status = 0;
  if (i == argc) common_usage();
  for (; i < argc; ++i) {
    if (rmdir(argv[i])) status = common_error(argv[i]);
  }
  return status;
}
