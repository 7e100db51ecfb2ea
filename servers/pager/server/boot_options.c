#include "lib/cmdline/cmdline.h"
#include "libsys/server_rt/panic.h"
#include "servers/pager/server/boot.h"

#define VALUE_BYTES 32

void boot_options(struct pager *pager, const struct boot_info *info) {
  static const char *const kNames[] = {
#define NAME(number, name, least, greatest, initial) name,
      PAGER_OPTIONS(NAME)
#undef NAME
  };
  for (uint32_t i = 0; i < PAGER_OPTION_COUNT; i++) {
    char value[VALUE_BYTES];
    if (!cmdline_value(info->command_line, kNames[i], value, sizeof(value))) continue;
    if (!pager_option_word(pager, kNames[i], value)) {
      debug_print("pager: %s cannot be \"%s\"\n", kNames[i], value);
    }
  }
}
