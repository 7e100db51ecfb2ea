// Replacing a program: the new regions are made beside the old ones, then the two change places.
// What posix_spawn does is the first half of that.
#include "servers/pager/core/exec.h"

#include "servers/pager/core/bits.h"
#include "servers/pager/core/calls.h"
#include "servers/pager/core/limits.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/provider.h"
#include "servers/pager/core/signals.h"
#include "servers/pager/core/state.h"

#define ARGUMENTS_MAX (STACK_MAX / 4)
#define STACK_FIRST_PAGES 1u  // below the arguments, so that the first call finds its region
#define REGIONS_FOR_EXEC (3 * EXEC_SEGMENTS_MAX + 4)
#define TABLES_FEW 12u  // kernel frames of a small program, its space and thread included

static uint32_t page_down(uint64_t address) { return (uint32_t)(address >> PAGE_SHIFT); }
static uint32_t page_up(uint64_t address) {
  return (uint32_t)((address + PAGE_MASK) >> PAGE_SHIFT);
}

static bool valid_segment(const struct exec_segment *s, uint32_t lowest) {
  if (s->memory_bytes == 0 || s->file_bytes > s->memory_bytes) return false;
  if (s->address >= MMAP_BASE || s->memory_bytes > MMAP_BASE - s->address) return false;
  if (s->file_offset >= OBJECT_BYTES_MAX) return false;
  if ((s->address & PAGE_MASK) != (s->file_offset & PAGE_MASK)) return false;
  if (s->prot == 0 || s->prot > (PROT_R | PROT_W | PROT_X)) return false;
  return page_down(s->address) >= lowest;
}

static bool is_inline(const struct exec_image *image) {
  return image->arguments == MESSAGE_PAGE + EXEC_INLINE;
}

static bool valid_block(const struct exec_image *image) {
  uint64_t bytes = image->arguments_bytes;
  if (is_inline(image)) return bytes > 0 && bytes <= EXEC_INLINE_BYTES && !(bytes & 15);
  if ((image->arguments | bytes) & PAGE_MASK) return false;
  if (bytes == 0 || bytes > ARGUMENTS_MAX) return false;
  return image->arguments < USER_END && bytes <= USER_END - image->arguments;
}

static bool valid_image(const struct exec_image *image) {
  if (image->segments == 0 || image->segments > EXEC_SEGMENTS_MAX) return false;
  uint32_t lowest = 1;
  bool entry = false;
  for (uint64_t i = 0; i < image->segments; i++) {
    const struct exec_segment *s = &image->segment[i];
    if (!valid_segment(s, lowest)) return false;
    lowest = page_up(s->address + s->memory_bytes);
    entry |= (s->prot & PROT_X) && image->entry >= s->address &&
             image->entry - s->address < s->memory_bytes;
  }
  if (!entry || (image->entry & 1) || !valid_block(image)) return false;
  return !(image->stack_pointer & 15) && image->stack_pointer <= STACK_TOP &&
         image->stack_pointer >= STACK_TOP - image->arguments_bytes;
}

// The arguments must be the caller's own writable anonymous memory: its pages move.
static bool valid_arguments(struct pager *pager, struct space *space,
                            const struct exec_image *image) {
  uint32_t start = page_down(image->arguments);
  uint32_t end = page_down(image->arguments + image->arguments_bytes);
  if (is_inline(image)) return true;
  odd_settle(pager, space);
  while (start < end) {
    const struct region *region = region_find(space->regions, start);
    if (!region || region->object || (region->flags & REGION_FIXTURE)) return false;
    if (!(region->prot & PROT_R)) return false;
    start = region->end;
  }
  return true;
}

static void add_segment(struct pager *pager, struct space *space, struct object *object,
                        const struct exec_segment *s) {
  uint8_t prot = (uint8_t)(s->prot & PROT_W ? s->prot | PROT_R : s->prot);
  uint32_t file_end = page_up(s->address + s->file_bytes);
  struct region region = {.start = page_down(s->address),
                          .end = page_up(s->address + s->memory_bytes),
                          .prot = prot,
                          .prot_max = PROT_R | PROT_W | PROT_X};
  if (s->file_bytes > 0) {
    struct region file = region;
    file.end = file_end;
    file.object = object;
    file.offset = page_down(s->file_offset);
    // Behind the data of the last page there are zeros, whatever the file has there.
    if (s->memory_bytes > s->file_bytes) {
      file.tail = (uint16_t)((s->address + s->file_bytes) & PAGE_MASK);
    }
    space_add_region(pager, space, &file);
    region.start = file_end;
  }
  if (region.start < region.end) space_add_region(pager, space, &region);
}

static uint32_t arguments_place(uint32_t pages) {
  return (uint32_t)(STACK_TOP >> PAGE_SHIFT) - pages;
}

// A page that others have, too, stays at its address; the new program gets a copy.
static uint32_t copy_of(struct pager *pager, const struct space *to, uint32_t new_page,
                        uint32_t frame) {
  uint32_t copy = frame_take(pager);
  if (copy == FRAME_NONE) return FRAME_NONE;
  page_make_private(pager, to, copy, new_page);
  page_copy(frame_pointer(pager, copy), frame_pointer(pager, frame));
  return copy;
}

// Moves the argument pages from the old forest, `from`, to their place below STACK_TOP. Their keys
// stay until the old forest is gone.
static bool move_arguments(struct pager *pager, struct space *from, uint32_t start, uint32_t end,
                           struct space *to) {
  uint32_t frame;
  for (uint32_t page = start; (frame = space_next(pager, from, &page, end)); page++) {
    uint32_t new_page = arguments_place(end - start) + (page - start);
    bool owned;
    space_leaf(pager, from, page, &owned);
    struct node *leaf = space_own_leaf(pager, to, new_page);
    if (!leaf) return false;
    if (entry_is_swapped(frame)) {
      swap_add_reference(pager, entry_slot(frame));
    } else if (owned && page_of(pager, frame)->refs == 1) {
      page_of(pager, frame)->refs++;
    } else {
      frame = copy_of(pager, to, new_page, frame);
      if (frame == FRAME_NONE) return false;
    }
    leaf->entry[new_page & NODE_MASK] = frame;
    leaf->present |= 1ull << (new_page & NODE_MASK);
    to->resident += entry_is_frame(frame);
  }
  return true;
}

// Copies the argument block that is in the message page of `from`.
static bool copy_arguments(struct pager *pager, struct space *from, uint64_t bytes,
                           struct space *to) {
  uint32_t page = (uint32_t)(STACK_TOP >> PAGE_SHIFT) - 1;
  struct node *leaf = space_own_leaf(pager, to, page);
  uint32_t frame = leaf ? frame_take(pager) : FRAME_NONE;
  if (frame == FRAME_NONE) return false;
  page_make_private(pager, to, frame, page);
  uint8_t *block = frame_pointer(pager, frame);
  page_zero(block);
  bytes_copy(block + PAGE_SIZE - bytes, (uint8_t *)pager_message(pager, from) + EXEC_INLINE, bytes);
  leaf->entry[page & NODE_MASK] = frame;
  leaf->present |= 1ull << (page & NODE_MASK);
  to->resident++;
  return true;
}

// The argument pages that have moved are the new program's alone now.
static void key_arguments(struct pager *pager, struct space *space, uint32_t pages) {
  uint32_t page = arguments_place(pages);
  uint32_t frame;
  for (; (frame = space_next(pager, space, &page, arguments_place(0))); page++) {
    if (!entry_is_frame(frame)) continue;
    page_of(pager, frame)->family = space_family(space);
    page_of(pager, frame)->index = page;
  }
}

static void add_stack(struct pager *pager, struct space *space, uint32_t pages) {
  uint32_t top = (uint32_t)(STACK_TOP >> PAGE_SHIFT);
  struct region stack = {.start = top - pages - STACK_FIRST_PAGES,
                         .end = top,
                         .prot = PROT_R | PROT_W,
                         .prot_max = PROT_R | PROT_W | PROT_X,
                         .flags = REGION_STACK | REGION_GROWSDOWN | REGION_TOUCHED};
  space_add_region(pager, space, &stack);
}

int64_t pager_add_stack(struct pager *pager, struct space *space) {
  if (!slab_reserve(pager, SLAB_REGION, 1)) return -ENOMEM;
  uint32_t top = (uint32_t)(STACK_TOP >> PAGE_SHIFT);
  if (!space_is_free(space, top - 2, top)) return -EEXIST;
  add_stack(pager, space, 1);
  return 0;
}

static void exchange_words(uint64_t *a, uint64_t *b) {
  uint64_t word = *a;
  *a = *b;
  *b = word;
}

// Exchanges what makes up the address space; the rest stays.
static void exchange(struct space *a, struct space *b) {
  struct region *regions = a->regions;
  a->regions = b->regions;
  b->regions = regions;
  exchange_words(&a->virtual_pages, &b->virtual_pages);
  exchange_words(&a->data_pages, &b->data_pages);
  exchange_words(&a->locked_pages, &b->locked_pages);
  uint32_t resident = a->resident;
  a->resident = b->resident;
  b->resident = resident;
  for (uint32_t word = 0; word < SPACE_ROOTS / 64; word++) {
    for (uint64_t left = a->roots[word] | b->roots[word]; left; left &= left - 1) {
      uint32_t i = word * 64 + bits_lowest(left);
      uint32_t root = a->root[i];
      a->root[i] = b->root[i];
      b->root[i] = root;
    }
    exchange_words(&a->roots[word], &b->roots[word]);
  }
  a->leaf_tag = b->leaf_tag = LEAF_NONE;
  a->empty_tag = b->empty_tag = LEAF_NONE;
}

// An empty address space beside that of `space`, for the kernel the same one.
static struct space *shadow_of(struct pager *pager, const struct space *space) {
  struct space *shadow = slab_take(pager, SLAB_SPACE);
  if (!shadow) return NULL;
  shadow->slot = space->slot;
  shadow->new_page = (uint32_t)space_new_family(pager, space) << 16 | 1;
  limits_init(shadow);
  shadow->regions = NULL;
  shadow->hit = &pager->nothing;
  shadow->leaf_tag = shadow->empty_tag = LEAF_NONE;
  shadow->virtual_pages = shadow->data_pages = shadow->locked_pages = 0;
  shadow->zeroed = shadow->resident = 0;
  shadow->odd = (struct odd_pages){0};
  for (uint32_t i = 0; i < SPACE_ROOTS / 64; i++) shadow->roots[i] = 0;
  return shadow;
}

static void release_shadow(struct pager *pager, struct space *shadow) {
  space_release_regions(pager, shadow);
  space_release_pages(pager, shadow);
  slab_put(pager, SLAB_SPACE, shadow);
}

// Enters the first page of the new stack, which is certain to be used.
static void enter_stack(struct pager *pager, struct space *space, uint64_t sp) {
  uint32_t page = page_down(sp < STACK_TOP ? sp : sp - 1);
  struct node *leaf = space_own_leaf(pager, space, page);
  uint32_t frame = leaf ? leaf->entry[page & NODE_MASK] : FRAME_NONE;
  if (!entry_is_frame(frame) || page_of(pager, frame)->refs != 1) return;
  space_enter(pager, space, page, PROT_R | PROT_W, 1, &frame);
}

struct object *exec_check(struct pager *pager, struct space *space, uint32_t id,
                          struct exec_image *image) {
  // The message page may change at any time: look at a copy.
  bytes_copy(image, pager_message(pager, space), sizeof(*image));
  struct object *object = object_of(pager, id);
  if (!object || object->backing != BACKED_BY_PROVIDER) return NULL;
  if (space->slot < SLOT_FIRST_PROGRAM || !valid_image(image)) return NULL;
  return valid_arguments(pager, space, image) ? object : NULL;
}

bool exec_build(struct pager *pager, struct space *from, struct object *object,
                const struct exec_image *image, struct space *to) {
  if (!slab_reserve(pager, SLAB_REGION, REGIONS_FOR_EXEC)) return false;
  for (uint64_t i = 0; i < image->segments; i++) {
    add_segment(pager, to, object, &image->segment[i]);
  }
  add_stack(pager, to, page_up(image->arguments_bytes));
  if (is_inline(image)) return copy_arguments(pager, from, image->arguments_bytes, to);
  return move_arguments(pager, from, page_down(image->arguments),
                        page_down(image->arguments + image->arguments_bytes), to);
}

int64_t exec_leave_arguments(struct pager *pager, struct space *space,
                             const struct exec_image *image) {
  if (is_inline(image)) return 0;
  return pager_unmap(pager, space, image->arguments, image->arguments_bytes);
}

void exec_finish(struct pager *pager, struct space *space, struct object *object,
                 const struct exec_image *image) {
  object->closed = false;
  const struct exec_segment *last = &image->segment[image->segments - 1];
  pager_set_break(pager, space, last->address + last->memory_bytes);
  pager->counts.execs++;
  if (!is_inline(image)) key_arguments(pager, space, page_up(image->arguments_bytes));
  enter_stack(pager, space, image->stack_pointer);
}

// Pages that are not yet told to the kernel.
struct range {
  uint32_t start, end;
};

static void unmap_range(uint32_t slot, const struct range *range) {
  if (range->start == range->end) return;
  kops_unmap(slot, (uint64_t)range->start << PAGE_SHIFT, (uint64_t)range->end << PAGE_SHIFT);
}

// Regions that follow each other in a page table are unmapped by one call, with what is between
// them, where nothing is mapped; the message page stays.
static void unmap_regions(uint32_t slot, const struct region *region, struct range *range) {
  if (!region) return;
  unmap_regions(slot, region->left, range);
  if (region->flags & REGION_MESSAGE) {
    unmap_range(slot, range);
    *range = (struct range){0, 0};
  } else if (region->flags & REGION_TOUCHED) {
    if (range->end == 0 || (range->end - 1) / LARGE_FRAMES != region->start / LARGE_FRAMES) {
      unmap_range(slot, range);
      range->start = region->start;
    }
    range->end = region->end;
  }
  unmap_regions(slot, region->right, range);
}

// Nothing of the old program is mapped any more, but for its message page. Tables that only a
// large program needed are free for other addresses then; to look for them costs more than to
// leave a small program's where they are.
static void unmap_all(const struct space *space) {
  if (space->tables <= TABLES_FEW) {
    struct range range = {0, 0};
    unmap_regions(space->slot, space->regions, &range);
    unmap_range(space->slot, &range);
    return;
  }
  kops_unmap(space->slot, 0, MESSAGE_PAGE);
  kops_unmap(space->slot, MESSAGE_PAGE + PAGE_SIZE, USER_END);
}

static int64_t exec(struct pager *pager, struct space *space, token_t token, uint32_t id) {
  struct exec_image image;
  struct object *object = exec_check(pager, space, id, &image);
  if (!object) return -EINVAL;
  struct space *shadow = shadow_of(pager, space);
  if (!shadow) return -ENOMEM;
  if (!slab_reserve(pager, SLAB_REGION, 1 + REGIONS_FOR_EXEC)) {
    slab_put(pager, SLAB_SPACE, shadow);
    return -ENOMEM;
  }
  space_add_message(pager, shadow);
  if (!exec_build(pager, space, object, &image, shadow)) {
    release_shadow(pager, shadow);
    return -ENOMEM;
  }
  provider_end(pager, space);
  odd_forget(pager, space);
  counts_end_program(space);
  unmap_all(space);
  exchange(space, shadow);
  space_enter_family(pager, space, space_family(shadow));
  space->hit = &pager->nothing;
  space->touch_next = 0;
  space->new_flags = 0;
  space->faults = space->zeroed = space->copied = space->major = 0;
  space->rss_mark = 0;
  release_shadow(pager, shadow);
  exec_finish(pager, space, object, &image);
  signals_exec(pager, space);
  kops_reply_start(token, image.entry, image.stack_pointer, image.stack_pointer, 0);
  requests_kick(pager);
  return PAGER_PARKED;
}

int64_t pager_exec(struct pager *pager, struct space *space, token_t token, uint32_t id) {
  promise_keep(pager, space->badge);
  int64_t status = exec(pager, space, token, id);
  pager->exec_badge = space->badge;
  pager->exec_status = status < 0 && status != PAGER_PARKED ? (int32_t)status : 0;
  return status;
}

int64_t pager_exec_status(struct pager *pager, uint64_t badge) {
  return pager->exec_badge == badge ? pager->exec_status : -ESRCH;
}
