#include <stdint.h>

#include "libsys/argument_block.h"
#include "protocols/server.h"
#include "servers/pager/server/boot.h"

#define NAME "init"

void boot_program(struct pager *pager, const struct boot_info *info) {
  uint64_t end;
  uint64_t entry = boot_load(pager, info, NAME, SLOT_INIT, &end);
  struct space *space = pager_space(pager, SLOT_INIT);
  pager_set_break(pager, space, end);
  boot_check(pager_add_stack(pager, space), "stack", NAME);

  // The call buffer would do as well; this is just as large and says what it is.
  static _Alignas(16) uint8_t block[PAGE_SIZE];
  char *const arguments[] = {NAME, (char *)info->command_line, NULL};
  struct argument_block_size size;
  boot_check(argument_block_measure(arguments, NULL, sizeof(block), &size), "arguments", NAME);
  uint64_t sp = STACK_TOP - size.bytes;
  argument_block_write(block, sp, arguments, NULL, &size);
  boot_check(pager_load(pager, space, sp, block, size.bytes, size.bytes, PROT_R | PROT_W),
             "arguments", NAME);
  pager_start(pager, space, entry, sp, 0, 0);
}
