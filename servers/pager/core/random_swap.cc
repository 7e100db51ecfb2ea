#include "servers/pager/core/random_operations.h"

namespace {

constexpr uint64_t kSwap = 1000000;  // cookies of swap areas

}  // namespace

void RandomSwap::Add() {
  if (world_.swap_slots == 0) return;
  uint64_t cookie = kSwap + next_++;
  uint32_t slots = 1 + world_.Below(world_.swap_slots);
  machine_.store.Make(cookie, slots, 0);
  int64_t area = pager_swap_add(machine_.pager, cookie, slots, world_.Below(3));
  if (area > 0) {
    areas_.push_back((uint64_t)area);
  } else {
    EXPECT_TRUE(area == -ENOMEM || area == -EPERM) << area;
  }
}

void RandomSwap::Remove() {
  if (areas_.empty()) return;
  size_t i = world_.Below((uint32_t)areas_.size());
  token_t token = machine_.kernel.NewToken();
  int64_t result =
      world_.Await(pager_swap_remove(machine_.pager, 0, token, areas_[i], 0), token, nullptr);
  EXPECT_TRUE(result == 0 || result == -ENOMEM || (world_.errors && result == -EIO)) << result;
  if (result == 0) areas_.erase(areas_.begin() + (ptrdiff_t)i);
}
