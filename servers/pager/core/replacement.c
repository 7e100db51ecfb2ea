// The lists that all policies use, and what they remember.
#include <stddef.h>

#include "servers/pager/core/policy.h"

static const struct policy *const kPolicies[PAGER_POLICY_COUNT] = {
    [PAGER_POLICY_FIFO] = &policy_fifo,     [PAGER_POLICY_CLOCK] = &policy_clock,
    [PAGER_POLICY_AGEING] = &policy_ageing, [PAGER_POLICY_2Q] = &policy_2q,
    [PAGER_POLICY_RANDOM] = &policy_random,
};

#define SECOND 1u  // number of the second list

static void clear_list(struct replacement *r, uint32_t list) {
  uint32_t head = r->head + list;
  replacement_page(r, head)->next = head;
  replacement_page(r, head)->prev = head;
}

void replacement_init(struct replacement *r, uintptr_t page_base, uint32_t first, uint32_t end) {
  *r = (struct replacement){.page_base = page_base, .head = end, .first = first, .end = end};
  r->tail = r->head;
  r->last = replacement_page(r, r->head);
  clear_list(r, SECOND);
  replacement_seed(r, 1);
  r->policy = &policy_clock;
}

void replacement_seed(struct replacement *r, uint32_t seed) { r->random = seed; }

uint32_t replacement_first(const struct replacement *r, uint32_t list) {
  if (list == 0) return r->tail == r->head ? FRAME_NONE : replacement_page(r, r->head)->next;
  uint32_t first = replacement_page(r, r->head + list)->next;
  return first == r->head + list ? FRAME_NONE : first;
}

void replacement_add(struct replacement *r, uint32_t list, uint32_t frame) {
  struct page *page = replacement_page(r, frame);
  page->flags |= PAGE_LISTED;
  if (list == 0) {
    replacement_append(r, frame, page);
    return;
  }
  page->flags |= PAGE_SECOND;
  struct page *head = replacement_page(r, r->head + list);
  page->next = r->head + list;
  page->prev = head->prev;
  replacement_page(r, head->prev)->next = frame;
  head->prev = frame;
  r->second++;
}

void replacement_move(struct replacement *r, uint32_t list, uint32_t frame) {
  replacement_remove(r, replacement_page(r, frame));
  replacement_add(r, list, frame);
}

void replacement_push(struct replacement *r, uint32_t frame) {
  struct page *page = replacement_page(r, frame);
  uint32_t first = replacement_first(r, 0);
  if (first == FRAME_NONE) {
    replacement_add(r, 0, frame);
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
  while ((frame = replacement_first(r, SECOND)) != FRAME_NONE) replacement_move(r, 0, frame);
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

static uint32_t *place_of(struct replacement *r, uint64_t hash) {
  uint32_t page = (uint32_t)(hash >> 32) % r->ghost_pages;
  return &r->ghost[page][(hash >> 20) % GHOSTS_PER_PAGE];
}

// Never 0, which is an empty place.
static uint32_t mark_of(uint64_t hash) { return (uint32_t)hash | 1; }

void ghost_remember(struct replacement *r, const struct page *page) {
  if (r->ghost_pages == 0) return;
  uint64_t hash = hash_of(page);
  *place_of(r, hash) = mark_of(hash);
}

bool ghost_forget(struct replacement *r, const struct page *page) {
  if (r->ghost_pages == 0) return false;
  uint64_t hash = hash_of(page);
  uint32_t *place = place_of(r, hash);
  if (*place != mark_of(hash)) return false;
  *place = 0;
  return true;
}
