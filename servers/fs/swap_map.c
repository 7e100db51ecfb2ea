#include "servers/fs/swap_map.h"

static uint64_t sector_of(const struct swap_run *run, uint32_t slot) {
  return run->sector + (uint64_t)(slot - run->slot) * SWAP_PAGE_SECTORS;
}

bool swap_map_append(struct swap_map *map, uint64_t sector, uint32_t slots) {
  if (slots == 0) return true;
  struct swap_run *last = map->count > 0 ? &map->run[map->count - 1] : 0;
  if (last && sector_of(last, map->slots) == sector) {
    last->slots += slots;
  } else {
    if (map->count == map->capacity) return false;
    map->run[map->count++] = (struct swap_run){sector, map->slots, slots};
  }
  map->slots += slots;
  return true;
}

uint64_t swap_map_find(const struct swap_map *map, uint32_t slot, uint32_t *run) {
  uint32_t low = 0, high = map->count - 1;
  while (low < high) {
    uint32_t middle = (low + high + 1) / 2;
    if (map->run[middle].slot <= slot) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const struct swap_run *found = &map->run[low];
  *run = found->slots - (slot - found->slot);
  return sector_of(found, slot);
}
