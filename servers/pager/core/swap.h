// Swap areas: where private pages and shared memory go when frames run short.
//
// An area is a memory object of fs whose page i is slot i. A slot is named by area and number. Its
// life, and what a page that had it is meanwhile:
//
//   free ──swap_take──▶ held by a page in memory ──evicted──▶ named by entries of leaves
//     ▲                   │ ▲  (being written, or       swap_in │
//     └──page changed─────┘ └───the same as in memory)◀─────────┘
//
// Once a page is back, no entry names its slot any more: whoever has the page finds it in memory.
// A page that is not changed afterwards can be evicted again without being written. Those of shared
// memory give up the slot when they are back.
//
// The table of slots is made of frames when an area is added, two bytes for each slot: the number
// of entries that name it, and SLOT_* flags.
#ifndef SERVERS_PAGER_CORE_SWAP_H
#define SERVERS_PAGER_CORE_SWAP_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/pager.h"
#include "servers/pager/core/fault.h"

struct object;
struct page;
struct pager;
struct pending;
struct request;
struct space;

#define SWAP_INDEX_BITS 28u
#define SWAP_INDEX_MASK ((1u << SWAP_INDEX_BITS) - 1)
#define SLOT_NONE_FREE 0xffffffffu

enum slot_flag {
  SLOT_HELD = 0x1000,     // by a page in memory
  SLOT_READING = 0x2000,  // a page-in of it is out
  SLOT_BAD = 0x4000,      // could not be written: not used again
  SLOT_WRITTEN = 0x8000,  // named by entries: PAGE_WRITTEN of the page that is there
};
#define SLOT_REFS 0xfffu

struct swap_area {
  struct object *object;  // NULL: there is no such area
  uint32_t slots, used;
  uint32_t bad;  // of the used ones
  uint32_t priority;
  uint32_t cursor;     // behind the slot that was taken last
  uint32_t directory;  // frame with the frames of the table
  bool removing;       // gets no more pages
};

struct swap {
  struct swap_area area[PAGER_SWAP_AREAS_MAX];
  uint32_t free;       // slots that can be taken, in all areas
  uint32_t last_area;  // that a slot was taken from
  uint32_t writing;    // pages of page-outs that are out
};

// Takes up to `wanted` adjacent free slots, as held. Returns the first and how many;
// SLOT_NONE_FREE if all areas are full.
uint32_t swap_take(struct pager *pager, uint32_t wanted, uint32_t *count);
// The slot is free, whatever it was.
void swap_free(struct pager *pager, uint32_t slot);
// One more, or one less, entry names a slot.
void swap_add_reference(struct pager *pager, uint32_t slot);
void swap_release(struct pager *pager, uint32_t slot);
// A held slot is named by `references` > 0 entries instead. `written`: PAGE_WRITTEN of its page.
void swap_leave(struct pager *pager, uint32_t slot, uint32_t references, bool written);
bool swap_is_written(struct pager *pager, uint32_t slot);
void swap_forget_written(struct pager *pager, uint32_t slot);
// `references` entries that named a slot are frames again. With `keep`, the page holds the slot if
// no entry names it any more. Returns whether it does. => the slot is not being read
bool swap_come_back(struct pager *pager, uint32_t slot, uint32_t references, bool keep);
uint32_t swap_references(struct pager *pager, uint32_t slot);
// Whether a page-in of the slot is out: until then it is not free.
bool swap_is_reading(struct pager *pager, uint32_t slot);
void swap_set_reading(struct pager *pager, uint32_t slot, bool reading);
// The slot could not be written.
void swap_mark_bad(struct pager *pager, uint32_t slot);

// Reads the page behind a swapped entry, with those behind it that are in swap areas, too, as far
// ahead as wanted (`how`: ACCESS_*); pages in adjacent slots in one request. The page is a space's,
// or an object's if that is not NULL. OUTCOME_WAIT, with where to wait, or OUTCOME_NO_MEMORY.
enum outcome swap_in(struct pager *pager, struct space *space, struct object *object,
                     uint32_t index, uint32_t entry, uint32_t how, struct pending ***wait);
// Reads those of [index, end) that are in swap areas, while requests are plentiful. Returns where
// it ended.
uint32_t swap_read(struct pager *pager, struct space *space, struct object *object, uint32_t index,
                   uint32_t end);
// Writes pages of PAGE_ANONYMOUS and PAGE_SHARED_MEMORY that are not listed, to adjacent slots.
// Returns how many were sent; 0 if no slot or request is free.
uint32_t swap_out(struct pager *pager, const uint32_t *frames, uint32_t count);
// Completions. Of several pages that could not be written together each is written alone, so that
// only the slots that fail are bad.
void swap_in_done(struct pager *pager, struct request *request, int32_t status);
void swap_out_done(struct pager *pager, struct request *request, int32_t status);

// A page that nothing names any more, with PAGE_STORED or PAGE_WRITING: gives up slot and frame,
// now or when it is written.
void swap_forget_page(struct pager *pager, uint32_t frame);
// The page in memory no longer is what its slot has.
void swap_forget_slot(struct pager *pager, struct page *page);

// Frames that the tables of all areas have.
uint32_t swap_table_frames(const struct pager *pager);
// Forgets an area. => all its slots are free or bad
void swap_remove_area(struct pager *pager, struct swap_area *area);
// Whether the pages of an area that is being removed could fit into the others and memory.
bool swap_room(const struct pager *pager, const struct swap_area *area);
// Runs a PAGER_SWAP_REMOVE.
int64_t swapoff_run(struct pager *pager, struct pending *pending);

#endif
