// Checks an option of the pager, NAME=VALUE. Status 1 if it is wrong, and says why.
#include <stdio.h>

#include "lib/options/option_word.h"

int main(int argc, char **argv) {
  struct option_word word;
  char why[OPTION_WORD_BYTES];
  if (argc != 2) return 2;
  if (option_word_read(argv[1], &word, why, sizeof why)) return 0;
  puts(why);
  return 1;
}
