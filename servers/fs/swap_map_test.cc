#include <gtest/gtest.h>

#include <random>
#include <vector>

extern "C" {
#include "servers/fs/swap_map.h"
}

namespace {

TEST(SwapMap, FindsEverySlot) {
  std::mt19937 random(1);
  for (int round = 0; round < 100; round++) {
    std::vector<swap_run> runs(16);
    swap_map map = {};
    map.run = runs.data();
    map.capacity = 16;
    std::vector<uint64_t> model;
    uint64_t sector = random() % 100;
    for (;;) {
      if (random() % 2) sector += 1 + random() % 50;
      uint32_t slots = random() % 5;
      uint32_t count = map.count;
      if (!swap_map_append(&map, sector, slots)) {
        EXPECT_EQ(count, map.capacity);
        break;
      }
      for (uint32_t i = 0; i < slots; i++, sector += SWAP_PAGE_SECTORS) model.push_back(sector);
    }
    ASSERT_EQ(map.slots, model.size());
    for (uint32_t slot = 0; slot < map.slots; slot++) {
      uint32_t run;
      ASSERT_EQ(swap_map_find(&map, slot, &run), model[slot]);
      ASSERT_GE(run, 1u);
      ASSERT_LE(slot + run, map.slots);
      for (uint32_t i = 0; i < run; i++) {
        ASSERT_EQ(model[slot + i], model[slot] + i * SWAP_PAGE_SECTORS);
      }
    }
  }
}

}  // namespace
