// The tree of regions against a std::map.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

extern "C" {
#include "servers/pager/core/region.h"
}

namespace {

class RegionTest : public testing::Test {
 protected:
  struct region *New(uint32_t start, uint32_t end) {
    pool_.push_back(std::make_unique<struct region>());
    struct region *region = pool_.back().get();
    *region = {};
    region->start = start;
    region->end = end;
    return region;
  }

  void Insert(uint32_t start, uint32_t end) {
    struct region *region = New(start, end);
    region_insert(&root_, region, region_above(root_, start));
    model_[start] = region;
  }

  // Checks a subtree in order; returns its height.
  int CheckBelow(const struct region *region, uint32_t *end) {
    if (!region) return 0;
    EXPECT_TRUE(!region->left || region->left->parent == region);
    EXPECT_TRUE(!region->right || region->right->parent == region);
    int left = CheckBelow(region->left, end);
    EXPECT_EQ(region->before, region->start - *end);
    *end = region->end;
    uint32_t gap = region->before;
    if (region->left) gap = std::max(gap, region->left->gap);
    int right = CheckBelow(region->right, end);
    if (region->right) gap = std::max(gap, region->right->gap);
    EXPECT_EQ(region->gap, gap);
    EXPECT_LE(std::abs(left - right), 1);
    EXPECT_EQ(region->height, std::max(left, right) + 1);
    count_++;
    return region->height;
  }

  void Check() {
    uint32_t end = 0;
    count_ = 0;
    CheckBelow(root_, &end);
    ASSERT_EQ(count_, model_.size());
    ASSERT_TRUE(!root_ || !root_->parent);
    const struct region *before = nullptr;
    for (const auto &[start, region] : model_) {
      ASSERT_EQ(region_prev(region), before);
      ASSERT_TRUE(!before || region_next(before) == region);
      before = region;
    }
    ASSERT_EQ(region_in_front(root_, nullptr), before);
  }

  // The lowest gap, by looking at every page border.
  uint32_t ModelGap(uint32_t low, uint32_t high, uint32_t count) {
    uint32_t at = low;
    for (const auto &[start, region] : model_) {
      if (region->end <= at) continue;
      if (start > at && start - at >= count) break;
      at = region->end;
    }
    return at < high && high - at >= count ? at : 0;
  }

  bool IsFree(uint32_t start, uint32_t end) {
    const struct region *above = region_above(root_, start);
    return !above || above->start >= end;
  }

  // The gap that the tree finds; checks what it says is behind it.
  uint32_t Gap(uint32_t low, uint32_t high, uint32_t count) {
    struct region *behind;
    uint32_t page = region_gap(root_, low, high, count, &behind);
    EXPECT_TRUE(!page || behind == region_above(root_, page));
    return page;
  }

  struct region *root_ = nullptr;
  std::map<uint32_t, struct region *> model_;
  std::vector<std::unique_ptr<struct region>> pool_;
  size_t count_ = 0;
};

TEST_F(RegionTest, EmptyTreeIsAllGap) {
  EXPECT_EQ(region_find(root_, 5), nullptr);
  EXPECT_EQ(region_above(root_, 5), nullptr);
  EXPECT_EQ(Gap(16, 100, 84), 16u);
  EXPECT_EQ(Gap(16, 100, 85), 0u);
  EXPECT_TRUE(IsFree(0, 1000));
}

TEST_F(RegionTest, AscendingInsertsStayBalanced) {
  for (uint32_t i = 0; i < 100000; i++) Insert(10 + 2 * i, 11 + 2 * i);
  Check();
  EXPECT_LE(root_->height, 18);
  EXPECT_EQ(region_find(root_, 10 + 2 * 77777)->start, 10u + 2 * 77777);
  EXPECT_EQ(Gap(10, 1 << 26, 1), 11u);
  EXPECT_EQ(Gap(10, 1 << 26, 2), 10u + 2 * 100000 - 1);
}

TEST_F(RegionTest, SplittingInThreeStaysBalanced) {
  Insert(10, 200010);
  struct region *upper = model_[10];
  for (uint32_t i = 10; i < 100000; i += 2) {
    struct region *middle = New(0, 0), *rest = New(0, 0);
    region_split_out(&root_, upper, i + 1, i + 2, middle, rest);
    model_[i + 1] = middle;
    model_[i + 2] = rest;
    upper = rest;
  }
  Check();
  EXPECT_LE(root_->height, 24);
}

TEST_F(RegionTest, MatchesTheModel) {
  std::mt19937 random(1);
  constexpr uint32_t kPages = 3000;
  for (int step = 0; step < 60000; step++) {
    uint32_t start = 1 + random() % kPages, end = start + 1 + random() % 20;
    auto at = model_.empty() ? model_.end() : model_.lower_bound(start);
    switch (random() % 7) {
      case 0:
      case 1:
        if (IsFree(start, end)) Insert(start, end);
        break;
      case 2:
        if (at == model_.end()) break;
        region_remove(&root_, at->second);
        model_.erase(at);
        break;
      case 3: {  // split, sometimes joined again
        if (at == model_.end() || at->second->end - at->first < 2) break;
        uint32_t page = at->first + 1 + random() % (at->second->end - at->first - 1);
        struct region *lower = at->second, *upper = New(0, 0);
        region_split(&root_, lower, page, upper);
        model_[page] = upper;
        if (random() % 2) break;
        region_absorb(&root_, lower, upper);
        model_.erase(page);
        break;
      }
      case 6: {  // one out of the middle
        if (at == model_.end() || at->second->end - at->first < 3) break;
        struct region *lower = at->second, *middle = New(0, 0), *upper = New(0, 0);
        uint32_t first = lower->start + 1 + random() % (lower->end - lower->start - 2);
        uint32_t last = first + 1 + random() % (lower->end - first - 1);
        region_split_out(&root_, lower, first, last, middle, upper);
        model_[first] = middle;
        model_[last] = upper;
        break;
      }
      case 4: {
        if (at == model_.end()) break;
        struct region *region = at->second;
        auto next = std::next(at);
        uint32_t limit = next == model_.end() ? kPages + 100 : next->first;
        region_move_end(&root_, region, region->start + 1 + random() % (limit - region->start));
        break;
      }
      case 5: {
        if (at == model_.end()) break;
        struct region *region = at->second;
        uint32_t floor = at == model_.begin() ? 1 : std::prev(at)->second->end;
        uint32_t moved = floor + random() % (region->end - floor);
        region_move_start(&root_, region, moved);
        model_.erase(at);
        model_[moved] = region;
        break;
      }
    }
    if (step % 64 == 0) Check();
    uint32_t page = random() % (kPages + 50);
    auto above = model_.upper_bound(page);
    struct region *inside = nullptr;
    if (above != model_.begin() && std::prev(above)->second->end > page) {
      inside = std::prev(above)->second;
    }
    ASSERT_EQ(region_find(root_, page), inside);
    struct region *next = above == model_.end() ? nullptr : above->second;
    ASSERT_EQ(region_above(root_, page), inside ? inside : next);
    uint32_t count = 1 + random() % 30;
    ASSERT_EQ(Gap(1 + page, kPages + 100, count), ModelGap(1 + page, kPages + 100, count));
  }
}

}  // namespace
