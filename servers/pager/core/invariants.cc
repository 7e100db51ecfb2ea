#include "servers/pager/core/invariants.h"

#include <gtest/gtest.h>

extern "C" {
#include "servers/pager/core/odd.h"
}

namespace {

// By what is named: how often it was.
using References = std::map<uint32_t, uint32_t>;

class Invariants {
 public:
  explicit Invariants(FakeKernel *kernel) : kernel_(*kernel), pager_(kernel->pager()) {}
  void CheckSpace(struct space *space);
  void CheckObjects();
  // => all spaces and objects were checked before
  void CheckReferences();
  void CheckFrames();
  void CheckLists();
  void CheckSlots();

 private:
  void CheckEntries(struct space *space);
  void CheckEntry(struct space *space, uint32_t page, const Entry &entry);
  void CheckCounts(struct space *space);
  void CheckOdd(struct space *space);
  void CheckKeys(struct space *space);
  void CheckObject(struct object *object);
  void CountNode(uint32_t ref, uint32_t level, bool parent_writable);
  uint32_t CheckList(uint32_t head, uint32_t tail);
  void CountSlotsOfEntries(References *used);
  uint32_t CountSlotsOfPages(References *used);
  const struct page &Page(uint32_t frame) const { return *page_of(pager_, frame); }

  FakeKernel &kernel_;
  struct pager *pager_;
  References nodes_, entries_;  // entries: frames and slots
  uint32_t dirty_ = 0, cached_ = 0;
};

// --- spaces -------------------------------------------------------------------------------------

void Invariants::CheckEntry(struct space *space, uint32_t page, const Entry &entry) {
  struct region *region = region_find(space->regions, page);
  ASSERT_NE(region, nullptr) << "mapped outside of every region";
  if (region->flags & REGION_FIXTURE) return;
  uint32_t rights = odd_rights(pager_, space, region, page);
  ASSERT_EQ(entry.prot & ~rights, 0u) << "more rights than the region";
  bool owned = false;
  struct node *leaf = space_leaf(pager_, space, page, &owned);
  uint32_t frame = leaf ? leaf->entry[page & NODE_MASK] : 0;
  ASSERT_FALSE(entry_is_swapped(frame)) << "mapped and swapped: page " << page;
  if (frame) {
    ASSERT_EQ(entry.frame, frame) << "S1: page " << page;
    if (entry.prot & PROT_W) {
      ASSERT_TRUE(owned && Page(frame).refs == 1) << "S2";
    }
  } else if (region->object) {
    uint32_t index = region->offset + (page - region->start);
    ASSERT_EQ(entry.frame, object_frame(pager_, region->object, index)) << "S1";
    if (entry.prot & PROT_W) {
      ASSERT_TRUE(region->flags & REGION_SHARED) << "S2";
      ASSERT_FALSE(Page(entry.frame).flags & PAGE_HOLE) << "S2";
    }
  } else {
    ASSERT_EQ(entry.frame, pager_->zero_frame) << "S1";
    ASSERT_FALSE(entry.prot & PROT_W) << "S2";
  }
}

void Invariants::CheckEntries(struct space *space) {
  for (const auto &[page, entry] : kernel_.EntriesOf(space->slot)) CheckEntry(space, page, entry);
}

// Page by page what the space can reach: R1 of resident.h.
uint64_t CountResident(struct pager *pager, struct space *space) {
  uint64_t count = 0;
  for (const struct region *r = region_above(space->regions, 0); r; r = region_next(r)) {
    if (r->flags & REGION_MESSAGE) count += r->end - r->start;
    if (r->flags & REGION_FIXTURE) continue;
    std::set<uint32_t> hidden;
    uint32_t entry;
    if (!(r->flags & REGION_SHARED)) {
      for (uint32_t page = r->start; (entry = space_next(pager, space, &page, r->end)); page++) {
        hidden.insert(page);
        count += entry_is_frame(entry);
      }
    }
    if (!r->object) continue;
    const uint32_t end = r->offset + (r->end - r->start);
    for (uint32_t index = r->offset;
         (entry = node_next(pager, r->object->root, r->object->height, &index, end)); index++) {
      const bool there = entry_is_frame(entry) && page_of(pager, entry)->state != PAGE_FILLING;
      count += there && !hidden.count(r->start + (index - r->offset));
    }
  }
  return count;
}

// What a space counts of its regions.
void Invariants::CheckCounts(struct space *space) {
  uint64_t all = 0, data = 0, locked = 0;
  for (const struct region *r = region_above(space->regions, 0); r; r = region_next(r)) {
    uint32_t pages = r->end - r->start;
    all += pages;
    if (region_is_data(r)) data += pages;
    if (r->flags & REGION_LOCKED) locked += pages;
  }
  const struct odd_pages *odd = &space->odd;
  if (odd->region) {
    data -= odd->count * (uint64_t)((odd->region->prot & PROT_W) != 0);
    data += odd->count * (uint64_t)((odd->prot & PROT_W) != 0);
  }
  ASSERT_EQ(all, space->virtual_pages);
  ASSERT_EQ(data, space->data_pages);
  ASSERT_EQ(locked, space->locked_pages);
  ASSERT_EQ(CountResident(pager_, space), (uint32_t)space->zeroed + space->resident) << "R1";
}

// The invariants of odd.h.
void Invariants::CheckOdd(struct space *space) {
  const struct odd_pages *odd = &space->odd;
  for (const struct region *r = region_above(space->regions, 0); r; r = region_next(r)) {
    ASSERT_EQ((r->flags & REGION_ODD) != 0, r == odd->region) << "O1";
  }
  uint32_t count = 0;
  for (uint32_t page = 0; space_next(pager_, space, &page, USER_PAGES); page |= NODE_MASK, page++) {
    bool owned;
    uint64_t marks = space_leaf(pager_, space, page, &owned)->odd;
    ASSERT_TRUE(marks == 0 || owned) << "O3";
    for (uint32_t way = 0; way < NODE_WAYS; way++) {
      if (!(marks >> way & 1)) continue;
      uint32_t marked = (page & ~NODE_MASK) + way;
      ASSERT_EQ(region_find(space->regions, marked), odd->region) << "O1, O2";
      ASSERT_LT(marked - odd->first, ODD_SPAN) << "O3";
      count++;
    }
  }
  if (!odd->region) {
    ASSERT_EQ(count, 0u) << "O2";
    return;
  }
  const uint16_t others = REGION_SHARED | REGION_FIXTURE | REGION_STACK | REGION_GROWSDOWN;
  ASSERT_EQ(odd->region->flags & (others | REGION_TOUCHED), REGION_TOUCHED) << "O1";
  ASSERT_EQ(count, odd->count) << "O2";
  ASSERT_EQ(odd->node, space_node(pager_, space, odd->first)) << "O3";
  if (count == 0) return;
  ASSERT_NE(odd->prot, odd->region->prot) << "O2";
  ASSERT_EQ(odd->prot & ~odd->region->prot_max, 0);
}

// Every page below a leaf of a space is found by its key.
void Invariants::CheckKeys(struct space *space) {
  uint32_t at = 0, entry;
  for (; (entry = space_next(pager_, space, &at, USER_PAGES)); at++) {
    if (!entry_is_frame(entry)) continue;
    ASSERT_EQ(Page(entry).state, PAGE_ANONYMOUS);
    ASSERT_EQ(Page(entry).family, space_family(space)) << "slot " << space->slot;
    ASSERT_EQ(Page(entry).index, at);
  }
  const struct space *member = pager_->space[pager_->family[space_family(space)]];
  while (member && member != space) member = member->family_next;
  ASSERT_EQ(member, space) << "not in its family";
}

void Invariants::CheckSpace(struct space *space) {
  CheckEntries(space);
  CheckCounts(space);
  CheckOdd(space);
  CheckKeys(space);
  for (uint32_t i = 0; i < SPACE_ROOTS; i++) {
    if (space->roots[i / 64] >> (i % 64) & 1) CountNode(space->root[i], SPACE_HEIGHT - 1, true);
  }
}

// --- objects ------------------------------------------------------------------------------------

void Invariants::CheckObject(struct object *object) {
  if (object->root) CountNode(object->root, object->height - 1, true);
  uint32_t dirty = 0, index = 0, count = 0, frame;
  for (; (frame = node_next(pager_, object->root, object->height, &index, 1ull << 32)); index++) {
    count++;
    if (entry_is_swapped(frame)) continue;
    const struct page &page = Page(frame);
    cached_ += page.state != PAGE_SHARED_MEMORY;
    dirty += page.state == PAGE_CACHED && (page.flags & (PAGE_DIRTY | PAGE_WRITING)) != 0;
    ASSERT_EQ(page.index, index);
    ASSERT_EQ(page.object, object->id);
    ASSERT_LT(index, object->pages);
  }
  ASSERT_EQ(count, object->cached);
  ASSERT_EQ(dirty, object->dirty);
  dirty_ += dirty;
}

void Invariants::CheckObjects() {
  for (struct object *object = pager_->all_objects; object; object = object->next) {
    CheckObject(object);
  }
  ASSERT_EQ(dirty_, pager_->frames_dirty);
  ASSERT_EQ(cached_, pager_->frames_cache);
}

// --- nodes and frames ---------------------------------------------------------------------------

// Counts the references to a node and, the first time, those that it makes.
void Invariants::CountNode(uint32_t ref, uint32_t level, bool parent_writable) {
  struct node *node = node_at(pager_, ref);
  if (node->writable) {
    EXPECT_EQ(node->refs, 1u);
    EXPECT_TRUE(parent_writable);
  }
  if (nodes_[ref]++ > 0) return;
  for (uint32_t way = 0; way < NODE_WAYS; way++) {
    EXPECT_EQ(node->entry[way] != 0, (node->present >> way & 1) != 0);
    if (!node->entry[way]) continue;
    if (level == 0) {
      entries_[node->entry[way]]++;
    } else {
      CountNode(node->entry[way], level - 1, node->writable);
    }
  }
}

void Invariants::CheckReferences() {
  for (const auto &[ref, count] : nodes_) ASSERT_EQ(node_at(pager_, ref)->refs, count);
  for (uint32_t frame = pager_->ram_first; frame < pager_->ram_end; frame++) {
    uint8_t state = Page(frame).state;
    if (state == PAGE_ANONYMOUS || state == PAGE_CACHED || state == PAGE_SHARED_MEMORY) {
      ASSERT_EQ(Page(frame).refs, entries_[frame]) << "frame " << frame;
    }
  }
}

void Invariants::CheckFrames() {
  uint32_t free = 0;
  for (uint32_t frame = pager_->ram_first; frame < pager_->ram_end; frame++) {
    if (Page(frame).state != PAGE_FREE) continue;
    free++;
    ASSERT_EQ(kernel_.Mapped(frame), 0u) << "free and mapped";
    ASSERT_FALSE(kernel_.IsObject(frame));
  }
  ASSERT_EQ(free, pager_->free.count);
}

// A list is whole. Returns how many pages it has.
uint32_t Invariants::CheckList(uint32_t head, uint32_t tail) {
  uint32_t count = 0, last = head;
  while (last != tail) {
    uint32_t frame = Page(last).next;
    EXPECT_EQ(Page(frame).prev, last);
    EXPECT_TRUE(Page(frame).flags & PAGE_LISTED);
    last = frame;
    count++;
  }
  return count;
}

void Invariants::CheckLists() {
  uint32_t listed = 0;
  for (uint32_t frame = pager_->ram_first; frame < pager_->ram_end; frame++) {
    listed += (Page(frame).flags & PAGE_LISTED) != 0 && Page(frame).state != PAGE_FREE;
  }
  uint32_t in_lists = CheckList(pager_->ram_end, pager_->replacement.tail);
  for (uint32_t list = LIST_SECOND; list < PAGE_HEADS; list++) {
    const uint32_t head = pager_->ram_end + list;
    uint32_t in_list = CheckList(head, Page(head).prev);
    ASSERT_EQ(in_list, pager_->replacement.count[list]);
    in_lists += in_list;
  }
  ASSERT_EQ(listed, in_lists);
}

// --- swap slots ---------------------------------------------------------------------------------

void Invariants::CountSlotsOfEntries(References *used) {
  for (const auto &[entry, count] : entries_) {
    if (!entry_is_swapped(entry)) continue;
    ASSERT_EQ(swap_references(pager_, entry_slot(entry)), count) << "slot " << entry_slot(entry);
    (*used)[entry_slot(entry) >> SWAP_INDEX_BITS]++;
  }
}

// Returns how many pages are being written to slots, which are not among those counted.
uint32_t Invariants::CountSlotsOfPages(References *used) {
  uint32_t writing = 0;
  for (uint32_t frame = pager_->ram_first; frame < pager_->ram_end; frame++) {
    const struct page &page = Page(frame);
    if (page.state != PAGE_ANONYMOUS && page.state != PAGE_SHARED_MEMORY) continue;
    if (page.flags & PAGE_WRITING) {
      writing++;
    } else if (page.state == PAGE_ANONYMOUS && (page.flags & PAGE_STORED)) {
      EXPECT_EQ(swap_references(pager_, page.object - 1), 0u);
      (*used)[(page.object - 1) >> SWAP_INDEX_BITS]++;
    }
  }
  EXPECT_EQ(writing, pager_->swap.writing);
  return writing;
}

// Every slot is named as often as it says, or held by one page, or free.
void Invariants::CheckSlots() {
  References used;  // by area
  CountSlotsOfEntries(&used);
  uint32_t all = 0, in_use = CountSlotsOfPages(&used), free = 0, reading = 0;
  for (uint32_t i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    const struct swap_area *area = &pager_->swap.area[i];
    if (!area->object) continue;
    all += area->used - area->bad;
    in_use += used[i];
    if (!area->removing) free += area->slots - area->used;
  }
  // What is being read though nobody wants it any more is used, too.
  for (uint32_t frame = pager_->ram_first; frame < pager_->ram_end; frame++) {
    reading += Page(frame).state == PAGE_SWAPPING;
  }
  ASSERT_GE(all, in_use);
  ASSERT_LE(all, in_use + reading);
  ASSERT_EQ(free, pager_->swap.free);
}

}  // namespace

void CheckInvariants(FakeKernel *kernel) {
  Invariants invariants(kernel);
  for (uint32_t slot = 0; slot < SLOTS_MAX; slot++) {
    struct space *space = kernel->pager()->space[slot];
    if (space) invariants.CheckSpace(space);
  }
  invariants.CheckObjects();
  invariants.CheckReferences();
  invariants.CheckFrames();
  invariants.CheckLists();
  invariants.CheckSlots();
}
