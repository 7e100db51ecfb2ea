#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "sync";
const char program_help[] =
    "usage: sync\n"
    "Writes everything to disk.\n";

int main(int argc, char **argv) {
  common_help(argc, argv);
  sync();
  return 0;
}
