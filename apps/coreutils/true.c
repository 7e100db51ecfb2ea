#include "apps/coreutils/common.h"

const char program_name[] = "true";
const char program_help[] =
    "usage: true\n"
    "Ends with status 0.\n";

int main(int argc, char **argv) {
  common_help(argc, argv);
  return 0;
}
