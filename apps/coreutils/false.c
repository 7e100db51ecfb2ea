#include "apps/coreutils/common.h"

const char program_name[] = "false";
const char program_help[] =
    "usage: false\n"
    "Ends with status 1.\n";

int main(int argc, char **argv) {
  common_help(argc, argv);
  return 1;
}
