// Where the slots of a swap area are on its disk: runs of slots in consecutive sectors.
#ifndef SERVERS_FS_SWAP_MAP_H_
#define SERVERS_FS_SWAP_MAP_H_

#include <stdbool.h>
#include <stdint.h>

enum { SWAP_PAGE_SECTORS = 8 };

struct swap_run {
  uint64_t sector;
  uint32_t slot, slots;
};

// All zero but for `run` and `capacity` is a map without slots.
struct swap_map {
  struct swap_run *run;  // by ascending slot
  uint32_t capacity, count;
  uint32_t slots;  // of all runs: they are numbered from 0
};

// Appends `slots` slots that are at `sector` and on. => false: no room for one more run; nothing
// has changed.
bool swap_map_append(struct swap_map *map, uint64_t sector, uint32_t slots);

// Finds a slot. => its sector, and how many slots from it on are in consecutive sectors.
// => slot < map->slots.
uint64_t swap_map_find(const struct swap_map *map, uint32_t slot, uint32_t *run);

#endif  // SERVERS_FS_SWAP_MAP_H_
