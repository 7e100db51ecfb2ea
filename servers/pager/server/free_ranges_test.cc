#include <gtest/gtest.h>

#include <random>
#include <vector>

extern "C" {
#include "servers/pager/server/free_ranges.h"
}

namespace {

TEST(FreeRanges, LeavesTheGaps) {
  boot_info info = {};
  info.ram = {1000, 1000};
  info.kernel = {1000, 100};
  info.objects = {50, 0};
  info.image = {1100, 50};
  info.archive = {1500, 10};
  info.dtb = {1990, 10};
  boot_range range[FREE_RANGES_MAX];
  ASSERT_EQ(free_ranges(&info, range), 2u);
  EXPECT_EQ(range[0].first, 1150u);
  EXPECT_EQ(range[0].count, 350u);
  EXPECT_EQ(range[1].first, 1510u);
  EXPECT_EQ(range[1].count, 480u);
}

TEST(FreeRanges, AgreesWithMarkingEachFrame) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; i++) {
    boot_info info = {};
    auto any = [&] { return boot_range{uint32_t(random() % 60), uint32_t(random() % 30)}; };
    info.ram = any();
    boot_range *taken[] = {&info.kernel, &info.objects, &info.image, &info.archive, &info.dtb};
    std::vector<bool> is_free(100);
    for (uint32_t f = 0; f < info.ram.count; f++) is_free[info.ram.first + f] = true;
    for (boot_range *range : taken) {
      *range = any();
      for (uint32_t f = 0; f < range->count; f++) is_free[range->first + f] = false;
    }
    boot_range range[FREE_RANGES_MAX];
    const uint32_t count = free_ranges(&info, range);
    std::vector<bool> found(100);
    for (uint32_t r = 0; r < count; r++) {
      ASSERT_GT(range[r].count, 0u);
      for (uint32_t f = 0; f < range[r].count; f++) found[range[r].first + f] = true;
    }
    ASSERT_EQ(found, is_free);
  }
}

}  // namespace
