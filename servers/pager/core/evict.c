#include "servers/pager/core/evict.h"

#include "servers/pager/core/min_max.h"
#include "servers/pager/core/oom.h"
#include "servers/pager/core/rmap.h"
#include "servers/pager/core/state.h"
#include "servers/pager/core/swap.h"

#define LOOKS_OF_STEP 64u  // pages judged in a step
#define LOOKS_PATIENT 48u  // of these, as long as nothing was found; then the next one goes
#define PAGES_OF_STEP 32u  // pages evicted in a step
#define LOW_LEAST 32u
#define WRITE_WINDOW 64u  // pages of a file written around a dirty one, power of two

// What one step has found.
struct step {
  uint32_t evicted;  // frames free, or on their way
  uint32_t looks, in_vain;
  uint32_t pages;  // to be written to swap
  uint32_t page[OBJECT_REQUEST_PAGES];
  bool swap_refused;  // no slot or no request is free
  bool urgent;        // somebody waits: what could not be written lately is tried again
};

// --- limits --------------------------------------------------------------------------------------

void evict_set_limits(struct pager *pager) {
  struct evict *evict = &pager->evict;
  uint64_t frames = pager->frames_total;
  uint32_t low = (uint32_t)(frames * pager->option[PAGER_FREE_LOW] / 1024);
  uint32_t high = (uint32_t)(frames * pager->option[PAGER_FREE_HIGH] / 1024);
  pager->free_low = FRAMES_RESERVE + max32(low, LOW_LEAST);
  evict->high = max32(FRAMES_RESERVE + high, pager->free_low + LOW_LEAST);
}

void evict_init(struct pager *pager) { evict_set_limits(pager); }

// --- looking -------------------------------------------------------------------------------------

// Never 0.
static inline uint32_t leaf_key(const struct page *page) {
  uint32_t owner = page->family ? page->family : page->object << 10;
  uint32_t key = owner * 0x9e3779b1u ^ page->index >> NODE_BITS;
  return key ? key : 1;
}

// The bits of the page's leaf are on the board. Pages that are adjacent in the lists often have a
// leaf in common, of which one step looks at the first and the next one at the others: what was
// harvested in either is new enough.
static inline void look(struct pager *pager, const struct page *page) {
  struct evict *evict = &pager->evict;
  uint32_t key = leaf_key(page);
  if (key == evict->last_key) return;
  evict->last_key = key;
  uint32_t place = key % EVICT_NODES;
  if (evict->harvested[place].key == key && evict->step - evict->harvested[place].step <= 1) return;
  evict->harvested[place].key = key;
  evict->harvested[place].step = evict->step;
  rmap_harvest(pager, page);
}

static void next_step(struct evict *evict) {
  evict->step++;
  evict->last_key = 0;
}

// Programs run for long: what was harvested is old.
static void forget_harvests(struct evict *evict) { evict->step++; }

static bool was_accessed(struct pager *pager, uint32_t frame) {
  uint8_t *board = board_of(pager, frame);
  bool accessed = *board & BOARD_ACCESSED;
  *board &= (uint8_t)~BOARD_ACCESSED;
  return accessed;
}

// A locked page stays where no policy sees it until it is found unlocked (look_aside).
static void set_aside(struct pager *pager, uint32_t frame) {
  replacement_add(&pager->replacement, LIST_ASIDE, frame);
}

// --- pages of files ------------------------------------------------------------------------------

// Takes a cached page's mappings away. Returns whether it is dirty.
static bool unmap_cached(struct pager *pager, struct object *object, uint32_t frame) {
  const struct page *page = page_of(pager, frame);
  if (object->regions) object_unmap_page(pager, object, page->index);
  if (*board_of(pager, frame) & BOARD_DIRTY) {
    *board_of(pager, frame) &= (uint8_t)~BOARD_DIRTY;
    object_set_dirty(pager, object, frame);
  }
  return page->flags & (PAGE_DIRTY | PAGE_WRITING);
}

static void drop_cached(struct pager *pager, struct object *object, uint32_t frame) {
  object_remove(pager, object, page_of(pager, frame)->index);
  pager->evicted++;
}

// A clean page that is listed. False if it was dirty after all.
static bool drop_listed(struct pager *pager, uint32_t frame) {
  struct object *object = item_at(pager, page_of(pager, frame)->object);
  if (unmap_cached(pager, object, frame)) return false;
  drop_cached(pager, object, frame);
  return true;
}

static void evict_cached(struct pager *pager, uint32_t frame, struct step *step) {
  struct page *page = page_of(pager, frame);
  struct object *object = item_at(pager, page->object);
  if (rmap_is_locked(pager, page)) {
    set_aside(pager, frame);
    return;
  }
  if (page->flags & (PAGE_WRITING | PAGE_ALLOCATING | PAGE_LEAVING)) {
    page_list(pager, frame);
    return;
  }
  if (!unmap_cached(pager, object, frame)) {
    drop_cached(pager, object, frame);
    step->evicted++;
    return;
  }
  if (pager->aging.failing && !step->urgent) {
    page_list(pager, frame);
    return;
  }
  step->evicted++;
  page->flags |= PAGE_EVICTING;
  pager->evict.leaving++;
  uint32_t first = page->index & ~(WRITE_WINDOW - 1);
  uint32_t end = first + WRITE_WINDOW < object->pages ? first + WRITE_WINDOW : object->pages;
  writeback_start(pager, object, first, end);
}

void evict_written(struct pager *pager, struct object *object, uint32_t frame, bool stored) {
  struct page *page = page_of(pager, frame);
  page->flags &= (uint8_t)~PAGE_EVICTING;
  pager->evict.leaving--;
  bool used = !stored || (page->flags & (PAGE_DIRTY | PAGE_ALLOCATING)) || frame == pager->pinned ||
              was_accessed(pager, frame);
  if (!used && !rmap_is_locked(pager, page) && !unmap_cached(pager, object, frame) &&
      !was_accessed(pager, frame)) {
    drop_cached(pager, object, frame);
  } else {
    page_list(pager, frame);
  }
}

bool evict_range(struct pager *pager, uint32_t first, uint32_t count) {
  const uint8_t busy = PAGE_DIRTY | PAGE_WRITING | PAGE_ALLOCATING | PAGE_LEAVING;
  for (uint32_t frame = first; frame < first + count; frame++) {
    const struct page *page = page_of(pager, frame);
    if (page->state == PAGE_FREE) continue;
    if (page->state != PAGE_CACHED || (page->flags & busy) || frame == pager->pinned ||
        page_is_evicting(page))
      return false;
  }
  for (uint32_t frame = first; frame < first + count; frame++) {
    if (page_of(pager, frame)->state == PAGE_CACHED && !drop_listed(pager, frame)) return false;
  }
  return true;
}

// --- private pages and shared memory -------------------------------------------------------------

// Writes what the step has collected; what cannot be written is judged again soon.
static void write_collected(struct pager *pager, struct step *step) {
  uint32_t done = 0;
  while (done < step->pages && !step->swap_refused) {
    uint32_t sent = swap_out(pager, step->page + done, step->pages - done);
    step->swap_refused = sent == 0;
    step->evicted += sent;
    done += sent;
  }
  while (step->pages > done) replacement_push(&pager->replacement, step->page[--step->pages]);
  step->pages = 0;
}

// A page that nobody needs, or whose slot has the same content, unless it was changed. False: it
// must be written, and holds no slot.
static bool drop_unchanged(struct pager *pager, uint32_t frame) {
  struct page *page = page_of(pager, frame);
  bool is_lazy = page->state == PAGE_ANONYMOUS && (page->flags & PAGE_LAZY);
  if (!is_lazy && !(page->flags & PAGE_STORED)) return false;
  rmap_unmap(pager, page, 1);
  if (is_lazy) page->flags &= (uint8_t)~PAGE_LAZY;
  if (*board_of(pager, frame) & BOARD_DIRTY) {
    swap_forget_slot(pager, page);
    return false;
  }
  if (is_lazy) {
    rmap_replace(pager, page, frame, FRAME_NONE);
  } else {
    uint32_t slot = page->object - 1;
    uint32_t count = rmap_replace(pager, page, frame, ENTRY_SWAPPED | slot);
    swap_leave(pager, slot, count, page->flags & PAGE_WRITTEN);
  }
  frame_put(pager, frame);
  pager->evicted++;
  return true;
}

static void evict_memory(struct pager *pager, uint32_t frame, struct step *step) {
  struct page *page = page_of(pager, frame);
  if (rmap_is_locked(pager, page)) {
    set_aside(pager, frame);
  } else if (drop_unchanged(pager, frame)) {
    step->evicted++;
  } else if (step->swap_refused || pager->swap.free == 0) {
    page_list(pager, frame);
  } else {
    look(pager, page);  // so that what is written from now on is found
    step->page[step->pages++] = frame;
    if (step->pages == OBJECT_REQUEST_PAGES) write_collected(pager, step);
  }
}

// --- ghosts --------------------------------------------------------------------------------------

#define GHOSTS_PER_FRAME 2u

static bool take_ghost_page(struct pager *pager) {
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return false;
  page_of(pager, frame)->state = PAGE_RESERVED;
  pager->frames_reserved++;
  replacement_add_ghosts(&pager->replacement, frame_pointer(pager, frame));
  return true;
}

static void give_ghost_pages(struct pager *pager) {
  uint32_t *words;
  while ((words = replacement_take_ghosts(&pager->replacement))) {
    frame_put(pager, (uint32_t)(((uintptr_t)words - pager->window) >> PAGE_SHIFT));
    pager->frames_reserved--;
  }
}

void evict_keep_ghosts(struct pager *pager) {
  const struct replacement *r = &pager->replacement;
  if (!r->policy->wants_ghosts) {
    give_ghost_pages(pager);
    return;
  }
  uint32_t wanted = pager->frames_total / (GHOSTS_PER_PAGE / GHOSTS_PER_FRAME) + 1;
  if (wanted > GHOST_PAGES_MAX) wanted = GHOST_PAGES_MAX;
  while (r->ghost_pages < wanted && take_ghost_page(pager)) {
    if (pager->free.count < pager->evict.high) break;
  }
}

// --- a step --------------------------------------------------------------------------------------

static uint32_t free_soon(const struct pager *pager) {
  return pager->free.count + pager->swap.writing + pager->evict.leaving;
}

// Lists pages again that are no longer locked: looks at one of those set aside in a step, and at
// more as long as that finds some, or when memory is needed at once.
static void look_aside(struct pager *pager, bool urgent) {
  struct replacement *r = &pager->replacement;
  for (uint32_t looks = 0; looks < LOOKS_OF_STEP; looks++) {
    uint32_t frame = replacement_first(r, LIST_ASIDE);
    if (frame == FRAME_NONE) return;
    bool locked = rmap_is_locked(pager, page_of(pager, frame));
    replacement_move(r, locked ? LIST_ASIDE : LIST_FIRST, frame);
    if (locked && !urgent) return;
  }
}

static void evict_page(struct pager *pager, uint32_t frame, struct step *step) {
  if (frame == pager->pinned) {
    page_list(pager, frame);
  } else if (page_of(pager, frame)->state == PAGE_CACHED) {
    evict_cached(pager, frame, step);
  } else {
    evict_memory(pager, frame, step);
  }
}

uint32_t evict_chosen(struct pager *pager, const uint32_t *frames, uint32_t count) {
  struct step step = {.urgent = true};
  uint32_t evicted = pager->evicted;
  forget_harvests(&pager->evict);
  next_step(&pager->evict);
  for (uint32_t i = 0; i < count; i++) {
    replacement_remove(&pager->replacement, page_of(pager, frames[i]));
    evict_memory(pager, frames[i], &step);
  }
  write_collected(pager, &step);
  requests_kick(pager);
  return pager->evicted - evicted;
}

// The next page that the policy gives up, FRAME_NONE if it has none for this step.
static uint32_t find_victim(struct pager *pager, struct step *step) {
  struct replacement *r = &pager->replacement;
  while (step->looks < LOOKS_OF_STEP) {
    uint32_t frame = replacement_next(r);
    if (frame == FRAME_NONE) break;
    bool accessed = false;
    if (r->policy->looks) {
      look(pager, page_of(pager, frame));
      accessed = was_accessed(pager, frame);
    }
    // However much memory is used, a step finds something.
    if (step->in_vain >= LOOKS_PATIENT) accessed = false;
    step->looks++;
    if (replacement_judge(r, frame, accessed)) return frame;
    step->in_vain++;
  }
  return FRAME_NONE;
}

// Returns how many frames became free or will.
static uint32_t evict_step(struct pager *pager, bool urgent) {
  struct replacement *r = &pager->replacement;
  struct step step = {.urgent = urgent};
  next_step(&pager->evict);
  r->pages = pager->frames_total - free_soon(pager) - pager->objects.count - pager->frames_kernel -
             pager->frames_reserved - r->count[LIST_ASIDE];
  look_aside(pager, urgent);
  while (step.evicted < PAGES_OF_STEP && free_soon(pager) + step.pages < pager->evict.high) {
    if (step.swap_refused && !urgent) break;  // soon
    uint32_t frame = find_victim(pager, &step);
    if (frame == FRAME_NONE) break;
    evict_page(pager, frame, &step);
  }
  // Clean pages that are as old have made room first.
  if (free_soon(pager) < pager->evict.high) write_collected(pager, &step);
  while (step.pages > 0) replacement_push(r, step.page[--step.pages]);
  requests_kick(pager);
  return step.evicted;
}

static void wake_waiting(struct pager *pager) {
  struct pending *last = pager->evict.waiting;
  while (last && last->next) last = last->next;
  while (pager->evict.waiting && pager->free.count > FRAMES_RESERVE) {
    bool was_last = pager->evict.waiting == last;
    pending_wake_one(pager, &pager->evict.waiting);
    if (was_last) break;
  }
}

// While what was evicted is being written, the next step waits until it finds more than a page or
// two to write: requests are of many.
static bool is_worth_a_step(const struct pager *pager) {
  return free_soon(pager) <= (pager->free_low + pager->evict.high) / 2;
}

// A step now would find pages and could not write them: it waits until a write is done.
static bool must_pause(const struct pager *pager) {
  return !request_is_free(pager, OBJECT_PAGE_OUT) && free_soon(pager) > pager->free.count;
}

static void go_on(struct pager *pager) {
  struct evict *evict = &pager->evict;
  if (must_pause(pager)) {
    forget_harvests(evict);
    return;
  }
  evict_step(pager, false);
  evict->active = free_soon(pager) < evict->high;
  if (!evict->active) forget_harvests(evict);
  evict_keep_ghosts(pager);
}

void pager_between(struct pager *pager) {
  struct evict *evict = &pager->evict;
  if (pager->free.count <= pager->free_low && is_worth_a_step(pager)) evict->active = true;
  if (evict->active) go_on(pager);
  if (!evict->waiting) return;
  wake_waiting(pager);
  // What they waited for is over and gave nothing: the first one looks for more.
  bool idle = free_soon(pager) == pager->free.count && pager->writebacks == 0;
  if (evict->waiting && idle && !evict->out_of_memory) pending_wake_one(pager, &evict->waiting);
}

// --- when there is nothing -----------------------------------------------------------------------

// Whether some page could be evicted at all.
static bool has_evictable(const struct pager *pager) {
  return pager->swap.free > 0 || pager->frames_cache > 0;
}

// Whether pages could be written to swap if reads did not have all the requests.
static bool waits_for_request(const struct pager *pager) {
  return pager->swap.free > 0 && !request_is_free(pager, OBJECT_PAGE_OUT);
}

// Every slot is taken, but pages in memory hold some: such a page goes if it was not changed, and
// gives its slot up if it was. Wherever the policy has them.
static void evict_holders(struct pager *pager) {
  const uint8_t flags = PAGE_STORED | PAGE_LISTED;
  uint32_t frames[PAGES_OF_STEP], count = 0;
  for (uint32_t frame = pager->ram_first; frame < pager->ram_end && count < PAGES_OF_STEP;
       frame++) {
    const struct page *page = page_of(pager, frame);
    if (page->state != PAGE_ANONYMOUS || (page->flags & flags) != flags) continue;
    if (frame != pager->pinned && !rmap_is_locked(pager, page)) frames[count++] = frame;
  }
  evict_chosen(pager, frames, count);
}

// Whether more than `frames` are free, or some are on their way.
static bool is_there_or_soon(const struct pager *pager, uint32_t frames) {
  return pager->free.count > frames || free_soon(pager) > pager->free.count ||
         pager->writebacks > 0 || waits_for_request(pager);
}

// As many steps as bring every page to the front once, if they find nothing.
static void evict_steps(struct pager *pager, uint32_t frames) {
  const struct replacement *r = &pager->replacement;
  uint32_t steps = (r->pages + r->count[LIST_ASIDE]) / LOOKS_PATIENT + 2;
  while (steps-- > 0 && pager->free.count <= frames && free_soon(pager) == pager->free.count) {
    evict_step(pager, true);
  }
}

// Evicts until more than `frames` are free or some are on their way. False: neither can be.
static bool evict_until(struct pager *pager, uint32_t frames) {
  forget_harvests(&pager->evict);
  if (has_evictable(pager)) evict_steps(pager, frames);
  if (!is_there_or_soon(pager, frames) && pager->replacement.count[LIST_SECOND] > 0) {
    pager->replacement.second_first = true;
    evict_steps(pager, frames);
    pager->replacement.second_first = false;
  }
  if (!is_there_or_soon(pager, frames)) evict_holders(pager);
  return is_there_or_soon(pager, frames) || (promise_end(pager) && pager->free.count > frames);
}

static enum memory have(struct pager *pager, uint32_t frames, struct pending ***list) {
  *list = &pager->evict.waiting;
  return pager->free.count > frames ? MEMORY_THERE : MEMORY_LATER;
}

enum memory evict_wait(struct pager *pager, struct pending ***list) {
  struct evict *evict = &pager->evict;
  if (evict_until(pager, FRAMES_RESERVE)) return have(pager, FRAMES_RESERVE, list);
  *list = NULL;
  if (!oom_possible(pager)) return MEMORY_NEVER;
  if (!evict->out_of_memory) {
    evict->out_of_memory = true;
    kops_notify_out_of_memory();
  }
  return have(pager, FRAMES_RESERVE, list);
}

enum memory evict_wait_beside(struct pager *pager, uint32_t frame, struct pending ***list) {
  uint32_t pinned = pager->pinned;
  pager->pinned = frame;
  enum memory memory = evict_wait(pager, list);
  pager->pinned = pinned;
  return memory;
}

enum memory evict_wait_for_call(struct pager *pager, uint32_t frames, struct pending ***list) {
  frames += FRAMES_RESERVE - 1;
  if (evict_until(pager, frames)) return have(pager, frames, list);
  *list = NULL;
  return MEMORY_NEVER;
}

void evict_failed(struct pager *pager) {
  bool hope = pager->free.count > FRAMES_RESERVE || pager->swap.writing > 0 || pager->swap.free > 0;
  pending_wake(pager, &pager->evict.waiting, hope ? 0 : -ENOMEM, false);
  gather_rest(pager);
}
