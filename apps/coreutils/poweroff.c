#include <stdlib.h>

#include "apps/coreutils/common.h"
#include "libsys/quire.h"

const char program_name[] = "poweroff";
const char program_help[] =
    "usage: poweroff [STATUS]\n"
    "Ends all programs, writes everything to disk and switches the machine off. STATUS, 0 to 255,\n"
    "becomes the emulator's exit status.\n";

int main(int argc, char **argv) {
  common_help(argc, argv);
  if (argc > 2) common_usage();
  quire_poweroff(argc > 1 ? atoi(argv[1]) : 0);
  return common_error("poweroff");
}
