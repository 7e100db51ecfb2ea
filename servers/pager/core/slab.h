// Structures of one size, carved from frames seen through the window. An empty frame goes back.
#ifndef SERVERS_PAGER_CORE_SLAB_H
#define SERVERS_PAGER_CORE_SLAB_H

#include <stdbool.h>
#include <stdint.h>

struct pager;

enum slab_number {
  SLAB_NODE = 0,
  SLAB_REGION = 1,
  SLAB_SPACE = 2,
  SLAB_OBJECT = 3,
  SLAB_PENDING = 4,
  SLAB_COUNT = 5,
};

// Items that were given back wait in `spare` for the next take; only what does not fit there goes
// back to its frame.
#define SLAB_SPARE_MAX 32u

struct slab {
  void *spare;  // linked through their first word
  uint32_t spare_count;
  uint32_t partial;   // frames with a free item, linked both ways; FRAME_NONE if none
  uint32_t free;      // free items, with the spare ones, but not those that are set aside
  uint32_t size;      // bytes of an item, a multiple of 16
  uint32_t capacity;  // items in a frame
  uint32_t frames;
};

void slab_init(struct slab *slab, uint32_t size);
// slab_take (state.h): an item with undefined content; NULL if there is no memory.
// slab_put (state.h): gives it back.
void *slab_take_slow(struct pager *pager, enum slab_number number);
void slab_put_slow(struct pager *pager, enum slab_number number, void *item);
// slab_reserve (state.h) makes sure that the next `count` takes succeed. False if there is no
// memory.
// slab_set_aside (state.h) keeps `count` items, which are free, for later; a negative number makes
// as many free again, to be taken at once.
bool slab_reserve_slow(struct pager *pager, enum slab_number number, uint32_t count);

#endif
