#include <errno.h>
#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "touch";
const char program_help[] =
    "usage: touch FILE...\n"
    "Makes files that do not exist, sets the times of the others to now.\n";

int main(int argc, char **argv) {
  int i = common_flags(argc, argv, "", NULL), status = 0;
  if (i == argc) common_usage();
  for (; i < argc; ++i) {
    int fd = open(argv[i], O_WRONLY | O_CREAT | O_NONBLOCK, 0666);
    bool made = fd >= 0 ? close(fd) == 0 : errno == ENXIO;  // a FIFO that nobody reads
    if (!made || utimes(argv[i], NULL)) status = common_error(argv[i]);
  }
  return status;
}
