// The disk driver over devices that answer, are silent, or fall silent and come back.
extern "C" {
#include "servers/fs/disk.h"

#include "servers/fs/clock.h"
#include "servers/fs/fiber.h"
#include "servers/fs/outside.h"
#include "servers/fs/timer.h"
#include "servers/fs/virtio_mmio.h"
#include "servers/fs/virtqueue.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <optional>
#include <vector>

namespace {

constexpr uint64_t kDmaPhysical = 0x40000000;
constexpr uint64_t kDmaBytes = 256 << 10;
constexpr uint64_t kSectors = 64;
constexpr uint64_t kBound = 2000000;  // ticks, of a millionth of a second
constexpr unsigned kDevices = 7;

alignas(4096) uint8_t dma[kDmaBytes];
uint64_t ticks = 1;
std::optional<uint64_t> rings;  // the tick that the timer is set for

uint8_t *Memory(uint64_t physical) { return dma + (physical - kDmaPhysical); }

struct Device {
  bool silent = false;         // takes what it is given, and never answers
  bool answers_reset = false;  // with all that it has been given
  bool resets_fail = false;
  unsigned resets = 0;
  uint16_t seen = 0;
  std::deque<uint16_t> given;
  uint64_t queue = 0;  // 0: not started
  std::vector<uint8_t> image = std::vector<uint8_t>(kSectors * DISK_SECTOR_BYTES);

  void Take() {
    auto *avail = reinterpret_cast<virtq_avail *>(Memory(queue) + VIRTQUEUE_AVAIL);
    for (; seen != avail->index; seen++) given.push_back(avail->ring[seen % VIRTQUEUE_SIZE]);
  }
  void Answer() {
    auto *used = reinterpret_cast<virtq_used *>(Memory(queue) + VIRTQUEUE_USED);
    auto *desc = reinterpret_cast<virtq_desc *>(Memory(queue));
    for (; !given.empty(); given.pop_front()) {
      const virtq_desc *at = &desc[given.front()];
      uint32_t type, position;
      memcpy(&type, Memory(at->address), sizeof type);
      memcpy(&position, Memory(at->address) + 8, sizeof position);
      uint8_t *data = image.data() + size_t{position} * DISK_SECTOR_BYTES;
      for (at = &desc[at->next]; (at->flags & 1) != 0; at = &desc[at->next]) {
        if (type == DISK_READ) memcpy(Memory(at->address), data, at->bytes);
        if (type == DISK_WRITE) memcpy(data, Memory(at->address), at->bytes);
        data += at->bytes;
      }
      *Memory(at->address) = 0;
      used->ring[used->index++ % VIRTQUEUE_SIZE].id = given.front();
    }
  }
  void Notify() {
    Take();
    if (silent) return;
    Answer();
  }
  int Reset() {
    resets++;
    if (queue != 0 && answers_reset) Answer();
    given.clear();
    seen = 0;
    queue = 0;
    return resets_fail ? -EIO : 0;
  }
};

std::array<Device, kDevices> devices;

Device *DeviceOf(const virtio_mmio *mmio) {
  return &devices[reinterpret_cast<uintptr_t>(mmio->registers) / 4096 - 1];
}

// What became of a transfer that nobody waits for.
struct Transfer {
  disk_transfer transfer = {};
  std::optional<int> status;

  Transfer(disk_op op, uint64_t sector, void *memory) {
    transfer.op = op;
    transfer.sector = sector;
    transfer.count = 1;
    transfer.segment[0] = {disk_physical(memory), DISK_SECTOR_BYTES};
    transfer.done = [](disk_transfer *done, int result) {
      reinterpret_cast<Transfer *>(done)->status = result;
    };
  }
};

class DiskTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    static server_info info = {};
    info.timebase = 1000000;
    info.dma_physical = kDmaPhysical;
    info.dma_bytes = kDmaBytes;
    info.devices = kDevices;
    snprintf(info.command_line, sizeof info.command_line, "disk_bound=%d",
             static_cast<int>(kBound / 1000));
    for (uint64_t i = 0; i < kDevices; i++) {
      info.device[i].address = (i + 1) * 4096;
      strcpy(info.device[i].compatible, "virtio,mmio");
    }
    clock_start(&info);
    ASSERT_EQ(disks_start(&info), static_cast<int>(kDevices));
    uint64_t bytes;
    arena = static_cast<uint8_t *>(disk_arena(&bytes));
  }

  // Each test has a disk of its own: a driver starts once.
  void SetUp() override {
    static unsigned next;
    device_ = &devices[next];
    disk_ = disk_at(next++);
    ASSERT_NE(disk_, nullptr);
    device_->resets = 0;
  }

  void Run() {
    disks_interrupt();
    fibers_run();
  }

  // Lets time pass up to and with the next time that the timer is set for.
  bool TimerRings() {
    if (!rings) return false;
    ticks = std::max(ticks, *rings);
    rings.reset();
    timers_due();
    fibers_run();
    return true;
  }

  int Submit(Transfer *transfer) {
    int status = disk_try_submit(disk_, &transfer->transfer);
    disks_interrupt();
    return status;
  }

  disk *disk_ = nullptr;
  Device *device_ = nullptr;
  static uint8_t *arena;
};

uint8_t *DiskTest::arena;

TEST_F(DiskTest, SilentDeviceIsResetAndUsedAgain) {
  Transfer first(DISK_WRITE, 1, arena), second(DISK_WRITE, 2, arena);
  device_->silent = true;
  uint64_t start = ticks;
  ASSERT_EQ(Submit(&first), 0);
  ticks += kBound / 2;
  ASSERT_EQ(Submit(&second), 0);
  ASSERT_TRUE(TimerRings());
  EXPECT_GE(ticks - start, kBound);
  EXPECT_LT(ticks - start, kBound + kBound / 2);
  EXPECT_EQ(first.status, -EIO);
  EXPECT_EQ(second.status, -EIO) << "a reset takes all";
  device_->silent = false;
  memset(arena, 0x5a, DISK_SECTOR_BYTES);
  Transfer third(DISK_WRITE, 3, arena);
  ASSERT_EQ(Submit(&third), 0);
  EXPECT_EQ(third.status, 0);
  EXPECT_EQ(device_->image[3 * DISK_SECTOR_BYTES], 0x5a);
}

TEST_F(DiskTest, SilentDeviceIsGivenUp) {
  device_->silent = true;
  for (int i = 0; i < 3; i++) {
    Transfer transfer(DISK_READ, 1, arena);
    ASSERT_EQ(Submit(&transfer), 0) << i;
    while (!transfer.status && TimerRings()) continue;
    EXPECT_EQ(transfer.status, -EIO);
  }
  device_->silent = false;
  Transfer transfer(DISK_READ, 1, arena);
  EXPECT_EQ(Submit(&transfer), -EIO) << "at once";
}

TEST_F(DiskTest, OnlySilencesInARowCount) {
  for (int i = 0; i < 10; i++) {
    device_->silent = i % 3 != 2;
    Transfer transfer(DISK_READ, 1, arena);
    ASSERT_EQ(Submit(&transfer), 0) << i;
    while (!transfer.status && TimerRings()) continue;
    EXPECT_EQ(transfer.status, device_->silent ? -EIO : 0);
  }
  EXPECT_FALSE(TimerRings() && TimerRings()) << "it ends when nothing is under way";
}

TEST_F(DiskTest, WhatWasDoneBeforeTheResetCounts) {
  device_->silent = device_->answers_reset = true;
  for (int i = 0; i < 5; i++) {
    memset(arena, i, DISK_SECTOR_BYTES);
    Transfer write(DISK_WRITE, 1, arena), read(DISK_READ, 1, arena + 4096);
    ASSERT_EQ(Submit(&write), 0);
    while (!write.status && TimerRings()) continue;
    EXPECT_EQ(write.status, 0);
    ASSERT_EQ(Submit(&read), 0);
    while (!read.status && TimerRings()) continue;
    EXPECT_EQ(read.status, 0);
    EXPECT_EQ(arena[4096], i);
  }
}

TEST_F(DiskTest, LostInterruptIsNoSilence) {
  Transfer transfer(DISK_READ, 1, arena);
  ASSERT_EQ(disk_try_submit(disk_, &transfer.transfer), 0);
  EXPECT_FALSE(transfer.status);
  unsigned resets = device_->resets;
  while (!transfer.status && TimerRings()) continue;
  EXPECT_EQ(transfer.status, 0);
  EXPECT_EQ(device_->resets, resets);
}

TEST_F(DiskTest, ThereIsRoomForWhatWillBeTaken) {
  device_->silent = true;
  Transfer pattern(DISK_READ, 1, arena);
  for (disk_segment &segment : pattern.transfer.segment) segment = pattern.transfer.segment[0];
  // Each has a header and a status, too: six descriptors are left.
  std::vector<Transfer> others(8, pattern);
  for (Transfer &other : others) {
    other.transfer.count = &other == &others[7] ? 8 : 14;
    EXPECT_TRUE(disk_has_room(disk_, other.transfer.count));
    ASSERT_EQ(Submit(&other), 0);
  }
  EXPECT_TRUE(disk_has_room(disk_, 4));
  EXPECT_FALSE(disk_has_room(disk_, 5));
  pattern.transfer.count = 5;
  EXPECT_EQ(Submit(&pattern), -EAGAIN);
  pattern.transfer.count = 4;
  EXPECT_EQ(Submit(&pattern), 0);
  EXPECT_FALSE(disk_has_room(disk_, 1));
  while (TimerRings()) continue;
  EXPECT_EQ(pattern.status, -EIO);
  EXPECT_TRUE(disk_has_room(disk_, 14)) << "it is reset";
}

TEST_F(DiskTest, WhoWaitsForAPlaceGoesOn) {
  constexpr int kWaiters = 6, kCalls = 5;
  struct Caller {
    disk *on;
    int ended = 0;
  };
  static Caller caller;
  caller.on = disk_;
  device_->silent = true;
  device_->resets_fail = true;
  std::vector<Transfer> others(16, Transfer(DISK_READ, 1, arena));
  for (Transfer &other : others) ASSERT_EQ(Submit(&other), 0);
  for (int i = 0; i < kWaiters; i++) {
    ASSERT_TRUE(fiber_start(
        [](void *) {
          for (int call = 0; call < kCalls; call++) {
            EXPECT_EQ(disk_transfer_wait(caller.on, DISK_READ, 1, 1, arena), -EIO);
          }
          caller.ended++;
        },
        nullptr));
  }
  Run();
  EXPECT_EQ(caller.ended, 0);
  while (TimerRings()) continue;
  EXPECT_EQ(caller.ended, kWaiters);
  for (Transfer &other : others) EXPECT_EQ(other.status, -EIO);
}

}  // namespace

extern "C" {

uint32_t virtio_mmio_probe(struct virtio_mmio *device, uint64_t address) {
  device->registers = reinterpret_cast<volatile uint32_t *>(address);
  return 2;
}
int virtio_mmio_negotiate(struct virtio_mmio *device, uint64_t, uint64_t *features) {
  *features = 1 << 2;  // the number of segments
  return DeviceOf(device)->Reset();
}
int virtio_mmio_start(struct virtio_mmio *device, uint64_t queue_physical) {
  DeviceOf(device)->queue = queue_physical;
  return VIRTQUEUE_SIZE;
}
void virtio_mmio_notify(const struct virtio_mmio *device) { DeviceOf(device)->Notify(); }
void virtio_mmio_acknowledge(const struct virtio_mmio *) {}
void virtio_mmio_stop(const struct virtio_mmio *device) { DeviceOf(device)->Reset(); }
uint32_t virtio_mmio_config(const struct virtio_mmio *, unsigned) { return 16; }
uint64_t virtio_mmio_config_first(const struct virtio_mmio *) { return kSectors; }

uint64_t outside_ticks(void) { return ticks; }
void outside_timer(uint64_t tick) { rings = tick; }
void *outside_dma(void) { return dma; }
int outside_irq_bind(uint32_t) { return 0; }
void outside_irq_ack(uint32_t) {}
}
