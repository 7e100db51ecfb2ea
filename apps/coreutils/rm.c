#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "rm";
const char program_help[] =
    "usage: rm [-rf] FILE...\n"
    "Removes files. -r: directories and what is in them; -f: says nothing of missing files.\n";

enum { FLAG_RECURSIVE, FLAG_FORCE, FLAGS };

static bool flags[FLAGS];

static int remove_path(const char *path);

static int not_dots(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int remove_directory(const char *path) {
  struct dirent **entries;
  int count = scandir(path, &entries, not_dots, alphasort), status = 0;
  if (count < 0) return common_error(path);
  for (int i = 0; i < count; ++i) {
    char *name = common_path(path, entries[i]->d_name);
    status |= remove_path(name);
    free(name);
    free(entries[i]);
  }
  if (count) free(entries);
  return rmdir(path) ? common_error(path) : status;
}

static int remove_path(const char *path) {
  struct stat status;
  if (lstat(path, &status)) {
    return flags[FLAG_FORCE] && errno == ENOENT ? 0 : common_error(path);
  }
  if (S_ISDIR(status.st_mode) && flags[FLAG_RECURSIVE]) return remove_directory(path);
  return unlink(path) ? common_error(path) : 0;
}

int main(int argc, char **argv) {
  int i = common_flags(argc, argv, "rf", flags), status = 0;
  if (i == argc && !flags[FLAG_FORCE]) common_usage();
  for (; i < argc; ++i) status |= remove_path(argv[i]);
  return status;
}
