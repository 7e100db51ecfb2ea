// Belady's optimum: textbook strings, against trying everything, and never worse than others.
extern "C" {
#include "bench/policy/optimal.h"

#include "bench/policy/workload.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace {

using Trace = std::vector<uint32_t>;

uint64_t Optimal(const Trace &trace, uint32_t frames, size_t from = 0) {
  uint32_t pages = trace.empty() ? 0 : *std::max_element(trace.begin(), trace.end()) + 1;
  return optimal_misses(trace.data(), trace.size(), from, pages, frames);
}

uint64_t Fifo(const Trace &trace, size_t frames) {
  std::deque<uint32_t> queue;
  uint64_t misses = 0;
  for (uint32_t page : trace) {
    if (std::count(queue.begin(), queue.end(), page)) continue;
    misses++;
    if (queue.size() == frames) queue.pop_front();
    queue.push_back(page);
  }
  return misses;
}

uint64_t Lru(const Trace &trace, size_t frames) {
  std::list<uint32_t> used;
  uint64_t misses = 0;
  for (uint32_t page : trace) {
    auto at = std::find(used.begin(), used.end(), page);
    if (at != used.end()) {
      used.erase(at);
    } else {
      misses++;
      if (used.size() == frames) used.pop_front();
    }
    used.push_back(page);
  }
  return misses;
}

// Tries each page that could go at each miss.
uint64_t Exhaustive(const Trace &trace, size_t at, std::set<uint32_t> memory, size_t frames,
                    std::map<std::pair<size_t, std::set<uint32_t>>, uint64_t> *known) {
  while (at < trace.size() && memory.count(trace[at])) at++;
  if (at == trace.size()) return 0;
  auto key = std::make_pair(at, memory);
  auto found = known->find(key);
  if (found != known->end()) return found->second;
  uint64_t best = UINT64_MAX;
  if (memory.size() < frames) {
    std::set<uint32_t> more = memory;
    more.insert(trace[at]);
    best = Exhaustive(trace, at + 1, more, frames, known);
  } else {
    for (uint32_t victim : memory) {
      std::set<uint32_t> other = memory;
      other.erase(victim);
      other.insert(trace[at]);
      best = std::min(best, Exhaustive(trace, at + 1, other, frames, known));
    }
  }
  return (*known)[key] = best + 1;
}

TEST(Optimal, TextbookStrings) {
  const Trace silberschatz = {7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1};
  EXPECT_EQ(Optimal(silberschatz, 3), 9u);
  EXPECT_EQ(Lru(silberschatz, 3), 12u);
  EXPECT_EQ(Fifo(silberschatz, 3), 15u);
  const Trace belady = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};
  EXPECT_EQ(Optimal(belady, 3), 7u);
  EXPECT_EQ(Optimal(belady, 4), 6u);
  EXPECT_EQ(Fifo(belady, 3), 9u);
  EXPECT_EQ(Fifo(belady, 4), 10u) << "the anomaly";
}

TEST(Optimal, Edges) {
  EXPECT_EQ(Optimal({}, 3), 0u);
  EXPECT_EQ(Optimal({5}, 1), 1u);
  EXPECT_EQ(Optimal({5, 5, 5}, 1), 1u);
  EXPECT_EQ(Optimal({0, 1, 0, 1}, 1), 4u);
  EXPECT_EQ(Optimal({0, 1, 2, 0, 1, 2}, 100), 3u);
  EXPECT_EQ(Optimal({0, 1, 2, 0, 1, 2}, 100, 3), 0u) << "only the last three count";
  EXPECT_EQ(Optimal({0, 1, 2, 0, 1, 2}, 2, 3), 1u);
}

TEST(Optimal, IsTheBestOfAllChoices) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; round++) {
    Trace trace(4 + random() % 9);
    for (uint32_t &page : trace) page = random() % 5;
    for (uint32_t frames = 1; frames <= 4; frames++) {
      std::map<std::pair<size_t, std::set<uint32_t>>, uint64_t> known;
      ASSERT_EQ(Optimal(trace, frames), Exhaustive(trace, 0, {}, frames, &known));
    }
  }
}

TEST(Optimal, IsNeverBeatenAndNeedsNoMoreWithMoreFrames) {
  std::mt19937 random(2);
  for (int round = 0; round < 100; round++) {
    Trace trace(500);
    for (uint32_t &page : trace) page = std::min(random() % 60, random() % 60);
    uint64_t fewer = UINT64_MAX;
    for (uint32_t frames = 1; frames <= 60; frames += 7) {
      uint64_t misses = Optimal(trace, frames);
      ASSERT_LE(misses, Lru(trace, frames));
      ASSERT_LE(misses, Fifo(trace, frames));
      ASSERT_LE(misses, fewer);
      fewer = misses;
    }
  }
}

TEST(Workload, IsTheSameEachTimeAndWithinItsPages) {
  for (int kind = 0; kind < WORKLOAD_COUNT; kind++) {
    struct workload a, b;
    workload_start(&a, static_cast<workload_kind>(kind), 101, 1000);
    workload_start(&b, static_cast<workload_kind>(kind), 101, 1000);
    struct reference x = {}, y = {};
    uint32_t count = 0;
    for (; workload_next(&a, &x); count++) {
      ASSERT_TRUE(workload_next(&b, &y));
      ASSERT_EQ(x.page, y.page);
      ASSERT_LT(x.page, 101u);
      ASSERT_EQ(x.fills, count < 101);
      if (x.fills) {
        ASSERT_EQ(x.page, count);
      }
    }
    EXPECT_EQ(count, 1101u);
    EXPECT_FALSE(workload_next(&b, &y));
    EXPECT_EQ(workload_named(workload_name(static_cast<workload_kind>(kind))), kind);
  }
  EXPECT_EQ(workload_named("none"), WORKLOAD_COUNT);
}

TEST(Workload, SkewedGoesToAFifth) {
  struct workload workload;
  struct reference reference;
  workload_start(&workload, WORKLOAD_SKEWED, 1000, 10000);
  uint32_t few = 0;
  while (workload_next(&workload, &reference)) few += !reference.fills && reference.page < 200;
  EXPECT_NEAR(few, 8000, 200);
}

TEST(Workload, ScanVisitsEveryColdPageOnceARound) {
  struct workload workload;
  struct reference reference;
  workload_start(&workload, WORKLOAD_SCAN, 100, 2 * (2 * 20 + 80));
  std::map<uint32_t, int> visits;
  uint32_t hot = 0;
  while (workload_next(&workload, &reference)) {
    if (reference.fills) continue;
    if (reference.hot) {
      hot++;
      ASSERT_LT(reference.page, 20u);
    } else {
      visits[reference.page]++;
    }
  }
  EXPECT_EQ(hot, 2u * 40);
  EXPECT_EQ(visits.size(), 80u);
  for (auto &visit : visits) EXPECT_EQ(visit.second, 2) << visit.first;
}

TEST(Workload, MixedScansTheColdPagesBetweenHotTouches) {
  struct workload workload;
  struct reference reference;
  workload_start(&workload, WORKLOAD_MIXED, 100, 2 * 3 * 80);
  std::map<uint32_t, int> visits;
  std::set<uint32_t> hot;
  uint32_t cold = 0;
  for (uint32_t number = 0; workload_next(&workload, &reference); number++) {
    if (reference.fills) continue;
    ASSERT_EQ(reference.hot, number % 2 == 1);
    if (reference.hot) {
      hot.insert(reference.page);
      ASSERT_LT(reference.page, 20u);
    } else {
      ASSERT_EQ(reference.page, 20 + cold++ % 80);
      visits[reference.page]++;
    }
  }
  EXPECT_EQ(hot.size(), 20u);
  EXPECT_EQ(visits.size(), 80u);
  for (auto &visit : visits) EXPECT_EQ(visit.second, 3) << visit.first;
}

}  // namespace
