#include "servers/pager/core/large.h"

#include "servers/pager/core/page_ops.h"
#include "servers/pager/core/rss.h"
#include "servers/pager/core/state.h"

#define LEAVES (LARGE_FRAMES / NODE_WAYS)

// The leaves for all the pages, if there is no page in them.
static bool own_empty_leaves(struct pager *pager, struct space *space, uint32_t page,
                             struct node *leaf[LEAVES]) {
  for (uint32_t i = LEAVES; i-- > 0;) {  // the first last: it is the one to be kept at hand
    leaf[i] = space_own_leaf(pager, space, page + i * NODE_WAYS);
    if (!leaf[i] || leaf[i]->present) return false;
  }
  return true;
}

static void fill(struct pager *pager, const struct space *space, struct node *leaf, uint32_t page,
                 uint32_t frame) {
  leaf->present = ~0ull;
  for (uint32_t way = 0; way < NODE_WAYS; way++) {
    page_make_private(pager, space, frame + way, page + way);
    leaf->entry[way] = frame + way;
    page_zero(frame_pointer(pager, frame + way));
  }
}

bool large_touch(struct pager *pager, struct space *space, const struct region *region,
                 struct access *access) {
  uint32_t page = access->page;
  if (page % LARGE_FRAMES || region->end - page < LARGE_FRAMES ||
      !pager->option[PAGER_LARGE_PAGES] || rss_is_limited(space)) {
    return false;
  }
  struct node *leaf[LEAVES];
  if (!own_empty_leaves(pager, space, page, leaf)) return false;
  uint32_t frame = frame_take_block(pager);
  if (frame == FRAME_NONE) return false;
  for (uint32_t i = 0; i < LEAVES; i++) {
    fill(pager, space, leaf[i], page + i * NODE_WAYS, frame + i * NODE_WAYS);
  }
  space->touch_next = page + LARGE_FRAMES;
  space->zeroed += LARGE_FRAMES;
  pager->counts.pages_zeroed += LARGE_FRAMES - 1;
  access->replaced = true;
  access->frame = pager->call_buffer[0] = frame;
  access->first = page;
  access->count = LARGE_FRAMES;
  access->prot = region->prot | MAP_LARGE;
  access->counter = &pager->counts.faults_anonymous;
  return true;
}
