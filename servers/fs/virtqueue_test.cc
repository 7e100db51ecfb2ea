extern "C" {
#include "servers/fs/virtqueue.h"
}

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <vector>

namespace {

struct alignas(4096) Memory {
  uint8_t bytes[VIRTQUEUE_BYTES] = {};
};

// The device's side: follows chains by what is in memory alone.
class Device {
 public:
  Device(Memory *memory, uint16_t size) : size_(size) {
    desc_ = reinterpret_cast<virtq_desc *>(memory->bytes);
    avail_ = reinterpret_cast<virtq_avail *>(memory->bytes + VIRTQUEUE_AVAIL);
    used_ = reinterpret_cast<virtq_used *>(memory->bytes + VIRTQUEUE_USED);
  }

  bool Next(uint16_t *head, std::vector<virtq_desc> *chain) {
    if (seen_ == avail_->index) return false;
    *head = avail_->ring[seen_++ % size_];
    chain->clear();
    for (uint16_t at = *head;; at = desc_[at].next) {
      EXPECT_LT(at, size_);
      chain->push_back(desc_[at]);
      if ((desc_[at].flags & 1) == 0) break;
    }
    return true;
  }

  void Use(uint32_t id) {
    used_->ring[used_->index % size_].id = id;
    used_->index++;
  }

 private:
  uint16_t size_;
  uint16_t seen_ = 0;
  virtq_desc *desc_;
  virtq_avail *avail_;
  virtq_used *used_;
};

struct Queue {
  std::unique_ptr<Memory> memory = std::make_unique<Memory>();
  virtqueue queue;
  Device device;

  explicit Queue(uint16_t size) : device(memory.get(), size) {
    virtqueue_init(&queue, memory->bytes, size);
  }
};

TEST(Virtqueue, HandsOverAChainAndGetsItBack) {
  Queue q(8);
  virtq_segment segments[] = {{0x1000, 16, false}, {0x2000, 512, true}, {0x3000, 1, true}};
  int owner;
  ASSERT_TRUE(virtqueue_add(&q.queue, segments, 3, &owner));
  uint16_t head;
  std::vector<virtq_desc> chain;
  ASSERT_TRUE(q.device.Next(&head, &chain));
  ASSERT_EQ(chain.size(), 3u);
  EXPECT_EQ(chain[0].address, 0x1000u);
  EXPECT_EQ(chain[0].flags, 1);
  EXPECT_EQ(chain[1].flags, 3);
  EXPECT_EQ(chain[2].flags, 2);
  EXPECT_EQ(chain[2].bytes, 1u);
  void *back;
  EXPECT_EQ(virtqueue_take(&q.queue, &back), VIRTQUEUE_EMPTY);
  q.device.Use(head);
  EXPECT_EQ(virtqueue_take(&q.queue, &back), VIRTQUEUE_TAKEN);
  EXPECT_EQ(back, &owner);
  EXPECT_EQ(q.queue.free_count, 8);
}

TEST(Virtqueue, RefusesWhatDoesNotFit) {
  Queue q(4);
  virtq_segment segments[5] = {};
  int owner;
  EXPECT_FALSE(virtqueue_add(&q.queue, segments, 5, &owner));
  EXPECT_TRUE(virtqueue_add(&q.queue, segments, 3, &owner));
  EXPECT_FALSE(virtqueue_add(&q.queue, segments, 2, &owner));
  EXPECT_TRUE(virtqueue_add(&q.queue, segments, 1, &owner));
}

TEST(Virtqueue, DistrustsADeviceThatReturnsWhatItDoesNotHave) {
  int owner;
  void *back;
  virtq_segment segments[2] = {};
  for (uint32_t id : {1u, 7u, 8u, 0xffffffffu}) {
    Queue q(8);
    ASSERT_TRUE(virtqueue_add(&q.queue, segments, 2, &owner));  // chain 0, 1
    q.device.Use(id);
    EXPECT_EQ(virtqueue_take(&q.queue, &back), VIRTQUEUE_BROKEN) << id;
  }
  Queue q(8);
  ASSERT_TRUE(virtqueue_add(&q.queue, segments, 2, &owner));
  q.device.Use(0);
  q.device.Use(0);
  EXPECT_EQ(virtqueue_take(&q.queue, &back), VIRTQUEUE_TAKEN);
  EXPECT_EQ(virtqueue_take(&q.queue, &back), VIRTQUEUE_BROKEN);
}

// A device that answers out of order, for longer than the indices take to wrap.
TEST(Virtqueue, KeepsChainsApart) {
  std::mt19937 random(1);
  Queue q(VIRTQUEUE_SIZE);
  struct Chain {
    std::vector<virtq_segment> segments;
  };
  std::vector<std::pair<uint16_t, Chain *>> in_device;
  size_t descriptors = 0;
  uint64_t address = 1;
  for (int step = 0; step < 300000; step++) {
    if (random() % 2 == 0) {
      auto chain = std::make_unique<Chain>();
      chain->segments.resize(1 + random() % 20);
      for (auto &segment : chain->segments) segment = {address++, 512, random() % 2 == 0};
      bool fits = descriptors + chain->segments.size() <= VIRTQUEUE_SIZE;
      ASSERT_EQ(
          virtqueue_add(&q.queue, chain->segments.data(), chain->segments.size(), chain.get()),
          fits);
      if (!fits) continue;
      descriptors += chain->segments.size();
      uint16_t head;
      std::vector<virtq_desc> seen;
      ASSERT_TRUE(q.device.Next(&head, &seen));
      ASSERT_EQ(seen.size(), chain->segments.size());
      for (size_t i = 0; i < seen.size(); i++) {
        ASSERT_EQ(seen[i].address, chain->segments[i].address);
      }
      in_device.emplace_back(head, chain.release());
    } else if (!in_device.empty()) {
      size_t i = random() % in_device.size();
      auto [head, chain] = in_device[i];
      in_device.erase(in_device.begin() + i);
      q.device.Use(head);
      void *back;
      ASSERT_EQ(virtqueue_take(&q.queue, &back), VIRTQUEUE_TAKEN);
      ASSERT_EQ(back, chain);
      descriptors -= chain->segments.size();
      delete chain;
    }
    ASSERT_EQ(q.queue.free_count, VIRTQUEUE_SIZE - descriptors);
  }
  for (auto [head, chain] : in_device) delete chain;
}

}  // namespace
