// A block of 2 MiB for the kernel's objects where no block is free: its pages move elsewhere.
//
// Tables, threads and spaces are made in frames of type object, and memory becomes such in whole
// blocks (frame.h). When memory is full, each block has pages in it, though most can be evicted.
// So the block with the fewest is chosen; its free frames are held, and its pages move to others,
// which eviction provides. A page that moves keeps its content, what names it, and its slot; its
// mappings go and come back by faults.
//
// Pages move only while nobody has found one: on behalf of who waits for the block, first in the
// call itself and then each time frames are free. Who waits is in evict.waiting.
#ifndef SERVERS_PAGER_CORE_GATHER_H
#define SERVERS_PAGER_CORE_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "servers/pager/core/evict.h"

struct pager;
struct pending;

struct gather {
  bool wanted;     // a frame of type object was asked for in vain
  uint32_t first;  // of the block that is being cleared, 0 if there is none
  uint32_t held;   // its frames that are free, PAGE_HELD until all are
};

// Somebody needs frames of type object: makes a block of them, if they ran out. At most
// LARGE_FRAMES pages are copied.
// => nothing that was found before the call is used afterwards
enum memory gather_wait(struct pager *pager, struct pending ***list);
// Gives back what is held, if nobody waits any more.
void gather_rest(struct pager *pager);

#endif
