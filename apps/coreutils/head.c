#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/coreutils/common.h"

const char program_name[] = "head";
const char program_help[] =
    "usage: head [-n LINES] [FILE]...\n"
    "Prints the first lines, 10 without -n.\n";

static int print(const char *path, long lines) {
  FILE *file = path ? fopen(path, "r") : stdin;
  if (!file) return common_error(path);
  for (int c; lines > 0 && (c = getc(file)) != EOF;) {
    putchar(c);
    if (c == '\n') --lines;
  }
  int status = ferror(file) ? common_error(path ? path : "standard input") : 0;
  if (path) fclose(file);
  return status;
}

int main(int argc, char **argv) {
  long lines = 10;
  int i = 1, status = 0;
  common_help(argc, argv);
  if (argc > 1 && strcmp(argv[1], "-n") == 0) {
    if (argc < 3) common_usage();
    lines = strtol(argv[2], NULL, 10);
    i = 3;
  } else if (argc > 1 && argv[1][0] == '-' && argv[1][1]) {
    lines = strtol(argv[1] + 1, NULL, 10);
    i = 2;
  }
  if (i == argc) return print(NULL, lines);
  for (; i < argc; ++i) status |= print(argv[i], lines);
  return status;
}
