// The lists that all policies use, and what they remember.
#include <stddef.h>

#include "servers/pager/core/policy.h"

static const struct policy *const kPolicies[PAGER_POLICY_COUNT] = {
    [PAGER_POLICY_FIFO] = &policy_fifo,     [PAGER_POLICY_CLOCK] = &policy_clock,
    [PAGER_POLICY_AGEING] = &policy_ageing, [PAGER_POLICY_2Q] = &policy_2q,
    [PAGER_POLICY_RANDOM] = &policy_random,
};

static void clear_list(struct replacement *r, enum replacement_list list) {
  uint32_t head = r->head + list;
  replacement_page(r, head)->next = head;
  replacement_page(r, head)->prev = head;
}

void replacement_init(struct replacement *r, uintptr_t page_base, uint32_t first, uint32_t end,
                      uint32_t **ghost) {
  *r = (struct replacement){
      .page_base = page_base, .head = end, .first = first, .end = end, .ghost = ghost};
  r->tail = r->head;
  r->last = replacement_page(r, r->head);
  clear_list(r, LIST_SECOND);
  clear_list(r, LIST_ASIDE);
  replacement_seed(r, 1);
  r->policy = &policy_clock;
}

void replacement_seed(struct replacement *r, uint32_t seed) { r->random = seed; }

void replacement_add(struct replacement *r, enum replacement_list list, uint32_t frame) {
  struct page *page = replacement_page(r, frame);
  page->flags |= PAGE_LISTED;
  if (list == LIST_FIRST) {
    replacement_append(r, frame, page);
    return;
  }
  page->flags |= PAGE_NOT_FIRST;
  page->age = (uint8_t)list;
  struct page *head = replacement_page(r, r->head + list);
  page->next = r->head + list;
  page->prev = head->prev;
  replacement_page(r, head->prev)->next = frame;
  head->prev = frame;
  r->count[list]++;
}

void replacement_move(struct replacement *r, enum replacement_list list, uint32_t frame) {
  replacement_remove(r, replacement_page(r, frame));
  replacement_add(r, list, frame);
}

void replacement_push(struct replacement *r, uint32_t frame) {
  struct page *page = replacement_page(r, frame);
  uint32_t first = replacement_first(r, 0);
  if (first == FRAME_NONE) {
    replacement_add(r, LIST_FIRST, frame);
    return;
  }
  page->flags |= PAGE_LISTED;
  page->next = first;
  page->prev = r->head;
  replacement_page(r, first)->prev = frame;
  replacement_page(r, r->head)->next = frame;
}

void replacement_choose(struct replacement *r, enum pager_policy policy) {
  uint32_t frame;
  while ((frame = replacement_first(r, LIST_SECOND)) != FRAME_NONE) {
    replacement_move(r, LIST_FIRST, frame);
  }
  r->policy = kPolicies[policy];
  r->pressure = 0;
}

// --- ghosts --------------------------------------------------------------------------------------

void replacement_add_ghosts(struct replacement *r, uint32_t *words) {
  for (uint32_t i = 0; i < GHOSTS_PER_PAGE; i++) words[i] = 0;
  r->ghost[r->ghost_pages++] = words;
}

uint32_t *replacement_take_ghosts(struct replacement *r) {
  return r->ghost_pages > 0 ? r->ghost[--r->ghost_pages] : NULL;
}

// Mixes the bits of a page's identity (the finalizer of MurmurHash3, Appleby).
static uint64_t hash_of(const struct page *page) {
  uint64_t owner = page->state == PAGE_ANONYMOUS ? page->family : (uint64_t)page->object << 16;
  uint64_t hash = owner << 32 ^ (owner >> 32) ^ page->index;
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdull;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ull;
  return hash ^ hash >> 33;
}

// A ghost is a mark above the time when its page was remembered. A time is as many calls as there
// are pages of ghosts, so that a ghost has long been replaced by others when times repeat. A mark
// is never 0, so that an empty place is no ghost. A ghost can be in WAYS places and takes that of
// the oldest one there: two pages that come in turns do not make each other forgotten.
#define TIME_BITS 14u
#define TIME_MASK ((1u << TIME_BITS) - 1)
#define WAYS 8u

static uint32_t mark_of(uint64_t hash) { return ((uint32_t)hash | 1u << TIME_BITS) & ~TIME_MASK; }

// The ghost with this mark, or the place to put it.
static uint32_t *ghost_find(struct replacement *r, uint64_t hash, uint32_t now) {
  uint32_t *place = r->ghost[(uint32_t)(hash >> 32) % r->ghost_pages];
  place += (hash >> 20) % (GHOSTS_PER_PAGE / WAYS) * WAYS;
  uint32_t *oldest = place, oldest_age = 0;
  for (uint32_t *end = place + WAYS; place < end; place++) {
    if ((*place & ~TIME_MASK) == mark_of(hash)) return place;
    uint32_t age = (now - *place) & TIME_MASK;
    if (age < oldest_age) continue;
    oldest = place;
    oldest_age = age;
  }
  return oldest;
}

uint32_t ghost_renew(struct replacement *r, const struct page *page) {
  if (r->ghost_pages == 0) return GHOST_NONE;
  uint64_t hash = hash_of(page);
  uint32_t now = r->ghost_time++ / r->ghost_pages;
  uint32_t *ghost = ghost_find(r, hash, now), old = *ghost;
  *ghost = mark_of(hash) | (now & TIME_MASK);
  if ((old & ~TIME_MASK) != mark_of(hash)) return GHOST_NONE;
  return ((now - old) & TIME_MASK) * r->ghost_pages;
}
