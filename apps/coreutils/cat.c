#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "cat";
const char program_help[] =
    "usage: cat [FILE]...\n"
    "Writes the files, or standard input, to standard output.\n";

static int print(const char *path) {
  int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY);
  if (fd < 0) return common_error(path);
  int status = common_copy(fd, STDOUT_FILENO) ? 0 : common_error(path);
  if (fd != STDIN_FILENO) close(fd);
  return status;
}

int main(int argc, char **argv) {
  int status = 0;
  int i = common_flags(argc, argv, "", NULL);
  if (i == argc) return print("-");
  for (; i < argc; ++i) status |= print(argv[i]);
  return status;
}
