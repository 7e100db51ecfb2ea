#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "ls";
const char program_help[] =
    "usage: ls [-ald] [FILE]...\n"
    "Lists directories and files. -a: names that begin with a dot, too; -l: with mode, links,\n"
    "owner, group, size and time; -d: directories themselves.\n";

enum { FLAG_ALL, FLAG_LONG, FLAG_DIRECTORY, FLAGS };

static bool flags[FLAGS];

static char type_letter(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return 'd';
    case S_IFCHR:
      return 'c';
    case S_IFBLK:
      return 'b';
    case S_IFLNK:
      return 'l';
    case S_IFIFO:
      return 'p';
  }
  return '-';
}

static void print_mode(mode_t mode) {
  static const char letters[] = "rwxrwxrwx";
  putchar(type_letter(mode));
  for (int bit = 0; bit < 9; ++bit) putchar(mode & (0400 >> bit) ? letters[bit] : '-');
}

static void print_link(const char *path) {
  char text[1024];
  ssize_t length = readlink(path, text, sizeof text);
  if (length >= 0) printf(" -> %.*s", (int)length, text);
}

static int print(const char *path, const char *name) {
  struct stat status;
  if (!flags[FLAG_LONG]) return puts(name) < 0;
  if (lstat(path, &status)) return common_error(path);
  char time[32];
  strftime(time, sizeof time, "%Y-%m-%d %H:%M", gmtime(&status.st_mtime));
  print_mode(status.st_mode);
  printf(" %3u %4u %4u ", (unsigned)status.st_nlink, (unsigned)status.st_uid,
         (unsigned)status.st_gid);
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    printf("%4u,%4u", (unsigned)status.st_rdev >> 8, (unsigned)status.st_rdev & 0xff);
  } else {
    printf("%9lld", (long long)status.st_size);
  }
  printf(" %s %s", time, name);
  if (S_ISLNK(status.st_mode)) print_link(path);
  putchar('\n');
  return 0;
}

static int select_entry(const struct dirent *entry) {
  return flags[FLAG_ALL] || entry->d_name[0] != '.';
}

static int list(const char *path) {
  struct dirent **entries;
  int count = scandir(path, &entries, select_entry, alphasort), status = 0;
  if (count < 0) return common_error(path);
  for (int i = 0; i < count; ++i) {
    char *name = common_path(path, entries[i]->d_name);
    status |= print(name, entries[i]->d_name);
    free(name);
    free(entries[i]);
  }
  if (count) free(entries);
  return status;
}

static int show(const char *path, bool titled) {
  struct stat status;
  if (lstat(path, &status)) return common_error(path);
  bool follow = S_ISLNK(status.st_mode) && !flags[FLAG_LONG];
  if (follow && stat(path, &status)) return print(path, path);
  if (!S_ISDIR(status.st_mode) || flags[FLAG_DIRECTORY]) return print(path, path);
  if (titled) printf("%s:\n", path);
  return list(path);
}

int main(int argc, char **argv) {
  int i = common_flags(argc, argv, "ald", flags), status = 0;
  if (i == argc) return show(".", false);
  for (bool several = i + 1 < argc; i < argc; ++i) status |= show(argv[i], several);
  return status;
}
