#include "servers/pager/core/shrink.h"

#include <gtest/gtest.h>

#include <numeric>

namespace {

constexpr std::chrono::seconds kLong(60);

Steps UpTo(uint32_t count) {
  Steps steps(count);
  std::iota(steps.begin(), steps.end(), 0);
  return steps;
}

TEST(Shrink, FindsTheStepsThatAreNeeded) {
  auto needs = [](const Steps &steps) -> size_t {
    size_t found = 0;
    for (size_t i = 0; i < steps.size(); i++) {
      found += steps[i] == 17 || steps[i] == 400 || steps[i] == 401;
      if (found == 3) return i + 1;
    }
    return 0;
  };
  EXPECT_EQ(Shrink(UpTo(1000), needs, kLong), (Steps{17, 400, 401}));
}

TEST(Shrink, CutsOffWhatComesBehindTheFailure) {
  auto third = [](const Steps &steps) -> size_t { return steps.size() >= 3 ? 3 : 0; };
  EXPECT_EQ(Shrink(UpTo(100), third, kLong).size(), 3u);
}

TEST(Shrink, LeavesNothingOfWhatAlwaysFails) {
  auto always = [](const Steps &) -> size_t { return 1; };
  EXPECT_TRUE(Shrink(UpTo(64), always, kLong).empty());
}

TEST(Shrink, EndsInTime) {
  auto slow = [](const Steps &steps) -> size_t { return steps.size(); };
  EXPECT_EQ(Shrink(UpTo(50), slow, std::chrono::seconds(0)), UpTo(50));
}

}  // namespace
