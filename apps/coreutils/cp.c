#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "cp";
const char program_help[] =
    "usage: cp FILE... TARGET\n"
    "Copies files to a file or into a directory.\n";

static int write_copy(int from, const struct stat *source, const char *target) {
  struct stat status;
  if (stat(target, &status) == 0 && status.st_ino == source->st_ino) {
    errno = EEXIST;
    return common_error(target);
  }
  int to = open(target, O_WRONLY | O_CREAT | O_TRUNC, source->st_mode & 0777);
  if (to < 0) return common_error(target);
  bool copied = common_copy(from, to);
  int error = errno;
  if (close(to)) return common_error(target);
  errno = error;
  return copied ? 0 : common_error(target);
}

static int copy(const char *source, const char *target) {
  struct stat status;
  int from = open(source, O_RDONLY);
  if (from < 0 || fstat(from, &status)) return common_error(source);
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    close(from);
    return common_error(source);
  }
  int result = write_copy(from, &status, target);
  close(from);
  return result;
}

static int copy_into(const char *source, const char *directory) {
  char *target = common_path(directory, common_base_name(source));
  int status = copy(source, target);
  free(target);
  return status;
}

int main(int argc, char **argv) {
  int i = common_flags(argc, argv, "", NULL), status = 0;
  if (argc - i < 2) common_usage();
  const char *target = argv[argc - 1];
  struct stat there;
  if (stat(target, &there) == 0 && S_ISDIR(there.st_mode)) {
    for (; i < argc - 1; ++i) status |= copy_into(argv[i], target);
    return status;
  }
  if (argc - i > 2) common_usage();
  return copy(argv[i], target);
}
