#include <sys/stat.h>

#include "apps/coreutils/common.h"

const char program_name[] = "mkfifo";
const char program_help[] =
    "usage: mkfifo NAME...\n"
    "Makes FIFOs: pipes that whoever opens the name reads from and writes to.\n";

int main(int argc, char **argv) {
  int i = common_flags(argc, argv, "", NULL), status = 0;
  if (i == argc) common_usage();
  for (; i < argc; ++i) {
    if (mkfifo(argv[i], 0666)) status = common_error(argv[i]);
  }
  return status;
}
