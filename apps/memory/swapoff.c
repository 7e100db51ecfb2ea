#include <stdio.h>
#include <string.h>
#include <sys/swap.h>

#include "apps/coreutils/common.h"

const char program_name[] = "swapoff";
const char program_help[] =
    "usage: swapoff FILE...\n"
    "       swapoff -a\n"
    "Brings all pages back from these swap areas, or from all, and gives the areas up.\n";

#define SWAPS "/proc/swaps"

// All that are listed: an area's name is the first word of its line.
static int all_off(void) {
  char line[256], name[192];
  int status = 0;
  FILE *file = fopen(SWAPS, "r");
  if (!file) return common_error(SWAPS);
  for (bool first = true; fgets(line, sizeof line, file); first = false) {
    if (first || sscanf(line, "%191s", name) != 1) continue;
    if (swapoff(name)) status = common_error(name);
  }
  fclose(file);
  return status;
}

int main(int argc, char **argv) {
  int status = 0;
  common_help(argc, argv);
  if (argc == 2 && strcmp(argv[1], "-a") == 0) return all_off();
  if (argc == 1 || argv[1][0] == '-') common_usage();
  for (int i = 1; i < argc; ++i) {
    if (swapoff(argv[i])) status = common_error(argv[i]);
  }
  return status;
}
