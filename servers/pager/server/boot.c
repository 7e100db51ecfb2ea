#include "servers/pager/server/boot.h"

#include "libsys/server_rt/panic.h"
#include "servers/pager/server/kernel.h"

void boot_check(int64_t status, const char *what, const char *name) {
  if (status < 0) panic("pager: %s of \"%s\": error %ld", what, name, -status);
}

struct pager *boot(const struct boot_info *info) {
  if (info->magic != BOOT_MAGIC) panic("pager: no boot information");
  struct pager *pager = boot_memory(info);
  kernel_init(pager, (uint32_t *)BOOT_BUFFER);
  boot_options(pager, info);
  boot_servers(pager, info);
  boot_program(pager, info);
  // Unpacked and read: from now on memory like any other.
  pager_add_frames(pager, info->archive.first, info->archive.count);
  pager_add_frames(pager, info->dtb.first, info->dtb.count);
  return pager;
}
