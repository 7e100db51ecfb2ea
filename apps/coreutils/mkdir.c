#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/coreutils/common.h"

const char program_name[] = "mkdir";
const char program_help[] =
    "usage: mkdir [-p] DIRECTORY...\n"
    "Makes directories. -p: with those above them, and without complaint about existing ones.\n";

static int make(const char *path) { return mkdir(path, 0777) ? common_error(path) : 0; }

static int make_all(char *path) {
  for (char *slash = path + 1; *slash; ++slash) {
    if (*slash != '/') continue;
    *slash = 0;
    if (mkdir(path, 0777) && errno != EEXIST) return common_error(path);
    *slash = '/';
  }
  return mkdir(path, 0777) && errno != EEXIST ? common_error(path) : 0;
}

int main(int argc, char **argv) {
  bool parents = false;
  int i = common_flags(argc, argv, "p", &parents), status = 0;
  if (i == argc) common_usage();
  for (; i < argc; ++i) status |= parents && *argv[i] ? make_all(argv[i]) : make(argv[i]);
  return status;
}
