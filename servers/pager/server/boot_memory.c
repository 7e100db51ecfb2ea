#include "libsys/server_rt/panic.h"
#include "servers/pager/server/boot.h"
#include "servers/pager/server/free_ranges.h"

static uint32_t frames_of(size_t bytes) { return (uint32_t)((bytes + PAGE_MASK) >> PAGE_SHIFT); }

struct pager *boot_memory(const struct boot_info *info) {
  struct boot_range range[FREE_RANGES_MAX];
  uint32_t ranges = free_ranges(info, range);
  // The core's own memory, at the start of the first range that it fits into.
  uint32_t page_frames = frames_of(pager_page_bytes(info->ram.count));
  uint32_t own = page_frames + frames_of(pager_memory_bytes());
  uint32_t host = 0;
  while (host < ranges && range[host].count < own) host++;
  if (host == ranges) panic("pager: too little memory: %u frames", info->ram.count);

  struct pager_setup setup = {
      .ram_first = info->ram.first,
      .ram_frames = info->ram.count,
      .window = (uint8_t *)BOOT_WINDOW,
      .board = (uint8_t *)BOOT_BOARD,
      .pages = boot_window(range[host].first),
      .memory = boot_window(range[host].first + page_frames),
      .timebase = info->timebase,
      .call_buffer = (uint32_t *)BOOT_BUFFER,
  };
  struct pager *pager = pager_init(&setup);
  range[host].first += own;
  range[host].count -= own;
  for (uint32_t i = 0; i < ranges; i++) {
    if (range[i].count > 0) pager_add_frames(pager, range[i].first, range[i].count);
  }
  pager_add_objects(pager, info->objects.first, info->objects.count);
  pager_add_objects(pager, info->below.first, info->below.count);
  return pager;
}
