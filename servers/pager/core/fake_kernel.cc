#include "servers/pager/core/fake_kernel.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "protocols/proc.h"

extern "C" {
#include "servers/pager/core/odd.h"
}

namespace {

FakeKernel *kernel;

}  // namespace

FakeKernel::FakeKernel(uint32_t frames, uint32_t objects)
    : frames_(frames),
      ram_(static_cast<uint8_t *>(std::aligned_alloc(PAGE_SIZE, (size_t)frames << PAGE_SHIFT))),
      pages_(frames + PAGE_HEADS),
      board_(frames),
      is_object_(frames),
      is_donated_(frames),
      mapped_(frames),
      buffer_(MAP_BUFFER_MAX),
      state_(new uint8_t[pager_memory_bytes()]) {
  kernel = this;
  std::memset(ram_, 0xa5, (size_t)frames << PAGE_SHIFT);
  std::memset(state_.get(), 0xa5, pager_memory_bytes());
  struct pager_setup setup = {};
  setup.ram_first = kRamFirst;
  setup.ram_frames = frames;
  setup.window = reinterpret_cast<uint8_t *>(reinterpret_cast<uintptr_t>(ram_) -
                                             ((uintptr_t)kRamFirst << PAGE_SHIFT));
  setup.board = board_.data();
  setup.pages = pages_.data();
  setup.memory = state_.get();
  setup.call_buffer = buffer_.data();
  setup.timebase = kTimebase;
  pager_ = pager_init(&setup);
  for (uint32_t i = 0; i < objects; i++) is_object_[i] = 1;
  pager_add_objects(pager_, kRamFirst, objects);
  pager_add_frames(pager_, kRamFirst + objects, frames - objects);
}

FakeKernel::~FakeKernel() { std::free(ram_); }

void FakeKernel::Advance(uint64_t ms) {
  uint64_t end = now + ms * (kTimebase / 1000);
  while (deadline <= end) {
    if (deadline > now) now = deadline;
    deadline = UINT64_MAX;
    ticks++;
    pager_tick(pager_);
  }
  now = end;
}

// --- spaces -------------------------------------------------------------------------------------

void FakeKernel::Donate(Space *space, uint32_t frame) {
  uint32_t i = frame - kRamFirst;
  ASSERT_LT(i, frames_);
  ASSERT_TRUE(is_object_[i]) << "donated frame is not of type object";
  ASSERT_FALSE(is_donated_[i]) << "frame donated twice";
  is_donated_[i] = 1;
  space->donated.push_back(frame);
}

int FakeKernel::SpaceCreate(uint32_t slot, uint32_t badge, uint32_t frame) {
  EXPECT_EQ(spaces_.count(slot), 0u);
  Space &space = spaces_[slot];
  space.badge = badge;
  Donate(&space, frame);
  return 0;
}

void FakeKernel::SpaceDestroy(uint32_t slot) {
  auto at = spaces_.find(slot);
  if (at == spaces_.end()) return;
  buffered.erase(slot);
  Unmap(slot, 0, USER_END);
  for (uint32_t frame : at->second.donated) is_donated_[frame - kRamFirst] = 0;
  spaces_.erase(at);
}

int FakeKernel::ThreadCreate(uint32_t slot, uint32_t frame) {
  Donate(&spaces_.at(slot), frame);
  spaces_.at(slot).thread = true;
  return 0;
}

int FakeKernel::ThreadBuffer(uint32_t slot) { return buffered.insert(slot).second ? 0 : -EEXIST; }

int FakeKernel::ThreadUpcall(uint32_t slot, uint64_t pc) {
  if (buffered.count(slot) == 0) return -EINVAL;
  if (refuse_upcalls) return -EBUSY;
  upcalls.emplace_back(slot, pc);
  return 0;
}

int FakeKernel::Fund(uint32_t slot, uint32_t frame) {
  Donate(&spaces_.at(slot), frame);
  spaces_.at(slot).spare++;
  return 0;
}

// --- mappings -----------------------------------------------------------------------------------

void FakeKernel::Forget(const Entry &entry) {
  uint32_t i = entry.frame - kRamFirst;
  if (i >= frames_) return;
  mapped_[i]--;
  if (entry.accessed) board_[i] |= BOARD_ACCESSED;
  if (entry.dirty) board_[i] |= BOARD_DIRTY;
}

// Large entries in the range note a use of any page for all; those of which only a part is in it,
// in pages, are taken away.
void FakeKernel::SplitLarge(Space *space, uint64_t start, uint64_t end) {
  for (uint32_t number : std::set<uint32_t>(space->large)) {
    uint64_t low = (uint64_t)number << 9, high = low + LARGE_FRAMES;
    if (start >= high || low >= end) continue;
    auto first = space->entries.lower_bound((uint32_t)low);
    auto last = space->entries.lower_bound((uint32_t)high);
    if (first == last) {  // removed as a whole before
      space->large.erase(number);
      continue;
    }
    bool accessed = false, dirty = false;
    for (auto at = first; at != last; ++at) {
      accessed |= at->second.accessed;
      dirty |= at->second.dirty;
    }
    for (auto at = first; at != last; ++at) {
      at->second.accessed = accessed;
      at->second.dirty = dirty;
    }
    if (start <= low && high <= end) continue;
    for (auto at = first; at != last; ++at) Forget(at->second);
    space->entries.erase(first, last);
    space->large.erase(number);
  }
}

int FakeKernel::Map(uint32_t slot, uint64_t va_prot, uint32_t count, const uint32_t *frames) {
  map_calls++;
  Space &space = spaces_.at(slot);
  uint32_t page = (uint32_t)(va_prot >> PAGE_SHIFT);
  uint32_t prot = va_prot & (PROT_R | PROT_W | PROT_X);
  EXPECT_GE(count, 1u);
  EXPECT_LE(count, MAP_BUFFER_MAX);
  EXPECT_NE(prot, 0u);
  EXPECT_FALSE((prot & PROT_W) && !(prot & PROT_R));
  if (map_failures > 0) {
    map_failures--;
    return -ENOMEM;
  }
  bool large = va_prot & MAP_LARGE;
  std::set<uint32_t> needed;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t level0 = (page + i) >> 9;
    uint32_t level1 = 1u << 31 | (page + i) >> 18;
    if (!space.tables.count(level0) && !large) needed.insert(level0);
    if (!space.tables.count(level1)) needed.insert(level1);
  }
  if (needed.size() > space.spare) return -ENOMEM;
  space.spare -= (uint32_t)needed.size();
  space.tables.insert(needed.begin(), needed.end());
  SplitLarge(&space, page, page + count);
  if (large) {
    EXPECT_EQ(count, LARGE_FRAMES);
    EXPECT_EQ(page % LARGE_FRAMES + frames[0] % LARGE_FRAMES, 0u);
    space.spare += (uint32_t)space.tables.erase(page >> 9);
    space.large.insert(page >> 9);
    large_maps++;
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t frame = va_prot & (MAP_RUN | MAP_LARGE) ? frames[0] + i : frames[i];
    uint32_t number = frame - kRamFirst;
    if (number >= frames_ || is_object_[number]) {
      ADD_FAILURE() << "frame " << frame << " cannot be mapped";
      return -EINVAL;
    }
    EXPECT_NE(page_of(pager_, frame)->state, PAGE_FREE) << "mapped while free";
    EXPECT_NE(page_of(pager_, frame)->state, PAGE_FILLING) << "mapped while being read";
    EXPECT_NE(page_of(pager_, frame)->state, PAGE_SLAB);
    auto at = space.entries.find(page + i);
    if (at != space.entries.end()) Forget(at->second);
    space.entries[page + i] = Entry{frame, prot, false, false};
    mapped_[number]++;
  }
  return 0;
}

void FakeKernel::Unmap(uint32_t slot, uint64_t start, uint64_t end) {
  unmap_calls++;
  SplitLarge(&spaces_.at(slot), start >> PAGE_SHIFT, end >> PAGE_SHIFT);
  auto &entries = spaces_.at(slot).entries;
  auto first = entries.lower_bound((uint32_t)(start >> PAGE_SHIFT));
  auto last = entries.lower_bound((uint32_t)(end >> PAGE_SHIFT));
  for (auto at = first; at != last; ++at) Forget(at->second);
  entries.erase(first, last);
}

void FakeKernel::Protect(uint32_t slot, uint64_t start, uint64_t end, uint32_t prot) {
  protect_calls++;
  SplitLarge(&spaces_.at(slot), start >> PAGE_SHIFT, end >> PAGE_SHIFT);
  auto &entries = spaces_.at(slot).entries;
  EXPECT_NE(prot, 0u);
  auto at = entries.lower_bound((uint32_t)(start >> PAGE_SHIFT));
  while (at != entries.end() && at->first < end >> PAGE_SHIFT) {
    at->second.prot &= prot;
    if (at->second.prot == 0) {
      Forget(at->second);
      at = entries.erase(at);
    } else {
      ++at;
    }
  }
}

void FakeKernel::Harvest(uint32_t slot, uint64_t start, uint64_t end) {
  harvest_calls++;
  SplitLarge(&spaces_.at(slot), start >> PAGE_SHIFT, end >> PAGE_SHIFT);
  auto &entries = spaces_.at(slot).entries;
  auto at = entries.lower_bound((uint32_t)(start >> PAGE_SHIFT));
  for (; at != entries.end() && at->first < end >> PAGE_SHIFT; ++at) {
    uint32_t i = at->second.frame - kRamFirst;
    if (at->second.accessed) board_[i] |= BOARD_ACCESSED;
    if (at->second.dirty) board_[i] |= BOARD_DIRTY;
    at->second.accessed = at->second.dirty = false;
  }
}

int FakeKernel::Retype(uint32_t first) {
  EXPECT_EQ(first % LARGE_FRAMES, 0u);
  for (uint32_t i = first - kRamFirst; i < first - kRamFirst + LARGE_FRAMES; i++) {
    EXPECT_EQ(mapped_[i], 0u);
    EXPECT_EQ(pages_[i].state, PAGE_FREE);
    is_object_[i] = 1;
    // It left the window.
    std::memset(ram_ + ((size_t)i << PAGE_SHIFT), 0x5a, PAGE_SIZE);
  }
  return 0;
}

const Entry *FakeKernel::Find(uint32_t slot, uint32_t page) const {
  const auto &entries = spaces_.at(slot).entries;
  auto at = entries.find(page);
  return at == entries.end() ? nullptr : &at->second;
}

uint32_t FakeKernel::Entries(uint32_t slot) const {
  return (uint32_t)spaces_.at(slot).entries.size();
}

// --- threads ------------------------------------------------------------------------------------

void FakeKernel::SetAnswer(token_t token, const Answer &answer) {
  EXPECT_EQ(answers_.count(token), 0u) << "answered twice";
  answers_[token] = answer;
}

void FakeKernel::Serve(token_t token, const uint64_t word[4]) {
  EXPECT_EQ(served_.count(token), 0u) << "served twice";
  served_[token] = {word, word + 4};
}

bool FakeKernel::TakeServed(token_t token, uint64_t word[4]) {
  auto at = served_.find(token);
  if (at == served_.end()) return false;
  std::copy(at->second.begin(), at->second.end(), word);
  served_.erase(at);
  return true;
}

bool FakeKernel::TakeAnswer(token_t token, Answer *answer) {
  auto at = answers_.find(token);
  if (at == answers_.end()) return false;
  *answer = at->second;
  answers_.erase(at);
  return true;
}

uint8_t *FakeKernel::Access(uint32_t slot, uint64_t va, uint32_t access, token_t token,
                            Answer *answer, bool *answered) {
  *answered = false;
  bool spurious = spurious_every > 0 && ++accesses_ % spurious_every == 0;
  for (int attempt = 0; attempt < 4; attempt++) {
    Space &space = spaces_.at(slot);
    auto at = space.entries.find((uint32_t)(va >> PAGE_SHIFT));
    if (at != space.entries.end() && (at->second.prot & access) && !(spurious && attempt == 0)) {
      at->second.accessed = true;
      if (access == FAULT_WRITE) at->second.dirty = true;
      return memory(at->second.frame) + (va & PAGE_MASK);
    }
    struct event event = {};
    event.token = token;
    event.badge = space.badge;
    event.word[0] = va;
    event.word[1] = access | (at != space.entries.end() ? (uint32_t)FAULT_PRESENT : 0u);
    event.word[2] = 0x1234;
    struct answer reply = {};
    faults++;
    pager_fault(pager_, &event, &reply);
    int status = -ENOMEM;
    while (reply.kind == ANSWER_MAP && status != 0) {
      uint32_t count = (uint32_t)reply.word[1];
      std::vector<uint32_t> frames(buffer_.begin(), buffer_.begin() + count);
      for (uint32_t i = 0; i < count && count <= MAP_INLINE_MAX; i++) {
        frames[i] = (uint32_t)(reply.word[2 + i / 2] >> (i % 2 * 32));
      }
      status = Map(slot, reply.word[0], count, frames.data());
      if (status != 0) pager_map_refused(pager_, &event, status, &reply);
    }
    if (reply.kind == ANSWER_PARKED) return nullptr;
    if (reply.kind == ANSWER_UPCALL) {
      *answered = true;
      *answer = Answer{Answer::kUpcall, 0, 0, 0, reply.word[4], 0};
      return nullptr;
    }
    if (reply.kind == ANSWER_FORWARD) {
      kops_forward_to_proc(token, reply.word);
      *answered = TakeAnswer(token, answer);
      return nullptr;
    }
  }
  ADD_FAILURE() << "access is not possible though each fault was answered";
  return nullptr;
}

// --- checks -------------------------------------------------------------------------------------

namespace {

// Every page below a leaf of a space is found by its key.
void CheckKeys(struct pager *p, const struct space *space) {
  uint32_t at = 0, entry;
  for (; (entry = space_next(p, const_cast<struct space *>(space), &at, USER_PAGES)); at++) {
    if (!entry_is_frame(entry)) continue;
    const struct page *page = page_of(p, entry);
    ASSERT_EQ(page->state, PAGE_ANONYMOUS);
    ASSERT_EQ(page->family, space_family(space)) << "slot " << space->slot;
    ASSERT_EQ(page->index, at);
  }
  const struct space *member = p->space[p->family[space_family(space)]];
  while (member && member != space) member = member->family_next;
  ASSERT_EQ(member, space) << "not in its family";
}

// A list is whole. Returns how many pages it has.
uint32_t CheckList(struct pager *p, uint32_t head, uint32_t tail) {
  uint32_t count = 0, last = head;
  while (last != tail) {
    uint32_t frame = page_of(p, last)->next;
    EXPECT_EQ(page_of(p, frame)->prev, last);
    EXPECT_TRUE(page_of(p, frame)->flags & PAGE_LISTED);
    last = frame;
    count++;
  }
  return count;
}

void CountNode(struct pager *p, uint32_t ref, uint32_t level, bool parent_writable,
               std::map<uint32_t, uint32_t> *nodes, std::map<uint32_t, uint32_t> *frames) {
  struct node *node = node_at(p, ref);
  if (node->writable) {
    EXPECT_EQ(node->refs, 1u);
    EXPECT_TRUE(parent_writable);
  }
  if ((*nodes)[ref]++ > 0) return;
  for (uint32_t way = 0; way < NODE_WAYS; way++) {
    EXPECT_EQ(node->entry[way] != 0, (node->present >> way & 1) != 0);
    if (!node->entry[way]) continue;
    if (level == 0) {
      (*frames)[node->entry[way]]++;
    } else {
      CountNode(p, node->entry[way], level - 1, node->writable, nodes, frames);
    }
  }
}

}  // namespace

// What a space counts of its regions.
void FakeKernel::CheckCounts(const struct space *space) {
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
}

// The invariants of odd.h.
void FakeKernel::CheckOdd(struct space *space) {
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

void FakeKernel::CheckForest(const struct space *space) {
  for (const auto &[page, entry] : spaces_.at(space->slot).entries) {
    struct region *region = region_find(space->regions, page);
    ASSERT_NE(region, nullptr) << "mapped outside of every region";
    if (region->flags & REGION_FIXTURE) continue;
    uint32_t rights = odd_rights(pager_, const_cast<struct space *>(space), region, page);
    ASSERT_EQ(entry.prot & ~rights, 0u) << "more rights than the region";
    bool owned = false;
    struct node *leaf = space_leaf(pager_, const_cast<struct space *>(space), page, &owned);
    uint32_t frame = leaf ? leaf->entry[page & NODE_MASK] : 0;
    ASSERT_FALSE(entry_is_swapped(frame)) << "mapped and swapped: page " << page;
    if (frame) {
      ASSERT_EQ(entry.frame, frame) << "S1: page " << page;
      if (entry.prot & PROT_W) {
        ASSERT_TRUE(owned && page_of(pager_, frame)->refs == 1) << "S2";
      }
    } else if (region->object) {
      uint32_t index = region->offset + (page - region->start);
      ASSERT_EQ(entry.frame, object_frame(pager_, region->object, index)) << "S1";
      if (entry.prot & PROT_W) {
        ASSERT_TRUE(region->flags & REGION_SHARED) << "S2";
        ASSERT_FALSE(page_of(pager_, entry.frame)->flags & PAGE_HOLE) << "S2";
      }
    } else {
      ASSERT_EQ(entry.frame, pager_->zero_frame) << "S1";
      ASSERT_FALSE(entry.prot & PROT_W) << "S2";
    }
  }
}

// Every slot is named as often as it says, or held by one page, or free.
void FakeKernel::CheckSlots(const std::map<uint32_t, uint32_t> &entries) {
  std::map<uint32_t, uint32_t> used;  // by area
  for (const auto &[entry, count] : entries) {
    if (!entry_is_swapped(entry)) continue;
    ASSERT_EQ(swap_references(pager_, entry_slot(entry)), count) << "slot " << entry_slot(entry);
    used[entry_slot(entry) >> SWAP_INDEX_BITS]++;
  }
  uint32_t writing = 0;
  for (const struct page &page : pages_) {
    if (page.state != PAGE_ANONYMOUS && page.state != PAGE_SHARED_MEMORY) continue;
    if (page.flags & PAGE_WRITING) {
      writing++;
    } else if (page.state == PAGE_ANONYMOUS && (page.flags & PAGE_STORED)) {
      ASSERT_EQ(swap_references(pager_, page.object - 1), 0u);
      used[(page.object - 1) >> SWAP_INDEX_BITS]++;
    }
  }
  ASSERT_EQ(writing, pager_->swap.writing);
  uint32_t all = 0, in_use = writing, free = 0, reading = 0;
  for (uint32_t i = 0; i < PAGER_SWAP_AREAS_MAX; i++) {
    const struct swap_area *area = &pager_->swap.area[i];
    if (!area->object) continue;
    all += area->used - area->bad;
    in_use += used[i];
    if (!area->removing) free += area->slots - area->used;
  }
  // What is being read though nobody wants it any more is used, too.
  for (const struct page &page : pages_) reading += page.state == PAGE_SWAPPING;
  ASSERT_GE(all, in_use);
  ASSERT_LE(all, in_use + reading);
  ASSERT_EQ(free, pager_->swap.free);
}

void FakeKernel::Check() {
  std::map<uint32_t, uint32_t> nodes, frames;
  for (uint32_t slot = 0; slot < SLOTS_MAX; slot++) {
    struct space *space = pager_->space[slot];
    if (!space) continue;
    CheckForest(space);
    CheckCounts(space);
    CheckOdd(space);
    CheckKeys(pager_, space);
    for (uint32_t i = 0; i < SPACE_ROOTS; i++) {
      if (space->roots[i / 64] >> (i % 64) & 1) {
        CountNode(pager_, space->root[i], SPACE_HEIGHT - 1, true, &nodes, &frames);
      }
    }
  }
  uint32_t dirty = 0, cached = 0;
  for (struct object *object = pager_->all_objects; object; object = object->next) {
    uint32_t own_dirty = 0, index = 0, count = 0, frame;
    if (object->root) {
      CountNode(pager_, object->root, object->height - 1, true, &nodes, &frames);
    }
    for (; (frame = node_next(pager_, object->root, object->height, &index, 1ull << 32)); index++) {
      count++;
      if (entry_is_swapped(frame)) continue;
      const struct page *page = page_of(pager_, frame);
      cached += page->state != PAGE_SHARED_MEMORY;
      own_dirty += page->state == PAGE_CACHED && (page->flags & (PAGE_DIRTY | PAGE_WRITING)) != 0;
      ASSERT_EQ(page->index, index);
      ASSERT_EQ(page->object, object->id);
      ASSERT_LT(index, object->pages);
    }
    ASSERT_EQ(count, object->cached);
    ASSERT_EQ(own_dirty, object->dirty);
    dirty += own_dirty;
  }
  ASSERT_EQ(dirty, pager_->frames_dirty);
  ASSERT_EQ(cached, pager_->frames_cache);
  for (const auto &[ref, count] : nodes) ASSERT_EQ(node_at(pager_, ref)->refs, count);
  uint32_t free = 0, listed = 0;
  for (uint32_t i = 0; i < frames_; i++) {
    const struct page &page = pages_[i];
    if (page.state == PAGE_FREE) {
      free++;
      ASSERT_EQ(mapped_[i], 0u) << "free and mapped";
      ASSERT_FALSE(is_object_[i]);
    }
    if (page.state == PAGE_ANONYMOUS || page.state == PAGE_CACHED ||
        page.state == PAGE_SHARED_MEMORY) {
      ASSERT_EQ(page.refs, frames[kRamFirst + i]) << "frame " << i;
    }
    listed += (page.flags & PAGE_LISTED) != 0 && page.state != PAGE_FREE;
  }
  ASSERT_EQ(free, pager_->free.count);
  uint32_t in_lists = CheckList(pager_, pager_->ram_end, pager_->replacement.tail);
  for (uint32_t list = LIST_SECOND; list < PAGE_HEADS; list++) {
    const uint32_t head = pager_->ram_end + list;
    uint32_t in_list = CheckList(pager_, head, page_of(pager_, head)->prev);
    ASSERT_EQ(in_list, pager_->replacement.count[list]);
    in_lists += in_list;
  }
  ASSERT_EQ(listed, in_lists);
  CheckSlots(frames);
}

// --- kernel_ops.h -------------------------------------------------------------------------------

extern "C" {

int kops_space_create(uint32_t slot, uint32_t badge, uint32_t frame) {
  return kernel->SpaceCreate(slot, badge, frame);
}
void kops_space_destroy(uint32_t slot) { kernel->SpaceDestroy(slot); }
int kops_thread_create(uint32_t slot, uint32_t frame) { return kernel->ThreadCreate(slot, frame); }
void kops_thread_start(uint32_t, uint64_t, uint64_t, uint64_t, uint64_t) {}
int kops_thread_clone(uint32_t slot, uint32_t of, uint64_t) {
  EXPECT_TRUE(kernel->HasSpace(slot) && kernel->HasSpace(of));
  return 0;
}
int kops_thread_buffer(uint32_t slot, uint32_t frame) {
  EXPECT_EQ(frame, kernel->pager()->message[slot]);
  return kernel->ThreadBuffer(slot);
}
int kops_thread_upcall(uint32_t slot, uint64_t pc) { return kernel->ThreadUpcall(slot, pc); }
int kops_reply_upcall(token_t token, uint64_t pc) {
  if (kernel->refuse_upcalls) return -EINVAL;
  kernel->SetAnswer(token, Answer{Answer::kUpcall, 0, 0, 0, pc, 0});
  return 0;
}
int kops_fund_tables(uint32_t slot, uint32_t count, const uint32_t frames[]) {
  EXPECT_GE(count, 1u);
  EXPECT_LE(count, (uint32_t)FUND_FRAMES_MAX);
  for (uint32_t i = 0; i < count; i++) kernel->Fund(slot, frames[i]);
  return 0;
}
int kops_map(uint32_t slot, uint64_t va_prot, uint32_t count, const uint32_t *frames) {
  return kernel->Map(slot, va_prot, count, frames);
}
void kops_map_with_answer(uint32_t slot, uint64_t va_prot, uint32_t frame) {
  uint64_t start = va_prot & ~PAGE_MASK;
  if ((va_prot & PAGE_MASK) == 0 || kernel->Map(slot, va_prot, 1, &frame) != 0) {
    kernel->Unmap(slot, start, start + PAGE_SIZE);
  }
}
int kops_map_device(uint32_t, uint64_t, uint32_t, uint64_t) { return 0; }
void kops_unmap(uint32_t slot, uint64_t start, uint64_t end) { kernel->Unmap(slot, start, end); }
void kops_protect(uint32_t slot, uint64_t start, uint64_t end, uint32_t prot) {
  kernel->Protect(slot, start, end, prot);
}
void kops_harvest(uint32_t slot, uint64_t start, uint64_t end) {
  kernel->Harvest(slot, start, end);
}
int kops_retype_objects(uint32_t first) { return kernel->Retype(first); }
int64_t kops_call(const struct event *event) { return kernel->calls.at(event->token)(); }
void kops_reply(token_t token, uint64_t r0, uint64_t) {
  kernel->SetAnswer(token, Answer{Answer::kReply, (int64_t)r0, 0, 0, 0, 0});
}
int kops_map_reply(token_t token, uint32_t slot, uint64_t va_prot, uint32_t count,
                   const uint32_t *frames) {
  int status = kernel->Map(slot, va_prot, count, frames);
  if (status == 0) kernel->SetAnswer(token, Answer{Answer::kMapped, 0, 0, 0, 0, 0});
  return status;
}
void kops_reply_start(token_t token, uint64_t pc, uint64_t sp, uint64_t, uint64_t) {
  kernel->SetAnswer(token, Answer{Answer::kStart, 0, 0, 0, pc, sp});
}
void kops_forward_to_proc(token_t token, const uint64_t word[5]) {
  EXPECT_EQ(word[0], (uint64_t)PROC_FAULT);
  kernel->SetAnswer(token, Answer{Answer::kSignal, 0, PROC_FAULT_SIGNAL(word[1]),
                                  PROC_FAULT_REASON(word[1]), word[2], 0});
}
void kops_serve(token_t token, const uint64_t word[4]) { kernel->Serve(token, word); }
void kops_flushed(token_t token, uint64_t, int64_t status) {
  kernel->SetAnswer(token, Answer{Answer::kReply, status, 0, 0, 0, 0});
}
uint64_t kops_now(void) { return kernel->now; }
void kops_timer(uint64_t deadline) { kernel->deadline = deadline; }
void kops_moved(token_t token, uint64_t, int64_t status, uint64_t, uint64_t length) {
  EXPECT_LT(status, (int64_t)length);
  kernel->SetAnswer(token, Answer{Answer::kReply, status, 0, 0, 0, 0});
}
void kops_notify_out_of_memory(void) { kernel->out_of_memory = true; }
void kops_notify_provider(void) { kernel->notifications++; }
}
