#include "abi/layout.h"
#include "lib/elf/elf.h"
#include "lib/ustar/ustar.h"
#include "libsys/server_rt/panic.h"
#include "servers/pager/server/boot.h"

static struct ustar_file find(const struct boot_info *info, const char *name) {
  struct ustar_file file;
  if (!ustar_find(boot_window(info->archive.first), info->archive_bytes, name, &file)) {
    panic("pager: no \"%s\" in the boot archive", name);
  }
  return file;
}

uint64_t boot_load(struct pager *pager, const struct boot_info *info, const char *name,
                   uint32_t slot, uint64_t *end) {
  struct ustar_file file = find(info, name);
  struct elf_image image;
  if (elf_read(file.data, file.bytes, file.bytes, IMAGE_BASE, MMAP_BASE, &image) != ELF_OK) {
    panic("pager: \"%s\" in the boot archive is no static executable", name);
  }
  boot_check(pager_space_create(pager, slot), "space", name);
  struct space *space = pager_space(pager, slot);
  for (uint32_t i = 0; i < image.segments; i++) {
    const struct elf_segment *segment = &image.segment[i];
    boot_check(pager_load(pager, space, segment->address,
                          (const uint8_t *)file.data + segment->file_offset, segment->file_bytes,
                          segment->memory_bytes, segment->prot),
               "segment", name);
    *end = (segment->address + segment->memory_bytes + PAGE_MASK) & ~PAGE_MASK;
  }
  return image.entry;
}
