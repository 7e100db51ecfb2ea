#include <stdbool.h>

#include "libsys/server_rt/panic.h"
#include "servers/pager/server/boot.h"

// What is taken, by ascending frame number.
struct taken {
  struct boot_range range[5];
  uint32_t count;
};

static void take(struct taken *taken, struct boot_range range) {
  if (range.count == 0) return;
  uint32_t i = taken->count++;
  for (; i > 0 && taken->range[i - 1].first > range.first; i--) {
    taken->range[i] = taken->range[i - 1];
  }
  taken->range[i] = range;
}

static struct taken taken_of(const struct boot_info *info) {
  struct taken taken = {.count = 0};
  take(&taken, info->kernel);
  take(&taken, info->objects);
  take(&taken, info->image);
  take(&taken, info->archive);
  take(&taken, info->dtb);
  return taken;
}

static uint32_t end_of(struct boot_range range) { return range.first + range.count; }

// The i-th gap of RAM between what is taken; i <= taken->count. May be empty.
static struct boot_range gap(const struct boot_info *info, const struct taken *taken, uint32_t i) {
  uint32_t first = i == 0 ? info->ram.first : end_of(taken->range[i - 1]);
  uint32_t end = i == taken->count ? end_of(info->ram) : taken->range[i].first;
  if (first < info->ram.first) first = info->ram.first;
  if (end > end_of(info->ram)) end = end_of(info->ram);
  return (struct boot_range){first, end > first ? end - first : 0};
}

static uint32_t frames_of(size_t bytes) { return (uint32_t)((bytes + PAGE_MASK) >> PAGE_SHIFT); }

// Puts the core's own memory at the start of the first gap that it fits into.
static struct pager *place(const struct boot_info *info, const struct taken *taken, uint32_t *host,
                           uint32_t *used) {
  uint32_t pages = frames_of(pager_page_bytes(info->ram.count));
  uint32_t memory = frames_of(pager_memory_bytes());
  *used = pages + memory;
  for (uint32_t i = 0; i <= taken->count; i++) {
    struct boot_range range = gap(info, taken, i);
    if (range.count < *used) continue;
    *host = i;
    struct pager_setup setup = {
        .ram_first = info->ram.first,
        .ram_frames = info->ram.count,
        .window = (uint8_t *)BOOT_WINDOW,
        .board = (uint8_t *)BOOT_BOARD,
        .pages = boot_window(range.first),
        .memory = boot_window(range.first + pages),
        .call_buffer = (uint32_t *)BOOT_BUFFER,
    };
    return pager_init(&setup);
  }
  panic("pager: too little memory: %u frames", info->ram.count);
}

struct pager *boot_memory(const struct boot_info *info) {
  struct taken taken = taken_of(info);
  uint32_t host;
  uint32_t used;
  struct pager *pager = place(info, &taken, &host, &used);
  for (uint32_t i = 0; i <= taken.count; i++) {
    struct boot_range range = gap(info, &taken, i);
    if (i == host) {
      range.first += used;
      range.count -= used;
    }
    if (range.count > 0) pager_add_frames(pager, range.first, range.count);
  }
  pager_add_objects(pager, info->objects.first, info->objects.count);
  return pager;
}
