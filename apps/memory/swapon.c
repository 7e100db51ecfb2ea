#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>

#include "apps/coreutils/common.h"

const char program_name[] = "swapon";
const char program_help[] =
    "usage: swapon [-p PRIORITY] FILE...\n"
    "       swapon [-s | --show]\n"
    "Lets the pager put pages of programs into disks or files that mkswap has prepared. Areas of\n"
    "a higher priority, 0 to 32767, are filled first; without -p each comes after those before.\n"
    "-s lists the areas as /proc/swaps does; --show, and swapon alone, as a table.\n";

#define SWAPS "/proc/swaps"
#define PRIORITY_MAX 32767

static int list(bool table) {
  char line[256], name[192], type[16];
  unsigned long long size, used;
  int priority;
  FILE *file = fopen(SWAPS, "r");
  if (!file) return common_error(SWAPS);
  for (bool first = true; fgets(line, sizeof line, file); first = false) {
    if (!table) {
      fputs(line, stdout);
    } else if (!first &&
               sscanf(line, "%191s %15s %llu %llu %d", name, type, &size, &used, &priority) == 5) {
      printf("%-20s %-9s %8lluK %8lluK %5d\n", name, type, size, used, priority);
    } else if (first) {
      printf("%-20s %-9s %9s %9s %5s\n", "NAME", "TYPE", "SIZE", "USED", "PRIO");
    }
  }
  fclose(file);
  return 0;
}

static int flags_of(const char *text) {
  char *end;
  long priority = strtol(text, &end, 10);
  if (end == text || *end || priority < 0 || priority > PRIORITY_MAX) common_usage();
  return SWAP_FLAG_PREFER | (int)priority;
}

int main(int argc, char **argv) {
  int flags = 0, status = 0, i = 1;
  common_help(argc, argv);
  if (argc == 1) return list(true);
  if (argc == 2 && strcmp(argv[1], "-s") == 0) return list(false);
  if (argc == 2 && strcmp(argv[1], "--show") == 0) return list(true);
  if (argc > 3 && strcmp(argv[1], "-p") == 0) {
    flags = flags_of(argv[2]);
    i = 3;
  }
  if (argv[i][0] == '-') common_usage();
  for (; i < argc; ++i) {
    if (swapon(argv[i], flags)) status = common_error(argv[i]);
  }
  return status;
}
