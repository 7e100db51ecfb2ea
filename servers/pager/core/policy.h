// Which page leaves memory: one replacement policy in each policy_*.c, behind one interface.
//
// All pages that may be evicted are in two lists through struct page, of which the policy decides
// the order. New ones are appended to the first list without asking it. The evictor takes the next
// page from the policy, finds out whether it was accessed since it was last judged, and lets the
// policy judge: evict it, or keep it for now.
//
//   replacement_append ──▶ first list ──next──▶ judge ──true──▶ out of the lists
//   replacement_return ──▶ (either)      ▲        │ false: to the end of a list
//                                        └────────┘
//
// Everything is a function of the order of calls, so a run can be repeated. No call takes more than
// a constant number of steps, but for replacement_choose.
#ifndef SERVERS_PAGER_CORE_POLICY_H
#define SERVERS_PAGER_CORE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/pager_options.h"
#include "servers/pager/core/frame.h"

#define GHOST_PAGES_MAX 64u
#define GHOSTS_PER_PAGE 1024u

struct replacement;

struct policy {
  bool looks;         // judge() uses `accessed`; otherwise nobody needs to find out
  bool wants_ghosts;  // replacement_return depends on what was evicted
  // The page to be judged next, 0 if there is none. It stays where it is.
  uint32_t (*next)(struct replacement *r);
  // true: the page is evicted, and out of the lists. => a page that next() gave
  bool (*judge)(struct replacement *r, uint32_t frame, bool accessed);
  // Lists a page that was evicted some time ago and is read again.
  void (*returned)(struct replacement *r, uint32_t frame);
};

struct replacement {
  uintptr_t page_base;  // of the struct page of frame 0
  uint32_t head;        // numbers of the two lists' heads: head, head + 1
  uint32_t first, end;  // frames of RAM
  struct page *last;    // last page of the first list, or its head
  uint32_t tail;        // its number
  uint32_t second;      // pages in the second list
  uint32_t pages;       // in both, about: told by the evictor
  const struct policy *policy;
  uint64_t random;    // state of the generator, never 0
  uint32_t pressure;  // ageing: 0..PRESSURE_MAX
  uint32_t ghost_pages;
  uint32_t *ghost[GHOST_PAGES_MAX];  // keys of evicted pages, by their hash
};

extern const struct policy policy_fifo, policy_clock, policy_ageing, policy_2q, policy_random;

// Empty lists; frames first..end - 1 and the PAGE_HEADS numbers from `end` on have a struct page.
void replacement_init(struct replacement *r, uintptr_t page_base, uint32_t first, uint32_t end);
// Changes the policy. All pages go to the first list: a step for each page of the second.
void replacement_choose(struct replacement *r, enum pager_policy policy);
void replacement_seed(struct replacement *r, uint32_t seed);

static inline uint32_t replacement_next(struct replacement *r) { return r->policy->next(r); }
static inline bool replacement_judge(struct replacement *r, uint32_t frame, bool accessed) {
  return r->policy->judge(r, frame, accessed);
}
// Lists a page that is read again, from swap or file.
static inline void replacement_return(struct replacement *r, uint32_t frame) {
  r->policy->returned(r, frame);
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
  if (page->flags & PAGE_SECOND) r->second--;
  page->flags &= (uint8_t) ~(PAGE_LISTED | PAGE_SECOND);
}

// --- for policies --------------------------------------------------------------------------------

// The first page of a list (0, 1); 0 if it is empty.
uint32_t replacement_first(const struct replacement *r, uint32_t list);
// Lists a page at the end.
void replacement_add(struct replacement *r, uint32_t list, uint32_t frame);
// Moves a listed page to the end.
void replacement_move(struct replacement *r, uint32_t list, uint32_t frame);

// Memory for ghosts, GHOSTS_PER_PAGE words; their number is what a policy remembers at most.
// => ghost_pages < GHOST_PAGES_MAX
void replacement_add_ghosts(struct replacement *r, uint32_t *words);
// Takes a page of them away, NULL if there is none.
uint32_t *replacement_take_ghosts(struct replacement *r);
// Remembers the identity of an evicted page, in place of another one.
void ghost_remember(struct replacement *r, const struct page *page);
// Whether the page was remembered; it no longer is.
bool ghost_forget(struct replacement *r, const struct page *page);

#endif
