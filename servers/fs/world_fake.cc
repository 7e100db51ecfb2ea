#include "servers/fs/world_fake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

extern "C" {
#include "servers/fs/clock.h"
#include "servers/fs/dispatch.h"
#include "servers/fs/fiber.h"
#include "servers/fs/page_io.h"
#include "servers/fs/process.h"
#include "servers/fs/timer.h"
#include "servers/fs/volume.h"
}

namespace fs_test {

World *world;

namespace {

constexpr uint64_t kDmaPhysical = 0x40000000;
constexpr uint32_t kFirstFrame = 0x80000;
constexpr uint32_t kFrames = 512;
constexpr size_t kDmaBytes = 512 << 10;
constexpr size_t kTransfersAtATime = 6;

struct alignas(4096) Dma {
  uint8_t zeros[4096];
  uint8_t discard[4096];
  uint8_t scratch[4096];
  uint8_t bounce[4096];
  uint8_t arena[kDmaBytes];
} dma;

fiber_queue room;
uint64_t ticks = 1;

uint32_t SectorsOf(const disk_transfer &transfer) {
  uint32_t bytes = 0;
  for (unsigned i = 0; i < transfer.count; i++) bytes += transfer.segment[i].bytes;
  return bytes / DISK_SECTOR_BYTES;
}

}  // namespace

void Client::PutPath(const std::string &path, unsigned at) {
  memcpy(page.data() + at, path.c_str(), path.size() + 1);
}

World::World(std::vector<uint8_t> image, unsigned seed) : random_(seed) {
  AddDisk(std::move(image));
  world = this;
  frames_.resize(size_t{kFrames} * 4096, 0xee);
  for (uint32_t i = 0; i < kFrames; i++) free_frames_.push_back(kFirstFrame + i);
  clients_.emplace_back();
  clients_.back().badge = SLOT_INIT;
}

void World::Boot() {
  static work mounting;
  server_info info = {};
  info.timebase = 1000000;
  clock_start(&info);
  vnodes_init();
  processes_init();
  mounting.run = [](struct work *) { volume_mount(); };
  work_submit(&mounting, WORK_CALL);
  ServerGoesOn();
  Settle();
}

// --- the server's loop -------------------------------------------------------------------------

void World::ServerGoesOn() {
  fibers_run();
  page_io_notify();
}

void World::Deliver(const event &event) {
  struct answer answer = {};
  ticks += 10;
  dispatch(&event, &answer);
  answer_deliver(event.token, &answer);
  ServerGoesOn();
}

void World::Send(Client *client, std::vector<uint64_t> words, uint32_t via) {
  ASSERT_FALSE(client->waits);
  event event = {};
  uint64_t index = 0;
  while (&clients_[index] != client) index++;
  client->serial = (client->serial + 1) & 0xffffff;
  client->waits = true;
  event.token = uint64_t{EVENT_CALL} << TOKEN_KIND_SHIFT | index << 24 | client->serial;
  event.badge = client->badge | uint64_t{via} << 32;
  for (size_t i = 0; i < words.size(); i++) event.word[i] = words[i];
  Deliver(event);
}

int64_t World::Call(Client *client, std::vector<uint64_t> words, uint32_t via) {
  Send(client, std::move(words), via);
  for (int idle = 0; client->waits && idle < 1000;) idle = Step() ? 0 : idle + 1;
  EXPECT_FALSE(client->waits) << "the caller hangs";
  return client->answer.status;
}

Client *World::NewClient(Client *parent) {
  clients_.emplace_back();
  Client *child = &clients_.back();
  child->badge = SLOT_INIT + static_cast<uint32_t>(clients_.size()) - 1;
  event event = {};
  event.token = uint64_t{EVENT_CALL} << TOKEN_KIND_SHIFT | 0xffffffffffff;
  event.badge = SLOT_PROC | uint64_t{VIA_PROC} << 32;
  event.word[0] = FS_FORK;
  event.word[1] = parent->badge;
  event.word[2] = child->badge;
  child->pid = static_cast<uint32_t>(clients_.size()) + 100;
  event.word[3] = child->pid;
  Deliver(event);
  return child;
}

// The process is gone, and its slot has a new one with the next generation and no files.
void World::Exit(Client *client) {
  client->waits = false;
  client->serial++;
  for (auto it = operations_.begin(); it != operations_.end();) {
    it = ClientOf(it->token) == nullptr ? operations_.erase(it) : it + 1;
  }
  event event = {};
  event.token = uint64_t{EVENT_CALL} << TOKEN_KIND_SHIFT | 0xffffffffffff;
  event.badge = SLOT_PROC | uint64_t{VIA_PROC} << 32;
  event.word[0] = FS_EXITED;
  event.word[1] = client->badge;
  Deliver(event);
  event.word[0] = FS_FORK;
  event.word[1] = init()->badge;
  client->badge += 1u << SLOT_BITS;
  event.word[2] = client->badge;
  client->pid += 1000;
  event.word[3] = client->pid;
  Deliver(event);
}

Client *World::ClientOf(token_t token) {
  uint64_t index = token >> 24 & 0xffffffff;
  if (index >= clients_.size()) return nullptr;
  Client *client = &clients_[index];
  return client->waits && client->serial == (token & 0xffffff) ? client : nullptr;
}

void World::Reply(token_t token, const uint64_t *word) {
  Client *client = ClientOf(token);
  if (client == nullptr) return;
  client->waits = false;
  client->answer = {};
  client->answer.status = static_cast<int64_t>(word[0]);
  std::copy(word, word + REPLY_WORDS, client->answer.word);
}

int64_t World::Forward(token_t token, handle_t to, const uint64_t *word) {
  Client *client = ClientOf(token);
  if (client == nullptr) return -ESRCH;
  if (to == HANDLE_PAGER) {
    Operation operation;
    operation.token = token;
    std::copy(word, word + REPLY_WORDS, operation.word);
    operations_.push_back(operation);
    return 0;
  }
  Reply(token, word);
  client->answer.to = to;
  return 0;
}

bool World::Step() {
  ticks += 1;
  switch (random_() % 6) {
    case 0:
    case 1:
      if (EndTransfer()) return true;
      break;
    case 2:
      if (ring_rung_ || ring_.request_head != ring_.request_tail) {
        ring_rung_ = false;
        page_io_take();
        ServerGoesOn();
        return true;
      }
      break;
    case 3:
      if (timer_) {
        timer_ = false;
        ticks = std::max(ticks, timer_tick_);
        timers_due();
        ServerGoesOn();
        return true;
      }
      break;
    default:
      if (PagerGoesOn()) return true;
  }
  return false;
}

void World::Settle() {
  for (int idle = 0; idle < 200;) idle = Step() ? 0 : idle + 1;
}

// --- the disks ---------------------------------------------------------------------------------

uint8_t *World::Physical(uint64_t address) {
  if (address >= kDmaPhysical && address < kDmaPhysical + sizeof(dma)) {
    return reinterpret_cast<uint8_t *>(&dma) + (address - kDmaPhysical);
  }
  return Frame(static_cast<uint32_t>(address >> 12)) + (address & 4095);
}

uint8_t *World::Frame(uint32_t frame) {
  EXPECT_GE(frame, kFirstFrame);
  EXPECT_LT(frame, kFirstFrame + kFrames);
  return frames_.data() + size_t{frame - kFirstFrame} * 4096;
}

disk *World::DiskAt(unsigned index) {
  return index < disks_.size() ? reinterpret_cast<disk *>(&disks_[index]) : nullptr;
}

std::vector<uint8_t> &World::ImageOf(const disk *disk) {
  return const_cast<Disk *>(reinterpret_cast<const Disk *>(disk))->image;
}

// Two transfers of the same sectors, one of them a write, have no order.
void World::SubmitTransfer(disk *disk, disk_transfer *transfer) {
  uint64_t end = transfer->sector + SectorsOf(*transfer);
  ASSERT_LE(end * DISK_SECTOR_BYTES, ImageOf(disk).size());
  for (auto [other_disk, other] : transfers_) {
    if (other_disk != disk) continue;
    bool apart = other->sector >= end || other->sector + SectorsOf(*other) <= transfer->sector;
    bool both_read = other->op == DISK_READ && transfer->op == DISK_READ;
    EXPECT_TRUE(apart || both_read) << "sector " << transfer->sector;
  }
  transfers_.push_back({disk, transfer});
}

bool World::EndTransfer() {
  if (transfers_.empty()) return false;
  size_t i = random_() % transfers_.size();
  auto [disk, transfer] = transfers_[i];
  transfers_.erase(transfers_.begin() + i);
  uint8_t *at = ImageOf(disk).data() + transfer->sector * DISK_SECTOR_BYTES;
  bool fails = fail_transfers && random_() % 50 == 0;
  for (unsigned s = 0; s < transfer->count && !fails; s++) {
    const disk_segment &segment = transfer->segment[s];
    for (uint32_t done = 0; done < segment.bytes; done++, at++) {
      if (transfer->op == DISK_READ) {
        *Physical(segment.physical + done) = *at;
      } else {
        *at = *Physical(segment.physical + done);
      }
    }
  }
  transfer->done(transfer, fails ? -EIO : 0);
  fiber_wake_all(&room);
  ServerGoesOn();
  return true;
}

void *World::PageOf(uint32_t badge) {
  for (Client &client : clients_) {
    if (badge_slot(client.badge) == badge_slot(badge)) return client.page.data();
  }
  return nullptr;
}

}  // namespace fs_test

using fs_test::world;

extern "C" {

void outside_reply(token_t token, const uint64_t *word) { world->Reply(token, word); }
int64_t outside_forward(token_t token, handle_t to, const uint64_t *word) {
  return world->Forward(token, to, word);
}
int64_t outside_object_create(uint64_t cookie, uint64_t size) {
  return world->Create(cookie, size, false);
}
int64_t outside_object_resize(uint32_t object, uint64_t size) {
  return world->Resize(object, size);
}
int64_t outside_object_close(uint32_t object) { return world->Close(object); }
int64_t outside_object_destroy(uint32_t object, uint64_t force) {
  return world->Destroy(object, force != 0);
}
int64_t outside_object_create_kind(uint64_t cookie, uint64_t size, uint64_t, uint64_t) {
  return world->Create(cookie, size, true);
}
int64_t outside_exec_status(uint32_t) { return world->exec_status; }
int64_t outside_counts(void) { return world->Tell(&world->counts, sizeof world->counts); }
int64_t outside_space_counts(uint32_t) {
  return world->Tell(&world->space_counts, sizeof world->space_counts);
}
int64_t outside_regions(uint32_t slot, uint64_t first) { return world->Regions(slot, first); }
int64_t outside_swaps(void) { return world->Swaps(); }
const void *outside_own_page(void) { return world->own_page(); }
int64_t outside_swap_add(uint64_t cookie, uint64_t slots, uint64_t priority) {
  return world->SwapAdd(cookie, slots, priority);
}
struct object_ring *outside_ring(void) {
  return world->ring();
}
void outside_ring_pager(void) {}
void *outside_page(uint32_t badge) { return world->PageOf(badge); }
uint64_t outside_ticks(void) { return fs_test::ticks; }
void outside_timer(uint64_t tick) { world->SetTimer(tick); }

struct disk *disk_at(unsigned index) {
  return world->DiskAt(index);
}
uint64_t disk_sectors(const struct disk *disk) { return world->SectorsOfDisk(disk); }
bool disk_read_only(const struct disk *) { return false; }
unsigned disk_segments_max(const struct disk *) { return 4; }
uint64_t disk_physical(const void *memory) {
  return fs_test::kDmaPhysical +
         static_cast<uint64_t>(static_cast<const uint8_t *>(memory) - fs_test::dma.zeros);
}
void *disk_zero_page(void) { return fs_test::dma.zeros; }
void *disk_discard_page(void) { return fs_test::dma.discard; }
void *disk_scratch(void) { return fs_test::dma.scratch; }
void *disk_bounce(void) { return fs_test::dma.bounce; }
void *disk_arena(uint64_t *bytes) {
  *bytes = sizeof(fs_test::dma.arena);
  return fs_test::dma.arena;
}

bool disk_has_room(const struct disk *, unsigned) {
  return world->transfers() < fs_test::kTransfersAtATime;
}

int disk_try_submit(struct disk *disk, struct disk_transfer *transfer) {
  if (!disk_has_room(disk, transfer->count)) return -EAGAIN;
  world->SubmitTransfer(disk, transfer);
  return 0;
}

int disk_submit(struct disk *disk, struct disk_transfer *transfer) {
  while (!disk_has_room(disk, transfer->count)) fiber_wait(&fs_test::room);
  world->SubmitTransfer(disk, transfer);
  return 0;
}

struct waiter {
  struct disk_transfer transfer;
  struct fiber_queue queue;
  int status;
};

int disk_transfer_wait(struct disk *disk, enum disk_op op, uint64_t sector, uint32_t sectors,
                       void *memory) {
  if (op == DISK_FLUSH) return 0;
  struct waiter waiter = {};
  waiter.transfer.op = op;
  waiter.transfer.sector = sector;
  waiter.transfer.count = sectors != 0 ? 1 : 0;
  waiter.transfer.segment[0] = {sectors != 0 ? disk_physical(memory) : 0, sectors * 512};
  waiter.transfer.done = [](struct disk_transfer *transfer, int status) {
    auto *done = reinterpret_cast<struct waiter *>(transfer);
    done->status = status;
    fiber_wake_one(&done->queue);
  };
  disk_submit(disk, &waiter.transfer);
  fiber_wait(&waiter.queue);
  return waiter.status;
}

void disk_as_block_device(struct disk *disk, struct block_device *device) {
  *device = {};
  device->ctx = disk;
  device->sectors = disk_sectors(disk);
  device->read = [](void *on, uint64_t sector, uint32_t sectors, void *buffer) {
    return disk_transfer_wait(static_cast<struct disk *>(on), DISK_READ, sector, sectors, buffer);
  };
  device->write = [](void *on, uint64_t sector, uint32_t sectors, const void *buffer) {
    return disk_transfer_wait(static_cast<struct disk *>(on), DISK_WRITE, sector, sectors,
                              const_cast<void *>(buffer));
  };
  device->flush = [](void *) { return 0; };
}
}
