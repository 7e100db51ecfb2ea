#include <ctype.h>
#include <stdlib.h>
#include <time.h>

#include "apps/coreutils/common.h"

const char program_name[] = "sleep";
const char program_help[] =
    "usage: sleep SECONDS\n"
    "Waits; a fraction of a second may be given.\n";

int main(int argc, char **argv) {
  common_help(argc, argv);
  if (argc != 2 || !isdigit((unsigned char)argv[1][0])) common_usage();
  char *end;
  double seconds = strtod(argv[1], &end);
  if (*end || seconds > 1e9) common_usage();
  struct timespec time = {.tv_sec = (time_t)seconds};
  time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
  return nanosleep(&time, NULL) ? common_error(argv[1]) : 0;
}
