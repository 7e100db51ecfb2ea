#include <stdio.h>

#include "apps/coreutils/common.h"
#include "lib/options/option_word.h"
#include "libsys/quire.h"

const char program_name[] = "pagerctl";
const char program_help[] =
    "usage: pagerctl [NAME[=VALUE]]...\n"
    "Prints options of the pager with their values, all without a name, or sets them. The same\n"
    "words on the kernel's command line set them at boot. The policy has names: pagerctl "
    "policy=2q\n";

static int show(enum pager_option option) {
  char text[OPTION_WORD_BYTES];
  int64_t value = quire_option(option);
  if (value < 0) return common_error("cannot ask the pager");
  option_word_write(option, (uint32_t)value, text, sizeof text);
  return puts(text) < 0;
}

static int obey(const char *text) {
  struct option_word word;
  char why[OPTION_WORD_BYTES];
  if (!option_word_read(text, &word, why, sizeof why)) {
    fprintf(stderr, "pagerctl: %s\n", why);
    return 1;
  }
  if (!word.has_value) return show(word.option);
  return quire_set_option(word.option, word.value) < 0 ? common_error(text) : 0;
}

int main(int argc, char **argv) {
  int status = 0;
  common_help(argc, argv);
  for (int i = 0; argc == 1 && i < PAGER_OPTION_COUNT; ++i) status |= show(i);
  for (int i = 1; i < argc; ++i) status |= obey(argv[i]);
  return status;
}
