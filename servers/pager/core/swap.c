// Areas and slots.
#include "servers/pager/core/swap.h"

#include "servers/pager/core/bits.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/state.h"

#define WORDS 30u
#define CHUNK_SLOTS (WORDS * 64u)
#define DIRECTORY_ENTRIES (uint32_t)(PAGE_SIZE / sizeof(uint32_t))
#define SLOTS_MAX_OF_AREA (DIRECTORY_ENTRIES * CHUNK_SLOTS)
#define RUNS_LOOKED_AT 8u  // for a long one

// A frame of the table.
struct chunk {
  uint64_t free[WORDS];  // bit: the slot is free
  uint32_t free_count;
  uint16_t slot[CHUNK_SLOTS];
};

_Static_assert(sizeof(struct chunk) <= PAGE_SIZE, "a frame");
_Static_assert(SLOTS_MAX_OF_AREA <= 1u << SWAP_INDEX_BITS, "slots can be named");
_Static_assert(SLOTS_MAX <= SLOT_REFS, "an entry for each space");
_Static_assert((uint64_t)PAGER_SWAP_AREAS_MAX << SWAP_INDEX_BITS <= ENTRY_SWAPPED, "31 bits");

static struct swap_area *area_of(struct pager *pager, uint32_t slot) {
  return &pager->swap.area[slot >> SWAP_INDEX_BITS];
}

static struct chunk *chunk_at(const struct pager *pager, const struct swap_area *area,
                              uint32_t number) {
  const uint32_t *directory = frame_pointer(pager, area->directory);
  return frame_pointer(pager, directory[number]);
}

static uint16_t *slot_state(struct pager *pager, uint32_t slot) {
  uint32_t index = slot & SWAP_INDEX_MASK;
  return &chunk_at(pager, area_of(pager, slot), index / CHUNK_SLOTS)->slot[index % CHUNK_SLOTS];
}

uint32_t swap_references(struct pager *pager, uint32_t slot) {
  return *slot_state(pager, slot) & SLOT_REFS;
}

bool swap_is_reading(struct pager *pager, uint32_t slot) {
  return *slot_state(pager, slot) & SLOT_READING;
}

static bool is_unused(uint16_t state) { return (state & ~SLOT_WRITTEN) == 0; }

static void set_flag(uint16_t *state, uint16_t flag, bool on) {
  *state = (uint16_t)(on ? *state | flag : *state & ~flag);
}

void swap_set_reading(struct pager *pager, uint32_t slot, bool reading) {
  uint16_t *state = slot_state(pager, slot);
  set_flag(state, SLOT_READING, reading);
  if (is_unused(*state)) swap_free(pager, slot);
}

bool swap_is_written(struct pager *pager, uint32_t slot) {
  return *slot_state(pager, slot) & SLOT_WRITTEN;
}

void swap_forget_written(struct pager *pager, uint32_t slot) {
  set_flag(slot_state(pager, slot), SLOT_WRITTEN, false);
}

// --- taking and giving back ----------------------------------------------------------------------

void swap_free(struct pager *pager, uint32_t slot) {
  struct swap_area *area = area_of(pager, slot);
  uint32_t index = slot & SWAP_INDEX_MASK;
  struct chunk *chunk = chunk_at(pager, area, index / CHUNK_SLOTS);
  uint32_t at = index % CHUNK_SLOTS;
  chunk->slot[at] = 0;
  chunk->free[at / 64] |= 1ull << (at % 64);
  chunk->free_count++;
  area->used--;
  if (!area->removing) pager->swap.free++;
}

// The number of free slots from `at` on, at most `wanted`, in its word.
static uint32_t run_at(const struct chunk *chunk, uint32_t at, uint32_t wanted) {
  uint64_t used = ~(chunk->free[at / 64] >> (at % 64));
  uint32_t run = used ? bits_lowest(used) : 64;
  if (run > 64 - at % 64) run = 64 - at % 64;
  return run < wanted ? run : wanted;
}

// The longest run among the first ones at or after `at`. => returns its length, 0 if none is free
static uint32_t find_run(const struct chunk *chunk, uint32_t *at, uint32_t wanted) {
  uint32_t best = 0, runs = 0;
  for (uint32_t i = *at; i < CHUNK_SLOTS && runs < RUNS_LOOKED_AT;) {
    uint64_t left = chunk->free[i / 64] >> (i % 64);
    if (!left) {
      i = (i / 64 + 1) * 64;
      continue;
    }
    i += bits_lowest(left);
    uint32_t run = run_at(chunk, i, wanted);
    if (run > best) {
      best = run;
      *at = i;
    }
    if (run == wanted) break;
    runs++;
    i += run;
  }
  return best;
}

static void hold(struct chunk *chunk, uint32_t at, uint32_t count) {
  for (uint32_t i = at; i < at + count; i++) {
    chunk->slot[i] = SLOT_HELD;
    chunk->free[i / 64] &= ~(1ull << (i % 64));
  }
  chunk->free_count -= count;
}

static uint32_t chunks_of(const struct swap_area *area) {
  return (area->slots + CHUNK_SLOTS - 1) / CHUNK_SLOTS;
}

// => the area has a free slot
static uint32_t take_from(struct pager *pager, struct swap_area *area, uint32_t wanted,
                          uint32_t *count) {
  uint32_t chunks = chunks_of(area);
  if (area->cursor >= area->slots) area->cursor = 0;
  uint32_t number = area->cursor / CHUNK_SLOTS;
  uint32_t at = area->cursor % CHUNK_SLOTS;
  for (;; at = 0, number = number + 1 < chunks ? number + 1 : 0) {
    struct chunk *chunk = chunk_at(pager, area, number);
    if (chunk->free_count == 0) continue;
    *count = find_run(chunk, &at, wanted);
    if (*count == 0) continue;
    hold(chunk, at, *count);
    uint32_t index = number * CHUNK_SLOTS + at;
    area->cursor = index + *count;
    area->used += *count;
    pager->swap.free -= *count;
    return (uint32_t)(area - pager->swap.area) << SWAP_INDEX_BITS | index;
  }
}

// The area to take from: of the highest priority that has something free, the next one in turn.
static struct swap_area *choose_area(struct pager *pager) {
  struct swap *swap = &pager->swap;
  struct swap_area *best = NULL;
  for (uint32_t i = 1; i <= PAGER_SWAP_AREAS_MAX; i++) {
    uint32_t number = (swap->last_area + i) % PAGER_SWAP_AREAS_MAX;
    struct swap_area *area = &swap->area[number];
    if (!area->object || area->removing || area->used == area->slots) continue;
    if (!best || area->priority > best->priority) best = area;
  }
  if (best) swap->last_area = (uint32_t)(best - swap->area);
  return best;
}

uint32_t swap_take(struct pager *pager, uint32_t wanted, uint32_t *count) {
  struct swap_area *area = choose_area(pager);
  return area ? take_from(pager, area, wanted, count) : SLOT_NONE_FREE;
}

void swap_add_reference(struct pager *pager, uint32_t slot) { ++*slot_state(pager, slot); }

void swap_release(struct pager *pager, uint32_t slot) {
  if (is_unused(--*slot_state(pager, slot))) swap_free(pager, slot);
}

void swap_leave(struct pager *pager, uint32_t slot, uint32_t references, bool written) {
  *slot_state(pager, slot) = (uint16_t)references;
  set_flag(slot_state(pager, slot), SLOT_WRITTEN, written);
}

bool swap_come_back(struct pager *pager, uint32_t slot, uint32_t references, bool keep) {
  uint16_t *state = slot_state(pager, slot);
  *state = (uint16_t)(*state - references);
  if (!is_unused(*state)) return false;
  if (keep) {
    *state = SLOT_HELD;
  } else {
    swap_free(pager, slot);
  }
  return keep;
}

void swap_mark_bad(struct pager *pager, uint32_t slot) {
  *slot_state(pager, slot) = SLOT_BAD;
  area_of(pager, slot)->bad++;
}

bool swap_room(const struct pager *pager, const struct swap_area *area) {
  (void)area;
  return pager->swap.free > 0 || pager->free.count > FRAMES_RESERVE || pager->frames_cache > 0;
}

// --- areas ---------------------------------------------------------------------------------------

static uint32_t take_table_frame(struct pager *pager) {
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return FRAME_NONE;
  page_of(pager, frame)->state = PAGE_RESERVED;
  pager->frames_reserved++;
  page_zero(frame_pointer(pager, frame));
  return frame;
}

static void put_table_frame(struct pager *pager, uint32_t frame) {
  pager->frames_reserved--;
  frame_put(pager, frame);
}

static void free_table(struct pager *pager, struct swap_area *area) {
  const uint32_t *directory = frame_pointer(pager, area->directory);
  for (uint32_t i = 0; i < DIRECTORY_ENTRIES && directory[i] != FRAME_NONE; i++) {
    put_table_frame(pager, directory[i]);
  }
  put_table_frame(pager, area->directory);
}

static bool make_table(struct pager *pager, struct swap_area *area) {
  area->directory = take_table_frame(pager);
  if (area->directory == FRAME_NONE) return false;
  uint32_t *directory = frame_pointer(pager, area->directory);
  for (uint32_t first = 0; first < area->slots; first += CHUNK_SLOTS) {
    uint32_t frame = take_table_frame(pager);
    if (frame == FRAME_NONE) {
      free_table(pager, area);
      return false;
    }
    directory[first / CHUNK_SLOTS] = frame;
    struct chunk *chunk = frame_pointer(pager, frame);
    uint32_t count = area->slots - first < CHUNK_SLOTS ? area->slots - first : CHUNK_SLOTS;
    for (uint32_t i = 0; i < count; i++) chunk->free[i / 64] |= 1ull << (i % 64);
    chunk->free_count = count;
  }
  return true;
}

uint32_t swap_table_frames(const struct pager *pager) {
  uint32_t frames = 0;
  for (uint32_t i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    const struct swap_area *area = &pager->swap.area[i];
    if (area->object) frames += 1 + chunks_of(area);
  }
  return frames;
}

static struct swap_area *unused_area(struct pager *pager) {
  for (uint32_t i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    if (!pager->swap.area[i].object) return &pager->swap.area[i];
  }
  return NULL;
}

int64_t pager_swap_add(struct pager *pager, uint64_t cookie, uint64_t slots, uint64_t priority) {
  if (slots == 0 || priority > PAGER_SWAP_PRIORITY_MAX) return -EINVAL;
  struct swap_area *area = unused_area(pager);
  if (!area) return -EPERM;
  // What is beyond stays unused.
  if (slots > SLOTS_MAX_OF_AREA) slots = SLOTS_MAX_OF_AREA;
  *area = (struct swap_area){.slots = (uint32_t)slots, .priority = (uint32_t)priority};
  struct object *object = object_new(pager, BACKED_BY_SWAP, cookie, slots << PAGE_SHIFT);
  if (!object) return -ENOMEM;
  if (!make_table(pager, area)) {
    object_kill(pager, object);
    return -ENOMEM;
  }
  area->object = object;
  pager->swap.free += area->slots;
  return (int64_t)(area - pager->swap.area) + 1;
}

void swap_remove_area(struct pager *pager, struct swap_area *area) {
  free_table(pager, area);
  object_kill(pager, area->object);
  *area = (struct swap_area){0};
}

static bool comes_first(const struct swap_area *a, const struct swap_area *b) {
  return a->priority != b->priority ? a->priority > b->priority : a < b;
}

int64_t pager_swaps(struct pager *pager, struct space *space) {
  struct pager_swap *out = pager_message(pager, space);
  int64_t count = 0;
  for (uint32_t i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    const struct swap_area *area = &pager->swap.area[i];
    if (!area->object) continue;
    // Its place is behind those that come first.
    uint32_t place = 0;
    for (uint32_t j = 0; j < PAGER_SWAP_AREAS_MAX; j++) {
      const struct swap_area *other = &pager->swap.area[j];
      place += other->object && comes_first(other, area);
    }
    out[place] = (struct pager_swap){.cookie = area->object->cookie,
                                     .area = i + 1,
                                     .priority = area->priority,
                                     .slots = area->slots - area->bad,
                                     .used = area->used - area->bad};
    count++;
  }
  return count;
}
