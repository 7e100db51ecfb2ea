// Which page leaves memory: one replacement policy in each policy_*.c, behind one interface.
//
// All pages that may be evicted are in two lists through struct page, of which the policy decides
// the order. Those that come into memory, for the first time or again, are appended to the first
// list without asking it. The evictor takes the next page from the policy, finds out whether it was
// accessed since it came or was last judged, and lets the policy judge: evict it, or keep it for
// now.
//
//   replacement_append ──▶ first list ──next──▶ judge ──true──▶ out of the lists
//                                        ▲        │ false: to the end of a list
//                                        └────────┘
//
// Pages that turn out to be locked are set aside in a third list, of which the policy knows
// nothing.
//
// Everything is a function of the order of calls, so a run can be repeated. No call takes more than
// a constant number of steps, but for replacement_choose.
#ifndef SERVERS_PAGER_CORE_POLICY_H
#define SERVERS_PAGER_CORE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/pager_options.h"
#include "servers/pager/core/frame.h"

#define GHOST_PAGES_MAX 128u
#define GHOSTS_PER_PAGE 1024u

struct replacement;

struct policy {
  bool looks;         // judge() uses `accessed`; otherwise nobody needs to find out
  bool wants_ghosts;  // judge() depends on what was evicted
  // The page to be judged next, 0 if there is none. It stays where it is.
  uint32_t (*next)(struct replacement *r);
  // true: the page is evicted, and out of the lists. => a page that next() gave
  bool (*judge)(struct replacement *r, uint32_t frame, bool accessed);
};

enum replacement_list { LIST_FIRST = 0, LIST_SECOND = 1, LIST_ASIDE = 2 };

struct replacement {
  uintptr_t page_base;         // of the struct page of frame 0
  uint32_t head;               // number of the first list's head, those of the others follow
  uint32_t first, end;         // frames of RAM
  struct page *last;           // last page of the first list, or its head
  uint32_t tail;               // its number
  uint32_t count[PAGE_HEADS];  // pages in each list but the first
  uint32_t pages;              // in the policy's lists, about: told by the evictor
  bool second_first;           // no page of the first list can go: the second one is to give some
  const struct policy *policy;
  uint64_t random;    // state of the generator, never 0
  uint32_t pressure;  // ageing: 0..PRESSURE_MAX
  uint32_t ghost_pages;
  uint32_t ghost_time;  // calls of ghost_renew, wraps around
  uint32_t **ghost;     // pages of ghosts: keys of pages by their hash
};

extern const struct policy policy_fifo, policy_clock, policy_ageing, policy_2q, policy_random;

// Empty lists; frames first..end - 1 and the PAGE_HEADS numbers from `end` on have a struct page.
// `ghost` has place for GHOST_PAGES_MAX pages of ghosts.
void replacement_init(struct replacement *r, uintptr_t page_base, uint32_t first, uint32_t end,
                      uint32_t **ghost);
// Changes the policy. All pages go to the first list: a step for each page of the second.
void replacement_choose(struct replacement *r, enum pager_policy policy);
void replacement_seed(struct replacement *r, uint32_t seed);

static inline uint32_t replacement_next(struct replacement *r) { return r->policy->next(r); }
static inline bool replacement_judge(struct replacement *r, uint32_t frame, bool accessed) {
  return r->policy->judge(r, frame, accessed);
}
// Puts a page that judge() gave up in front of the first list: it is the next one again.
void replacement_push(struct replacement *r, uint32_t frame);

// Appends a page to the first list. The caller sets PAGE_LISTED.
static inline void replacement_append(struct replacement *r, uint32_t frame, struct page *page) {
  r->last->next = frame;
  page->prev = r->tail;
  r->last = page;
  r->tail = frame;
}

static inline struct page *replacement_page(const struct replacement *r, uint32_t frame) {
  return (struct page *)(r->page_base + (uintptr_t)frame * sizeof(struct page));
}

// Takes a page out of its list. => PAGE_LISTED
static inline void replacement_remove(struct replacement *r, struct page *page) {
  if (page == r->last) {
    r->tail = page->prev;
    r->last = replacement_page(r, page->prev);
  } else {
    replacement_page(r, page->prev)->next = page->next;
    replacement_page(r, page->next)->prev = page->prev;
  }
  if (page->flags & PAGE_NOT_FIRST) r->count[page->age]--;
  page->flags &= (uint8_t) ~(PAGE_LISTED | PAGE_NOT_FIRST);
}

// The first page of a list; 0 if it is empty.
static inline uint32_t replacement_first(const struct replacement *r, enum replacement_list list) {
  if (list == LIST_FIRST)
    return r->tail == r->head ? FRAME_NONE : replacement_page(r, r->head)->next;
  uint32_t first = replacement_page(r, r->head + list)->next;
  return first == r->head + list ? FRAME_NONE : first;
}
// Lists a page at the end.
void replacement_add(struct replacement *r, enum replacement_list list, uint32_t frame);
// Moves a page of the first list to its end.
static inline void replacement_rotate(struct replacement *r, uint32_t frame) {
  struct page *page = replacement_page(r, frame);
  if (page == r->last) return;
  replacement_page(r, page->prev)->next = page->next;
  replacement_page(r, page->next)->prev = page->prev;
  replacement_append(r, frame, page);
}
// Moves a listed page to the end of a list.
void replacement_move(struct replacement *r, enum replacement_list list, uint32_t frame);

// --- ghosts: what a policy remembers of pages that left ------------------------------------------

// Memory for ghosts, GHOSTS_PER_PAGE words.
// => ghost_pages < GHOST_PAGES_MAX
void replacement_add_ghosts(struct replacement *r, uint32_t *words);
// Takes a page of them away, NULL if there is none.
uint32_t *replacement_take_ghosts(struct replacement *r);
#define GHOST_NONE UINT32_MAX
// Remembers the identity of a page, in place of another one. Returns how many calls ago the page
// was remembered last, about, or GHOST_NONE.
uint32_t ghost_renew(struct replacement *r, const struct page *page);

#endif
