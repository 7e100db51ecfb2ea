#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apps/coreutils/common.h"

const char program_name[] = "wc";
const char program_help[] =
    "usage: wc [-lwc] [FILE]...\n"
    "Counts lines (-l), words (-w) and bytes (-c); all three without a flag.\n";

enum { LINES, WORDS, BYTES, COUNTS };

static bool flags[COUNTS];

static void print(const unsigned long counts[COUNTS], const char *name) {
  bool all = !flags[LINES] && !flags[WORDS] && !flags[BYTES], first = true;
  for (int i = 0; i < COUNTS; ++i) {
    if (!all && !flags[i]) continue;
    printf("%s%lu", first ? "" : " ", counts[i]);
    first = false;
  }
  printf("%s%s\n", name ? " " : "", name ? name : "");
}

static bool count(int fd, unsigned long counts[COUNTS]) {
  static char buffer[4096];
  bool in_word = false;
  ssize_t bytes;
  while ((bytes = read(fd, buffer, sizeof buffer)) > 0) {
    counts[BYTES] += (unsigned long)bytes;
    for (ssize_t i = 0; i < bytes; ++i) {
      bool blank = isspace((unsigned char)buffer[i]);
      counts[LINES] += buffer[i] == '\n';
      counts[WORDS] += !blank && !in_word;
      in_word = !blank;
    }
  }
  return bytes == 0;
}

static int count_file(const char *path, unsigned long total[COUNTS]) {
  unsigned long counts[COUNTS] = {0};
  int fd = path ? open(path, O_RDONLY) : STDIN_FILENO;
  if (fd < 0) return common_error(path);
  bool counted = count(fd, counts);
  int status = counted ? 0 : common_error(path ? path : "standard input");
  if (path) close(fd);
  if (!counted) return status;
  print(counts, path);
  for (int i = 0; i < COUNTS; ++i) total[i] += counts[i];
  return status;
}

int main(int argc, char **argv) {
  unsigned long total[COUNTS] = {0};
  int first = common_flags(argc, argv, "lwc", flags), status = 0;
  if (first == argc) return count_file(NULL, total);
  for (int i = first; i < argc; ++i) status |= count_file(argv[i], total);
  if (argc - first > 1) print(total, "total");
  return status;
}
