// What free, pmap and vmstat show.
#include "servers/pager/core/calls.h"
#include "servers/pager/core/odd.h"
#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/resident.h"
#include "servers/pager/core/state.h"

#define PART_SHIFT 12u  // of bytes, so that nothing is lost when many pages are divided

struct tally {
  uint64_t proportional;  // bytes << PART_SHIFT
  uint32_t resident, anonymous, shared, dirty, shared_dirty, swapped;
};

static uint64_t part_of(uint32_t mappings) { return (PAGE_SIZE << PART_SHIFT) / mappings; }

static void tally_private(struct pager *pager, struct space *space, const struct region *region,
                          struct tally *tally) {
  uint32_t frame;
  for (uint32_t p = region->start; (frame = space_next(pager, space, &p, region->end)); p++) {
    if (entry_is_swapped(frame)) {
      tally->swapped++;
      continue;
    }
    bool owned;
    space_leaf(pager, space, p, &owned);
    tally->resident++;
    tally->anonymous++;
    tally->dirty++;
    bool is_shared = !owned || page_of(pager, frame)->refs > 1;
    tally->proportional += part_of(is_shared ? resident_mappings(pager, frame) : 1);
    tally->shared += is_shared;
    tally->shared_dirty += is_shared;
  }
}

static void tally_object(struct pager *pager, struct space *space, const struct region *region,
                         struct tally *tally) {
  struct object *object = region->object;
  bool is_shared = region->flags & REGION_SHARED;
  uint64_t end = (uint64_t)region->offset + (region->end - region->start);
  uint32_t frame;
  for (uint32_t i = region->offset;
       (frame = node_next(pager, object->root, object->height, &i, end)); i++) {
    if (entry_is_swapped(frame)) {
      tally->swapped += is_shared;
      continue;
    }
    const struct page *page = page_of(pager, frame);
    if (page->state == PAGE_FILLING) continue;
    if (!is_shared) {
      uint32_t p = region->start + (i - region->offset);
      if (space_next(pager, space, &p, p + 1)) continue;  // counted as private
    }
    tally->resident++;
    tally->shared++;
    tally->proportional += part_of(resident_mappings(pager, frame));
    bool is_dirty = page->state == PAGE_SHARED_MEMORY ||
                    (page->flags & (PAGE_DIRTY | PAGE_WRITING)) ||
                    (*board_of(pager, frame) & BOARD_DIRTY);
    tally->dirty += is_dirty;
    tally->shared_dirty += is_dirty;
  }
}

static struct tally tally_region(struct pager *pager, struct space *space,
                                 const struct region *region) {
  struct tally tally = {0};
  if (region->flags & REGION_FIXTURE) {
    tally.resident = tally.shared = region->end - region->start;
    if (region->flags & REGION_DEVICE) tally.resident = tally.shared = 0;
    tally.proportional = tally.resident * part_of(1);  // what servers see of it is not theirs
    return tally;
  }
  if (!(region->flags & REGION_SHARED)) tally_private(pager, space, region, &tally);
  if (region->object) tally_object(pager, space, region, &tally);
  return tally;
}

static uint32_t backing_of(const struct region *region) {
  if (region->flags & REGION_MESSAGE) return BACKING_MESSAGE;
  if (region->flags & REGION_DEVICE) return BACKING_DEVICE;
  if (region->flags & REGION_STACK) return BACKING_STACK;
  if (region->flags & REGION_HEAP) return BACKING_HEAP;
  if (region->object && region->object->backing == BACKED_BY_PROVIDER) return BACKING_FILE;
  return BACKING_ANONYMOUS;
}

static void describe(struct pager *pager, struct space *space, const struct region *region,
                     struct pager_region *out) {
  struct tally tally = tally_region(pager, space, region);
  *out = (struct pager_region){
      .start = (uint64_t)region->start << PAGE_SHIFT,
      .end = (uint64_t)region->end << PAGE_SHIFT,
      .offset = region->object ? (uint64_t)region->offset << PAGE_SHIFT : 0,
      .cookie = region->object ? region->object->cookie : 0,
      .prot = region->prot,
      .flags = (region->flags & REGION_SHARED ? PAGER_SHARED : PAGER_PRIVATE) |
               (region->flags & REGION_GROWSDOWN ? PAGER_GROWSDOWN : 0u),
      .backing = backing_of(region),
      .resident = tally.resident,
      .anonymous = tally.anonymous,
      .shared = tally.shared,
      .dirty = tally.dirty,
      .shared_dirty = tally.shared_dirty,
      .proportional = (tally.proportional + (1u << PART_SHIFT) / 2) >> PART_SHIFT,
      .swapped = tally.swapped};
}

static struct space *chosen(struct pager *pager, struct space *space, uint64_t slot) {
  if (slot == 0) return space;
  return slot < SLOTS_MAX ? pager->space[slot] : NULL;
}

int64_t pager_regions(struct pager *pager, struct space *space, uint64_t slot, uint64_t first) {
  struct space *of = chosen(pager, space, slot);
  if (!of) return -ESRCH;
  odd_settle(pager, of);
  struct pager_region *out = pager_message(pager, space);
  uint64_t number = 0;
  int64_t written = 0;
  struct region *r = region_above(of->regions, 0);
  for (; r; r = region_next(r), number++) {
    if (number < first) continue;
    if ((uint64_t)(written + 1) * sizeof(*out) > MESSAGE_BYTES) break;
    describe(pager, of, r, &out[written++]);
  }
  return written;
}

struct pager_usage counts_usage(struct space *space) {
  resident_note(space);
  return (struct pager_usage){.faults = space->faults,
                              .major = space->major,
                              .peak = max32(space->resident_peak, space->past_peak)};
}

void counts_end_program(struct space *space) {
  space->past_peak = (uint32_t)counts_usage(space).peak;
  space->resident_peak = space->virtual_peak = 0;
}

int64_t pager_space_counts(struct pager *pager, struct space *space, uint64_t slot) {
  struct space *of = chosen(pager, space, slot);
  if (!of) return -ESRCH;
  struct pager_usage usage = counts_usage(of);
  struct pager_space_counts counts = {.tables = of->tables,
                                      .virtual_pages = of->virtual_pages,
                                      .faults = of->faults,
                                      .zeroed = of->zeroed,
                                      .copied = of->copied,
                                      .major = of->major,
                                      .resident_peak = of->resident_peak,
                                      .virtual_peak = of->virtual_peak,
                                      .usage = usage};
  struct region *r = region_above(of->regions, 0);
  for (; r; r = region_next(r)) {
    struct tally tally = tally_region(pager, of, r);
    counts.resident += tally.resident;
    counts.shared += tally.shared;
    counts.dirty += tally.dirty;
    counts.swapped += tally.swapped;
  }
  bytes_copy(pager_message(pager, space), &counts, sizeof(counts));
  return 0;
}

void counts_sum(const struct pager *pager, struct pager_counts *out) {
  bytes_copy(out, &pager->counts, sizeof(*out));
  uint64_t answered = out->faults_zero_read + out->faults_anonymous + out->faults_cow_copy +
                      out->faults_cow_reuse + out->faults_file;
  out->faults += answered;
  out->pages_mapped += answered;
  out->pages_zeroed += out->faults_anonymous;
  out->pages_copied += out->faults_cow_copy;
}

static uint64_t in_use(const struct slab *slab) {
  return (uint64_t)slab->frames * slab->capacity - slab->free;
}

static uint64_t message_pages(const struct pager *pager) {
  uint64_t count = 0;
  for (uint32_t slot = 0; slot < SLOTS_MAX; slot++) count += pager->message[slot] != FRAME_NONE;
  return count;
}

static bool is_of_file(const struct object *object) {
  return object->backing == BACKED_BY_PROVIDER && !object->provider && !object->broken;
}

static uint64_t objects_of_programs(const struct pager *pager) {
  uint64_t count = in_use(&pager->slab[SLAB_OBJECT]);
  for (const struct object *object = pager->all_objects; object; object = object->next) {
    count -= is_of_file(object) || object->backing == BACKED_BY_SWAP;
  }
  return count;
}

int64_t pager_counts(struct pager *pager, struct space *space) {
  struct pager_counts *out = pager_message(pager, space);
  uint64_t slabs = 0;
  for (uint32_t i = 0; i < SLAB_COUNT; i++) slabs += pager->slab[i].frames;
  counts_sum(pager, out);
  uint64_t kernel = pager->frames_kernel + slabs + pager->frames_reserved;
  uint64_t left = pager->free.count + pager->objects.count;
  out->frames_total = pager->frames_total;
  out->frames_free = left;
  out->frames_free_kernel = pager->objects.count;
  out->frames_cache = pager->frames_cache;
  out->frames_kernel = kernel;
  out->frames_anonymous = pager->frames_total - left - kernel - pager->frames_cache;
  out->frames_dirty = pager->frames_dirty;
  out->frames_tables = pager->frames_kernel - pager->frames_own;
  out->frames_reserved = pager->frames_reserved - message_pages(pager) -
                         pager->replacement.ghost_pages - swap_table_frames(pager);
  out->nodes = in_use(&pager->slab[SLAB_NODE]);
  out->regions = in_use(&pager->slab[SLAB_REGION]);
  out->objects = objects_of_programs(pager);
  out->pendings = in_use(&pager->slab[SLAB_PENDING]);
  out->pages_evicted = pager->evicted;
  for (uint32_t i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    const struct swap_area *area = &pager->swap.area[i];
    out->swap_slots += area->slots - area->bad;
    out->swap_used += area->used - area->bad;
  }
  return 0;
}
