// Each policy alone, on reference strings: a simulated memory of some frames, accessed bits as the
// hardware sets them, and faults counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#define _Alignas alignas
extern "C" {
#include "servers/pager/core/policy.h"
}

namespace {

using String = std::vector<uint32_t>;

constexpr enum pager_policy kPolicies[] = {PAGER_POLICY_FIFO, PAGER_POLICY_CLOCK,
                                           PAGER_POLICY_AGEING, PAGER_POLICY_2Q,
                                           PAGER_POLICY_RANDOM};

// Silberschatz, Galvin, Gagne, "Operating System Concepts", section on page replacement.
const String kSilberschatz = {7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1};
// Belady, Nelson, Shedler, "An anomaly in space-time characteristics", 1969.
const String kBelady = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};

class Memory {
 public:
  static constexpr uint32_t kFirst = 5;

  Memory(enum pager_policy policy, uint32_t frames, uint32_t seed = 1)
      : pages_(frames + PAGE_HEADS), accessed_(frames), ghosts_(GHOSTS_PER_PAGE) {
    uintptr_t base = reinterpret_cast<uintptr_t>(pages_.data()) - kFirst * sizeof(struct page);
    replacement_init(&r_, base, kFirst, kFirst + frames, ghost_page_);
    replacement_seed(&r_, seed);
    replacement_choose(&r_, policy);
    if (r_.policy->wants_ghosts) replacement_add_ghosts(&r_, ghosts_.data());
    for (uint32_t i = 0; i < frames; i++) free_.push_back(kFirst + frames - 1 - i);
  }

  // Returns whether it was a fault.
  bool Touch(uint32_t index) {
    bool missing = !resident_.count(index);
    if (missing) Bring(index);
    accessed_[resident_.at(index) - kFirst] = true;
    return missing;
  }

  bool IsThere(uint32_t index) const { return resident_.count(index); }

  // A page comes that nobody has asked for. => it is missing
  void Bring(uint32_t index) {
    if (free_.empty()) Evict();
    uint32_t frame = free_.back();
    free_.pop_back();
    struct page *page = replacement_page(&r_, frame);
    *page = {};
    page->state = PAGE_ANONYMOUS;
    page->family = 1;
    page->index = index;
    resident_[index] = frame;
    accessed_[frame - kFirst] = false;
    replacement_add(&r_, LIST_FIRST, frame);
  }

  uint32_t Faults(const String &string) {
    uint32_t faults = 0;
    for (uint32_t index : string) faults += Touch(index);
    return faults;
  }

  void Drop(uint32_t index) {
    uint32_t frame = resident_.at(index);
    resident_.erase(index);
    replacement_remove(&r_, replacement_page(&r_, frame));
    free_.push_back(frame);
  }

  // Evicts a page that was not accessed since it was looked at, as the policy says.
  void Evict() {
    r_.pages = (uint32_t)resident_.size();
    for (;;) {
      uint32_t frame = replacement_next(&r_);
      ASSERT_GE(frame, kFirst);
      ASSERT_LT(frame, kFirst + accessed_.size());
      const struct page *page = replacement_page(&r_, frame);
      ASSERT_FALSE((page->flags & PAGE_NOT_FIRST) && page->age == LIST_ASIDE);
      bool accessed = accessed_[frame - kFirst];
      accessed_[frame - kFirst] = false;
      looks++;
      if (!replacement_judge(&r_, frame, accessed)) continue;
      ASSERT_FALSE(replacement_page(&r_, frame)->flags & (PAGE_LISTED | PAGE_NOT_FIRST));
      evicted.push_back(replacement_page(&r_, frame)->index);
      resident_.erase(evicted.back());
      free_.push_back(frame);
      return;
    }
  }

  // => resident
  void SetAside(uint32_t index) { replacement_move(&r_, LIST_ASIDE, resident_.at(index)); }

  void ListAgain() {
    uint32_t frame = replacement_first(&r_, LIST_ASIDE);
    if (frame != FRAME_NONE) replacement_move(&r_, LIST_FIRST, frame);
  }

  void Choose(enum pager_policy policy) { replacement_choose(&r_, policy); }
  struct replacement *replacement() {
    return &r_;
  }

  // All resident pages are listed, once.
  void Check() {
    std::set<uint32_t> found;
    for (enum replacement_list list : {LIST_FIRST, LIST_SECOND, LIST_ASIDE}) {
      uint32_t count = 0;
      for (uint32_t frame = replacement_first(&r_, list), last = 0; frame != 0;) {
        const struct page *page = replacement_page(&r_, frame);
        ASSERT_TRUE(found.insert(page->index).second);
        ASSERT_EQ((page->flags & PAGE_NOT_FIRST) != 0, list != LIST_FIRST);
        count++;
        last = frame;
        bool end = list == LIST_FIRST ? last == r_.tail : page->next == r_.head + list;
        frame = end ? 0 : page->next;
      }
      if (list != LIST_FIRST) {
        ASSERT_EQ(count, r_.count[list]);
      }
    }
    ASSERT_EQ(found.size(), resident_.size());
  }

  std::vector<uint32_t> evicted;
  uint64_t looks = 0;

 private:
  std::vector<struct page> pages_;
  std::vector<bool> accessed_;
  std::vector<uint32_t> ghosts_;
  uint32_t *ghost_page_[1];
  std::vector<uint32_t> free_;
  std::map<uint32_t, uint32_t> resident_;
  struct replacement r_;
};

uint32_t FaultsOf(enum pager_policy policy, uint32_t frames, const String &string) {
  return Memory(policy, frames).Faults(string);
}

// Belady's optimum: the page goes that is needed last.
uint32_t Optimum(uint32_t frames, const String &string) {
  std::set<uint32_t> resident;
  uint32_t faults = 0;
  for (size_t i = 0; i < string.size(); i++) {
    if (resident.count(string[i])) continue;
    faults++;
    if (resident.size() == frames) {
      auto needed = [&](uint32_t index) {
        return std::find(string.begin() + (ptrdiff_t)i, string.end(), index) - string.begin();
      };
      auto victim = std::max_element(resident.begin(), resident.end(),
                                     [&](uint32_t a, uint32_t b) { return needed(a) < needed(b); });
      resident.erase(victim);
    }
    resident.insert(string[i]);
  }
  return faults;
}

// The clock as textbooks draw it: an array with a hand.
uint32_t ClockWithHand(uint32_t frames, const String &string) {
  struct Place {
    uint32_t index;
    bool referenced;
  };
  std::vector<Place> places;
  size_t hand = 0;
  uint32_t faults = 0;
  for (uint32_t index : string) {
    auto at = std::find_if(places.begin(), places.end(),
                           [&](const Place &place) { return place.index == index; });
    if (at != places.end()) {
      at->referenced = true;
      continue;
    }
    faults++;
    if (places.size() < frames) {
      places.push_back({index, true});
      continue;
    }
    for (; places[hand].referenced; hand = (hand + 1) % frames) places[hand].referenced = false;
    places[hand] = {index, true};
    hand = (hand + 1) % frames;
  }
  return faults;
}

uint32_t Lru(uint32_t frames, const String &string) {
  std::vector<uint32_t> recent;
  uint32_t faults = 0;
  for (uint32_t index : string) {
    auto at = std::find(recent.begin(), recent.end(), index);
    if (at != recent.end()) {
      recent.erase(at);
    } else {
      faults++;
      if (recent.size() == frames) recent.erase(recent.begin());
    }
    recent.push_back(index);
  }
  return faults;
}

String RandomString(std::mt19937 *random, uint32_t length, uint32_t pages) {
  String string;
  // Some locality: mostly a small part of the pages, which changes.
  uint32_t base = 0;
  for (uint32_t i = 0; i < length; i++) {
    if ((*random)() % 50 == 0) base = (*random)() % pages;
    uint32_t span = (*random)() % 4 == 0 ? pages : pages / 4 + 1;
    string.push_back((base + (*random)() % span) % pages);
  }
  return string;
}

TEST(Policy, FifoHasTheTextbooksFaults) {
  EXPECT_EQ(FaultsOf(PAGER_POLICY_FIFO, 3, kSilberschatz), 15u);
  EXPECT_EQ(Optimum(3, kSilberschatz), 9u);
  EXPECT_EQ(Lru(3, kSilberschatz), 12u);
}

TEST(Policy, FifoHasBeladysAnomaly) {
  EXPECT_EQ(FaultsOf(PAGER_POLICY_FIFO, 3, kBelady), 9u);
  EXPECT_EQ(FaultsOf(PAGER_POLICY_FIFO, 4, kBelady), 10u);
  EXPECT_EQ(Optimum(3, kBelady), 7u);
  EXPECT_EQ(Optimum(4, kBelady), 6u);
}

TEST(Policy, ClockIsTheTextbooksClock) {
  EXPECT_EQ(FaultsOf(PAGER_POLICY_CLOCK, 3, kSilberschatz), 14u);
  EXPECT_EQ(FaultsOf(PAGER_POLICY_CLOCK, 3, kBelady), 9u);
  EXPECT_EQ(FaultsOf(PAGER_POLICY_CLOCK, 4, kBelady), 10u);
  std::mt19937 random(1);
  for (uint32_t round = 0; round < 300; round++) {
    uint32_t frames = 1 + random() % 12;
    String string = RandomString(&random, 400, 2 + random() % 30);
    ASSERT_EQ(FaultsOf(PAGER_POLICY_CLOCK, frames, string), ClockWithHand(frames, string));
  }
}

TEST(Policy, AccessedPagesGetASecondChance) {
  Memory memory(PAGER_POLICY_CLOCK, 3);
  memory.Faults({1, 2, 3, 4});  // takes all bits, evicts 1
  memory.Touch(2);
  memory.Touch(5);  // 2 was accessed again, 3 was not
  EXPECT_EQ(memory.evicted, (std::vector<uint32_t>{1, 3}));
}

TEST(Policy, AgeingIsCloserToLruThanFifo) {
  std::mt19937 random(2);
  uint64_t lru = 0, fifo = 0, ageing = 0;
  for (uint32_t round = 0; round < 50; round++) {
    String string = RandomString(&random, 2000, 64);
    lru += Lru(32, string);
    fifo += FaultsOf(PAGER_POLICY_FIFO, 32, string);
    ageing += FaultsOf(PAGER_POLICY_AGEING, 32, string);
  }
  EXPECT_LT(lru, fifo);
  EXPECT_LT(ageing, (lru + fifo) / 2);
}

TEST(Policy, OptimumIsNeverBeaten) {
  std::mt19937 random(3);
  for (uint32_t round = 0; round < 200; round++) {
    uint32_t frames = 1 + random() % 20;
    String string = RandomString(&random, 300, 2 + random() % 40);
    uint32_t optimum = Optimum(frames, string);
    for (enum pager_policy policy : kPolicies) {
      ASSERT_GE(FaultsOf(policy, frames, string), optimum) << "policy " << policy;
    }
  }
}

TEST(Policy, WhatFitsIsNeverEvicted) {
  std::mt19937 random(4);
  String string = RandomString(&random, 1000, 30);
  uint32_t different = (uint32_t)std::set<uint32_t>(string.begin(), string.end()).size();
  for (enum pager_policy policy : kPolicies) {
    EXPECT_EQ(FaultsOf(policy, 30, string), different) << "policy " << policy;
  }
}

// A hot set in use all the time, and a scan of pages that are used once. Faults on the hot set
// in the second half.
uint32_t HotFaults(enum pager_policy policy) {
  constexpr uint32_t kFrames = 100, kHot = 50, kScan = 4000;
  Memory memory(policy, kFrames);
  uint32_t faults = 0, hot = 0;
  for (uint32_t i = 0; i < kScan; i++) {
    memory.Touch(1000 + i);
    // Seldom enough that the accessed bits of a clock do not protect it.
    if (i % 4 == 0) {
      bool fault = memory.Touch(hot++ % kHot);
      if (i > kScan / 2) faults += fault;
    }
  }
  return faults;
}

TEST(Policy, ScanDoesNotEvictTheHotSetOfTwoQueues) {
  EXPECT_EQ(HotFaults(PAGER_POLICY_2Q), 0u);
  EXPECT_GT(HotFaults(PAGER_POLICY_FIFO), 400u);
}

// A scan of more than memory again and again, and after each of its pages a random one of a hot set
// of a fifth of memory. Faults on the hot set in the later half, of 5,000 touches.
uint32_t HotFaultsOfALoop(enum pager_policy policy, uint32_t scanned) {
  constexpr uint32_t kFrames = 100, kHot = 20, kTouches = 10000;
  Memory memory(policy, kFrames);
  std::mt19937 random(8);
  uint32_t faults = 0;
  for (uint32_t i = 0; i < kTouches; i++) {
    memory.Touch(1000 + i % scanned);
    bool fault = memory.Touch(random() % kHot);
    if (i >= kTouches / 2) faults += fault;
  }
  return faults;
}

TEST(Policy, ScanAgainAndAgainDoesNotEvictTheHotSetOfTwoQueues) {
  for (uint32_t scanned : {101u, 130u, 160u, 200u, 400u, 1000u}) {
    EXPECT_EQ(HotFaultsOfALoop(PAGER_POLICY_2Q, scanned), 0u) << scanned;
    EXPECT_GT(HotFaultsOfALoop(PAGER_POLICY_CLOCK, scanned), 200u) << scanned;
    EXPECT_GT(HotFaultsOfALoop(PAGER_POLICY_FIFO, scanned), 900u) << scanned;
  }
}

// Of a scan that is repeated a part stays, and is not driven out by the rest.
TEST(Policy, TwoQueuesKeepAPartOfALoop) {
  Memory loop(PAGER_POLICY_2Q, 100), clock(PAGER_POLICY_CLOCK, 100);
  uint32_t faults = 0, of_clock = 0;
  for (uint32_t i = 0; i < 30 * 150; i++) {
    bool fault = loop.Touch(i % 150), missed = clock.Touch(i % 150);
    if (i < 20 * 150) continue;
    faults += fault;
    of_clock += missed;
  }
  EXPECT_LT(faults, 10 * 100u) << "the optimum is 10 * 51";
  EXPECT_EQ(of_clock, 10 * 150u);
}

TEST(Policy, PagesThatNobodyTouchedAreNotWanted) {
  Memory touched(PAGER_POLICY_2Q, 100), brought(PAGER_POLICY_2Q, 100);
  for (uint32_t i = 0; i < 5 * 120; i++) {
    touched.Touch(i % 120);
    if (!brought.IsThere(i % 120)) brought.Bring(i % 120);
  }
  EXPECT_GT(touched.replacement()->count[LIST_SECOND], 0u);
  EXPECT_EQ(brought.replacement()->count[LIST_SECOND], 0u);
}

TEST(Policy, RandomIsRepeatable) {
  std::mt19937 random(5);
  String string = RandomString(&random, 2000, 60);
  Memory one(PAGER_POLICY_RANDOM, 20, 7), same(PAGER_POLICY_RANDOM, 20, 7),
      other(PAGER_POLICY_RANDOM, 20, 8);
  one.Faults(string);
  same.Faults(string);
  other.Faults(string);
  EXPECT_EQ(one.evicted, same.evicted);
  EXPECT_NE(one.evicted, other.evicted);
}

// The work for each page that goes does not grow with memory.
TEST(Policy, LooksPerEvictionAreBounded) {
  for (enum pager_policy policy : kPolicies) {
    for (uint32_t frames : {100u, 10000u}) {
      Memory memory(policy, frames);
      std::mt19937 random(6);
      for (uint32_t i = 0; i < 20 * frames; i++) memory.Touch(random() % (2 * frames));
      ASSERT_GT(memory.evicted.size(), 5 * frames);
      EXPECT_LT((double)memory.looks / (double)memory.evicted.size(), 6.0)
          << "policy " << policy << " frames " << frames;
    }
  }
}

TEST(Policy, PagesComeAndGoAtAnyTime) {
  std::mt19937 random(7);
  Memory memory(PAGER_POLICY_CLOCK, 40);
  std::set<uint32_t> dropped;
  for (uint32_t i = 0; i < 20000; i++) {
    uint32_t index = random() % 100;
    memory.Touch(index);
    if (random() % 5 == 0) memory.Drop(index);
    if (random() % 100 == 0) memory.Choose(kPolicies[random() % 5]);
    if (random() % 9 == 0 && memory.replacement()->count[LIST_ASIDE] < 10) {
      memory.Touch(index);
      memory.SetAside(index);
    }
    if (random() % 10 == 0) memory.ListAgain();
    if (random() % 7 == 0) {
      memory.Touch(index);
      uint32_t frame = replacement_next(memory.replacement());
      if (replacement_judge(memory.replacement(), frame, false)) {
        replacement_push(memory.replacement(), frame);
      }
    }
    if (i % 64 == 0) memory.Check();
  }
}

}  // namespace
