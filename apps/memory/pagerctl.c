#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/coreutils/common.h"
#include "libsys/quire.h"

const char program_name[] = "pagerctl";
const char program_help[] =
    "usage: pagerctl [NAME[=VALUE]]...\n"
    "Prints options of the pager with their values, all without a name, or sets them. The same\n"
    "words on the kernel's command line set them at boot. The policy has names: pagerctl "
    "policy=2q\n";

static const struct {
  const char *name;
  uint32_t least, greatest;
} options[] = {
#define ROW(number, name, least, greatest, initial) [number] = {name, least, greatest},
    PAGER_OPTIONS(ROW)
#undef ROW
};

static const char *const policies[] = {
#define NAME(number, name) [number] = name,
    PAGER_POLICIES(NAME)
#undef NAME
};

static int find_option(const char *name, size_t length) {
  for (int i = 0; i < PAGER_OPTION_COUNT; ++i) {
    if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0) return i;
  }
  return -1;
}

static int show(enum pager_option option) {
  int64_t value = quire_option(option);
  if (value < 0) return common_error(options[option].name);
  printf("%s=", options[option].name);
  if (option == PAGER_POLICY && value < PAGER_POLICY_COUNT) {
    printf("%s\n", policies[value]);
  } else {
    printf("%lld\n", (long long)value);
  }
  return 0;
}

// => -1: it is no value.
static int64_t value_of(enum pager_option option, const char *text) {
  for (int i = 0; option == PAGER_POLICY && i < PAGER_POLICY_COUNT; ++i) {
    if (strcmp(policies[i], text) == 0) return i;
  }
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  return errno || end == text || *end || *text == '-' || value > UINT32_MAX ? -1 : (int64_t)value;
}

static int set(enum pager_option option, const char *text) {
  int64_t value = value_of(option, text);
  if (value >= 0 && quire_set_option(option, (uint32_t)value) >= 0) return 0;
  fprintf(stderr, "pagerctl: %s takes ", options[option].name);
  for (int i = 0; option == PAGER_POLICY && i < PAGER_POLICY_COUNT; ++i) {
    fprintf(stderr, "%s, ", policies[i]);
  }
  fprintf(stderr, "%u to %u, not '%s'\n", (unsigned)options[option].least,
          (unsigned)options[option].greatest, text);
  return 1;
}

int main(int argc, char **argv) {
  int status = 0;
  common_help(argc, argv);
  for (int i = 0; argc == 1 && i < PAGER_OPTION_COUNT; ++i) status |= show(i);
  for (int i = 1; i < argc; ++i) {
    size_t length = strcspn(argv[i], "=");
    int option = find_option(argv[i], length);
    if (option < 0) {
      fprintf(stderr, "pagerctl: there is no option '%.*s'\n", (int)length, argv[i]);
      status = 1;
    } else {
      status |= argv[i][length] ? set(option, argv[i] + length + 1) : show(option);
    }
  }
  return status;
}
