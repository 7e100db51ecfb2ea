#include "servers/pager/core/fake_kernel.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "servers/pager/core/invariants.h"

FakeKernel *FakeKernel::machine;

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
  machine = this;
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

void FakeKernel::Check() { CheckInvariants(this); }
