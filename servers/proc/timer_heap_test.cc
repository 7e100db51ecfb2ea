extern "C" {
#include "servers/proc/timer_heap.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

namespace {

TEST(TimerHeap, IsEmptyAtFirst) {
  auto heap = std::make_unique<timer_heap>();
  timer_heap_init(heap.get());
  EXPECT_EQ(timer_heap_deadline(heap.get()), TIMER_NEVER);
  EXPECT_EQ(timer_heap_expire(heap.get(), TIMER_NEVER), 0u);
  timer_heap_remove(heap.get(), 5);
  EXPECT_EQ(heap->count, 0u);
}

TEST(TimerHeap, ExpiresNotBeforeTheDeadline) {
  auto heap = std::make_unique<timer_heap>();
  timer_heap_init(heap.get());
  timer_heap_add(heap.get(), 9, 100);
  EXPECT_EQ(timer_heap_expire(heap.get(), 99), 0u);
  EXPECT_EQ(timer_heap_expire(heap.get(), 100), 9u);
  EXPECT_EQ(timer_heap_expire(heap.get(), 100), 0u);
}

// Against a map from ids to deadlines.
TEST(TimerHeap, RandomizedAgainstAMap) {
  auto heap = std::make_unique<timer_heap>();
  timer_heap_init(heap.get());
  std::map<uint32_t, uint64_t> model;
  std::mt19937 random(1);
  auto earliest = [&] {
    uint64_t deadline = TIMER_NEVER;
    for (auto &entry : model) deadline = std::min(deadline, entry.second);
    return deadline;
  };
  for (int step = 0; step < 100000; step++) {
    uint32_t id = 1 + random() % (step % 2000 < 1000 ? 20 : TIMERS_MAX - 1);
    uint64_t time = random() % 1000;
    switch (random() % 3) {
      case 0:
        if (model.count(id) != 0) break;
        timer_heap_add(heap.get(), id, time);
        model[id] = time;
        break;
      case 1:
        timer_heap_remove(heap.get(), id);
        model.erase(id);
        break;
      default:
        time /= 8;
        while (uint32_t expired = timer_heap_expire(heap.get(), time)) {
          ASSERT_EQ(model.count(expired), 1u);
          ASSERT_EQ(model[expired], earliest());
          ASSERT_LE(model[expired], time);
          model.erase(expired);
        }
        break;
    }
    ASSERT_EQ(heap->count, model.size());
    ASSERT_EQ(timer_heap_deadline(heap.get()), earliest());
    ASSERT_EQ(timer_heap_of(heap.get(), id), model.count(id) != 0 ? model[id] : TIMER_NEVER);
  }
}

}  // namespace
