#include "servers/pager/core/space.h"

#include "servers/pager/core/bits.h"
#include "servers/pager/core/limits.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/resident.h"
#include "servers/pager/core/state.h"

#define ROOT_PAGES (1u << SPACE_ROOT_SHIFT)
#define ROOT_MASK (ROOT_PAGES - 1)

static bool has_root(const struct space *space, uint32_t i) {
  return space->roots[i / 64] >> (i % 64) & 1;
}

static void note_root(struct space *space, uint32_t i) {
  if (space->root[i]) {
    space->roots[i / 64] |= 1ull << (i % 64);
  } else {
    space->roots[i / 64] &= ~(1ull << (i % 64));
  }
}

// --- the kernel's part --------------------------------------------------------------------------

static uint32_t take_funded(struct pager *pager, struct space *space) {
  uint32_t frame = object_frame_take(pager);
  if (frame == FRAME_NONE) return FRAME_NONE;
  page_of(pager, frame)->next = space->funded;
  space->funded = frame;
  space->tables++;
  pager->frames_kernel++;
  return frame;
}

static void return_funded(struct pager *pager, struct space *space) {
  while (space->funded != FRAME_NONE) {
    uint32_t frame = space->funded;
    space->funded = page_of(pager, frame)->next;
    object_frame_put(pager, frame);
  }
  pager->frames_kernel -= space->tables;
  space->tables = 0;
}

bool space_fund(struct pager *pager, struct space *space, uint32_t count) {
  uint32_t frames[FUND_FRAMES_MAX];
  for (uint32_t i = 0; i < count; i++) {
    frames[i] = take_funded(pager, space);
    if (frames[i] == FRAME_NONE) return false;
  }
  return kops_fund_tables(space->slot, count, frames) == 0;
}

int space_enter(struct pager *pager, struct space *space, uint32_t page, uint32_t prot,
                uint32_t count, const uint32_t *frames) {
  uint64_t va_prot = (uint64_t)page << PAGE_SHIFT | prot;
  for (;;) {
    int error = kops_map(space->slot, va_prot, count, frames);
    if (error != -ENOMEM) return error;
    if (!space_fund(pager, space, 1)) return -ENOMEM;
  }
}

static bool is_server_with_window(uint32_t slot) {
  return slot == SLOT_FS || slot == SLOT_PROC || slot == SLOT_CONSOLE;
}

// Shows the message page of `slot` to a server.
static int enter_window(struct pager *pager, uint32_t server, uint32_t slot) {
  uint32_t page = (uint32_t)(MESSAGE_WINDOW >> PAGE_SHIFT) + slot;
  return space_enter(pager, pager->space[server], page, PROT_R | PROT_W, 1, &pager->message[slot]);
}

// The message page of a slot stays with it; so do the servers' mappings of it.
static int make_message_page(struct pager *pager, uint32_t slot) {
  if (pager->message[slot] != FRAME_NONE) return 0;
  uint32_t frame = frame_take(pager);
  if (frame == FRAME_NONE) return -ENOMEM;
  page_of(pager, frame)->state = PAGE_RESERVED;
  pager->frames_reserved++;
  pager->message[slot] = frame;
  for (uint32_t server = SLOT_FS; server <= SLOT_CONSOLE; server++) {
    if (!pager->space[server]) continue;
    int error = enter_window(pager, server, slot);
    if (error < 0) {
      uint64_t va = MESSAGE_WINDOW + ((uint64_t)slot << PAGE_SHIFT);
      for (uint32_t undo = SLOT_FS; undo < server; undo++) {
        if (pager->space[undo]) kops_unmap(undo, va, va + PAGE_SIZE);
      }
      pager->message[slot] = FRAME_NONE;
      pager->frames_reserved--;
      frame_put(pager, frame);
      return error;
    }
  }
  return 0;
}

static int enter_all_windows(struct pager *pager, uint32_t server) {
  for (uint32_t slot = 1; slot < SLOTS_MAX; slot++) {
    if (pager->message[slot] == FRAME_NONE) continue;
    int error = enter_window(pager, server, slot);
    if (error < 0) return error;
  }
  return 0;
}

static void add_message_pages(struct pager *pager, struct space *space, uint64_t va,
                              uint32_t count) {
  struct region region = {.start = (uint32_t)(va >> PAGE_SHIFT),
                          .end = (uint32_t)(va >> PAGE_SHIFT) + count,
                          .prot = PROT_R | PROT_W,
                          .prot_max = PROT_R | PROT_W,
                          .flags = REGION_SHARED | REGION_MESSAGE | REGION_TOUCHED};
  space_add_region(pager, space, &region);
  space->resident += count;
}

void space_add_message(struct pager *pager, struct space *space) {
  add_message_pages(pager, space, MESSAGE_PAGE, 1);
}

static int show_messages(struct pager *pager, struct space *space) {
  uint32_t slot = space->slot;
  if (!slab_reserve(pager, SLAB_REGION, 2)) return -ENOMEM;
  int error = make_message_page(pager, slot);
  if (error < 0) return error;
  page_zero(frame_pointer(pager, pager->message[slot]));
  error = space_enter(pager, space, (uint32_t)(MESSAGE_PAGE >> PAGE_SHIFT), PROT_R | PROT_W, 1,
                      &pager->message[slot]);
  if (error < 0 || !is_server_with_window(slot)) return error;
  add_message_pages(pager, space, MESSAGE_WINDOW, SLOTS_MAX);
  return enter_all_windows(pager, slot);
}

// What every program needs: the root, and two levels each for the image and for the highest
// addresses, where its stack and its message page are.
#define TABLES_OF_SPACE 5u

static int make_kernel_objects(struct pager *pager, struct space *space) {
  uint32_t frame = take_funded(pager, space);
  if (frame == FRAME_NONE) return -ENOMEM;
  int error = kops_space_create(space->slot, space->badge, frame);
  if (error < 0) return error;
  frame = take_funded(pager, space);
  if (frame == FRAME_NONE) return -ENOMEM;
  error = kops_thread_create(space->slot, frame);
  if (error < 0) return error;
  return space_fund(pager, space, TABLES_OF_SPACE) ? 0 : -ENOMEM;
}

int space_new(struct pager *pager, uint32_t badge, struct space **out) {
  uint32_t slot = badge_slot(badge);
  if (slot == SLOT_NONE || slot == SLOT_PAGER || slot >= SLOTS_MAX) return -EINVAL;
  if (pager->space[slot]) return -EEXIST;
  struct space *space = slab_take(pager, SLAB_SPACE);
  if (!space) return -ENOMEM;
  space->badge = badge;
  space->slot = slot;
  space->hit = &pager->nothing;
  space->leaf_tag = LEAF_NONE;
  space->empty_tag = LEAF_NONE;
  space->leaf = NULL;
  space->touch_next = 0;
  space->touch_run = 0;
  space->regions = NULL;
  space->faults = space->zeroed = space->copied = space->major = 0;
  space->funded = FRAME_NONE;
  space->tables = 0;
  space->break_start = 0;
  space->break_byte = 0;
  space->virtual_pages = space->data_pages = space->locked_pages = 0;
  space->resident = 0;
  space->resident_peak = space->virtual_peak = space->past_peak = 0;
  space->odd = (struct odd_pages){0};
  limits_init(space);
  space->new_flags = 0;
  space->ahead = (struct ahead){0};
  space->pending = NULL;
  space->provider = NULL;
  for (uint32_t i = 0; i < SPACE_ROOTS / 64; i++) space->roots[i] = 0;
  pager->space[slot] = space;
  space->new_page = 0;
  space_enter_family(pager, space, space_new_family(pager, space));
  int error = make_kernel_objects(pager, space);
  if (error == 0) error = show_messages(pager, space);
  if (error < 0) {
    space_delete(pager, space);
    return error;
  }
  pager->counts.spaces++;
  *out = space;
  return 0;
}

void space_delete(struct pager *pager, struct space *space) {
  pager->space[space->slot] = NULL;
  space_leave_family(pager, space);
  pending_cancel(pager, space);
  promise_keep(pager, space->badge);
  gather_rest(pager);
  provider_end(pager, space);
  kops_space_destroy(space->slot);
  space_release_regions(pager, space);
  space_release_pages(pager, space);
  return_funded(pager, space);
  slab_put(pager, SLAB_SPACE, space);
}

// --- families ----------------------------------------------------------------------------------

void space_enter_family(struct pager *pager, struct space *space, uint16_t family) {
  space_leave_family(pager, space);
  uint32_t first = pager->family[family];
  space->family_next = first == SLOT_NONE ? NULL : pager->space[first];
  space->new_page = (uint32_t)family << 16 | 1;
  pager->family[family] = (uint16_t)space->slot;
}

void space_leave_family(struct pager *pager, struct space *space) {
  uint16_t family = space_family(space);
  if (family == 0) return;
  space->new_page = 0;
  struct space *next = space->family_next;
  if (pager->family[family] == space->slot) {
    pager->family[family] = (uint16_t)(next ? next->slot : SLOT_NONE);
    return;
  }
  struct space *at = pager->space[pager->family[family]];
  while (at->family_next != space) at = at->family_next;
  at->family_next = next;
}

// There are fewer spaces than numbers, and each family has a space.
uint16_t space_new_family(const struct pager *pager, const struct space *space) {
  uint32_t family = space_family(space);
  if (family != 0 && pager->family[family] == space->slot && !space->family_next) {
    return (uint16_t)family;
  }
  for (family = space->slot; pager->family[family] != SLOT_NONE;) {
    family = family % (SLOTS_MAX - 1) + 1;
  }
  return (uint16_t)family;
}

// --- private pages ------------------------------------------------------------------------------

struct node *space_leaf(struct pager *pager, struct space *space, uint32_t page, bool *owned) {
  if (space->leaf_tag == page >> NODE_BITS) {
    *owned = true;
    return space->leaf;
  }
  uint32_t i = page >> SPACE_ROOT_SHIFT;
  *owned = false;
  if (!has_root(space, i)) return NULL;
  return node_find_leaf(pager, space->root[i], SPACE_HEIGHT, page & ROOT_MASK, owned);
}

struct node *space_node(struct pager *pager, struct space *space, uint32_t page) {
  const struct node *root = node_at(pager, space->root[page >> SPACE_ROOT_SHIFT]);
  _Static_assert(SPACE_HEIGHT == 3, "the root is above it");
  return node_at(pager, root->entry[node_way(page & ROOT_MASK, 2)]);
}

struct node *space_reach_leaf(struct pager *pager, struct space *space, uint32_t page) {
  bool owned;
  struct node *leaf = space_leaf(pager, space, page, &owned);
  if (!owned || space->bounded) return leaf;
  return space_own_leaf(pager, space, page);  // nothing to copy
}

struct node *space_own_leaf(struct pager *pager, struct space *space, uint32_t page) {
  if (space->leaf_tag == page >> NODE_BITS) return space->leaf;
  space->empty_tag = LEAF_NONE;
  uint32_t i = page >> SPACE_ROOT_SHIFT;
  if (!has_root(space, i)) space->root[i] = 0;
  struct node *leaf = node_own_leaf(pager, &space->root[i], SPACE_HEIGHT, page & ROOT_MASK);
  note_root(space, i);
  if (leaf) {
    space->leaf = leaf;
    space->leaf_tag = space->bounded ? LEAF_NONE : page >> NODE_BITS;
  }
  return leaf;
}

uint32_t space_next(struct pager *pager, struct space *space, uint32_t *page, uint32_t end) {
  while (*page < end) {
    uint32_t i = *page >> SPACE_ROOT_SHIFT;
    uint32_t root_end = (i + 1) << SPACE_ROOT_SHIFT;
    if (has_root(space, i)) {
      uint32_t index = *page & ROOT_MASK;
      uint32_t last = end < root_end ? end - (i << SPACE_ROOT_SHIFT) : ROOT_PAGES;
      uint32_t frame = node_next(pager, space->root[i], SPACE_HEIGHT, &index, last);
      if (frame != FRAME_NONE) {
        *page = (i << SPACE_ROOT_SHIFT) + index;
        return frame;
      }
    }
    *page = root_end;
  }
  return FRAME_NONE;
}

void space_remove_pages(struct pager *pager, struct space *space, uint32_t start, uint32_t end) {
  space->leaf_tag = LEAF_NONE;
  for (uint32_t i = start >> SPACE_ROOT_SHIFT; i <= (end - 1) >> SPACE_ROOT_SHIFT; i++) {
    if (!has_root(space, i)) continue;
    uint32_t base = i << SPACE_ROOT_SHIFT;
    uint32_t first = start > base ? start - base : 0;
    uint32_t last = end - base < ROOT_PAGES ? end - base : ROOT_PAGES;
    node_remove(pager, &space->root[i], SPACE_HEIGHT, first, last);
    note_root(space, i);
  }
}

void space_drop_pages(struct pager *pager, struct space *space, const struct region *region,
                      uint32_t start, uint32_t end) {
  resident_leave(pager, space, region, start, end);
  space_remove_pages(pager, space, start, end);
  resident_enter(pager, space, region, start, end);
}

void space_release_pages(struct pager *pager, struct space *space) {
  space->leaf_tag = LEAF_NONE;
  for (uint32_t word = 0; word < SPACE_ROOTS / 64; word++) {
    for (uint64_t left = space->roots[word]; left; left &= left - 1) {
      node_release(pager, space->root[word * 64 + bits_lowest(left)], SPACE_HEIGHT);
    }
    space->roots[word] = 0;
  }
}
