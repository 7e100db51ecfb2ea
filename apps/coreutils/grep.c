#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/coreutils/common.h"

const char program_name[] = "grep";
const char program_help[] =
    "usage: grep [-vc] TEXT [FILE]...\n"
    "Prints lines that contain TEXT (not a pattern). -v: that do not; -c: only how many.\n";

enum { FLAG_INVERT, FLAG_COUNT, FLAGS };

static bool flags[FLAGS];

// Returns how many lines matched, or -1.
static long search(FILE *file, const char *text, const char *name) {
  char *line = NULL;
  size_t size = 0;
  long matches = 0;
  while (getline(&line, &size, file) >= 0) {
    if (!strstr(line, text) != flags[FLAG_INVERT]) continue;
    ++matches;
    if (!flags[FLAG_COUNT]) printf("%s%s%s", name ? name : "", name ? ":" : "", line);
  }
  free(line);
  if (flags[FLAG_COUNT]) printf("%s%s%ld\n", name ? name : "", name ? ":" : "", matches);
  return ferror(file) ? -1 : matches;
}

int main(int argc, char **argv) {
  int i = common_flags(argc, argv, "vc", flags);
  if (i == argc) common_usage();
  const char *text = argv[i++];
  if (i == argc) return search(stdin, text, NULL) <= 0;
  bool several = argc - i > 1, found = false, failed = false;
  for (; i < argc; ++i) {
    FILE *file = fopen(argv[i], "r");
    long matches = file ? search(file, text, several ? argv[i] : NULL) : -1;
    if (matches < 0) common_error(argv[i]);
    failed |= matches < 0;
    found |= matches > 0;
    if (file) fclose(file);
  }
  return failed ? 2 : !found;
}
