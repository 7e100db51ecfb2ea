extern "C" {
#include "servers/fs/fresh.h"
}

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace {

struct fresh Empty() {
  return {};
}

bool Contains(const struct fresh &fresh, uint64_t block) {
  uint64_t run;
  return fresh_find(&fresh, block, 1, &run);
}

TEST(Fresh, StartsEmpty) {
  struct fresh fresh = Empty();
  uint64_t run;
  EXPECT_FALSE(fresh_find(&fresh, 5, 100, &run));
  EXPECT_EQ(run, 100u);
}

TEST(Fresh, JoinsAdjacentRanges) {
  struct fresh fresh = Empty();
  EXPECT_TRUE(fresh_add(&fresh, {10, 20}));
  EXPECT_TRUE(fresh_add(&fresh, {20, 30}));
  EXPECT_TRUE(fresh_add(&fresh, {5, 10}));
  EXPECT_EQ(fresh.count, 1u);
  EXPECT_EQ(fresh.range[0].start, 5u);
  EXPECT_EQ(fresh.range[0].end, 30u);
}

TEST(Fresh, TellsTheRunOfTheSameKind) {
  struct fresh fresh = Empty();
  fresh_add(&fresh, {10, 20});
  uint64_t run;
  EXPECT_FALSE(fresh_find(&fresh, 4, 100, &run));
  EXPECT_EQ(run, 6u);
  EXPECT_TRUE(fresh_find(&fresh, 12, 100, &run));
  EXPECT_EQ(run, 8u);
  EXPECT_TRUE(fresh_find(&fresh, 12, 3, &run));
  EXPECT_EQ(run, 3u);
  EXPECT_FALSE(fresh_find(&fresh, 20, 100, &run));
  EXPECT_EQ(run, 100u);
}

TEST(Fresh, RefusesMoreRangesThanItHasAndStaysAsItWas) {
  struct fresh fresh = Empty();
  for (uint64_t i = 0; i < FRESH_RANGES; i++) EXPECT_TRUE(fresh_add(&fresh, {i * 10, i * 10 + 4}));
  EXPECT_FALSE(fresh_add(&fresh, {100, 101}));
  EXPECT_FALSE(fresh_remove(&fresh, {1, 2}));
  EXPECT_EQ(fresh.count, unsigned{FRESH_RANGES});
  EXPECT_TRUE(Contains(fresh, 1));
  EXPECT_FALSE(Contains(fresh, 100));
  EXPECT_TRUE(fresh_remove(&fresh, {0, 2}));
  EXPECT_FALSE(Contains(fresh, 1));
}

TEST(Fresh, CutsOffTheEndOfTheFile) {
  struct fresh fresh = Empty();
  fresh_add(&fresh, {10, 20});
  fresh_add(&fresh, {30, 40});
  EXPECT_TRUE(fresh_remove(&fresh, {15, UINT64_MAX}));
  EXPECT_EQ(fresh.count, 1u);
  EXPECT_TRUE(Contains(fresh, 14));
  EXPECT_FALSE(Contains(fresh, 15));
}

TEST(Fresh, EqualsASetOfBlocks) {
  constexpr uint64_t kBlocks = 64;
  for (unsigned seed = 1; seed <= 200; seed++) {
    std::mt19937 random(seed);
    struct fresh fresh = Empty();
    std::set<uint64_t> model;
    for (int step = 0; step < 200; step++) {
      uint64_t start = random() % kBlocks;
      uint64_t end = start + random() % 9;
      bool adds = random() % 2 == 0;
      bool done = adds ? fresh_add(&fresh, {start, end}) : fresh_remove(&fresh, {start, end});
      if (!done) {
        block_range smallest = fresh_smallest(&fresh);
        for (uint64_t b = smallest.start; b < smallest.end; b++) model.erase(b);
        ASSERT_TRUE(fresh_remove(&fresh, smallest));
        continue;
      }
      for (uint64_t b = start; b < end; b++) {
        if (adds) {
          model.insert(b);
        } else {
          model.erase(b);
        }
      }
      for (uint64_t b = 0; b < kBlocks + 10; b++) {
        ASSERT_EQ(Contains(fresh, b), model.count(b) == 1) << "seed " << seed << " block " << b;
      }
    }
  }
}

}  // namespace
