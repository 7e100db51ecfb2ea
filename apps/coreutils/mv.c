#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "apps/coreutils/common.h"

const char program_name[] = "mv";
const char program_help[] =
    "usage: mv FILE... TARGET\n"
    "Renames a file, or moves files into a directory.\n";

static int move(const char *from, const char *to) {
  return rename(from, to) ? common_error(from) : 0;
}

int main(int argc, char **argv) {
  int i = common_flags(argc, argv, "", NULL), status = 0;
  if (argc - i < 2) common_usage();
  const char *target = argv[argc - 1];
  struct stat there;
  if (stat(target, &there) == 0 && S_ISDIR(there.st_mode)) {
    for (; i < argc - 1; ++i) {
      char *path = common_path(target, common_base_name(argv[i]));
      status |= move(argv[i], path);
      free(path);
    }
    return status;
  }
  if (argc - i > 2) common_usage();
  return move(argv[i], target);
}
