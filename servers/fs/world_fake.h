// The world around the file server, for tests: disks in memory whose transfers end in any order,
// a pager with a page cache, and processes that call.
#ifndef SERVERS_FS_WORLD_FAKE_H_
#define SERVERS_FS_WORLD_FAKE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "protocols/fs.h"
#include "protocols/object.h"
#include "protocols/pager.h"
#include "protocols/server.h"
#include "servers/fs/disk.h"
#include "servers/fs/outside.h"
}

namespace fs_test {

// What a caller got: an answer, or where it was forwarded to other than the pager.
struct Answer {
  int64_t status = 0;
  uint64_t word[REPLY_WORDS] = {};
  handle_t to = HANDLE_NONE;
};

// A process and the memory that it reads into and writes from.
struct Client {
  uint32_t badge = 0;
  uint32_t serial = 0;  // of its calls
  bool waits = false;
  Answer answer;
  uint32_t pid = 0;
  std::vector<uint8_t> page = std::vector<uint8_t>(4096);
  std::vector<uint8_t> memory = std::vector<uint8_t>(1 << 17);

  void PutPath(const std::string &path, unsigned at = 0);
};

constexpr uint64_t kMemory = 0x100000;  // the address of Client::memory

class World {
 public:
  World(std::vector<uint8_t> image, unsigned seed);

  // Starts the server, and lets it mount.
  void Boot();
  // Starts a call; the answer is in the client when it no longer waits.
  void Send(Client *client, std::vector<uint64_t> words, uint32_t via = VIA_PROGRAM);
  // The same, and lets the world go on until there is an answer.
  int64_t Call(Client *client, std::vector<uint64_t> words, uint32_t via = VIA_PROGRAM);
  // A process that has none of the slots in use yet, and its end.
  Client *NewClient(Client *parent);
  void Exit(Client *client);
  Client *init() { return &clients_.front(); }

  // Lets something happen: a transfer ends, the pager or the server goes on. False: nothing can.
  bool Step();
  // Until nothing happens any more.
  void Settle();

  // A page request of the pager's own, with its frames' content in `data`. => its status.
  int32_t Request(object_op op, uint64_t cookie, uint64_t page, std::vector<uint8_t> *data);

  // A store into a mapped page of the object of the client's file. => false: no space for it.
  bool MappedStore(Client *client, uint64_t fd, uint64_t offset, uint8_t byte);

  std::vector<uint8_t> &image() { return disks_.front().image; }
  // One more disk, before Boot.
  void AddDisk(std::vector<uint8_t> image) { disks_.push_back({std::move(image)}); }
  std::mt19937 &random() { return random_; }
  bool fail_transfers = false;  // a few of the transfers of data fail
  // What the pager says of memory: regions by slot, and the system.
  std::map<uint32_t, std::vector<pager_region>> regions;
  pager_counts counts = {};
  pager_space_counts space_counts = {};

  // What the server told the pager about swap areas; the answers to it.
  struct Swap {
    uint64_t cookie, slots, priority;
  };
  std::map<uint32_t, Swap> swaps;
  int64_t swap_remove_status = 0;
  int64_t exec_status = 0;
  uint64_t page_out_errors = 0;
  uint64_t page_in_errors = 0;

  // --- what the server calls ---
  void Reply(token_t token, const uint64_t *word);
  int64_t Forward(token_t token, handle_t to, const uint64_t *word);
  int64_t Create(uint64_t cookie, uint64_t size, bool memory);
  int64_t Resize(uint32_t id, uint64_t size);
  int64_t Close(uint32_t id);
  int64_t Destroy(uint32_t id, bool force);
  const void *own_page() const { return own_page_; }
  int64_t Regions(uint32_t slot, uint64_t first);
  int64_t Swaps();
  int64_t Tell(const void *from, size_t bytes);
  int64_t SwapAdd(uint64_t cookie, uint64_t slots, uint64_t priority);
  object_ring *ring() { return &ring_; }
  void *PageOf(uint32_t badge);
  void SetTimer(uint64_t tick) {
    timer_ = true;
    timer_tick_ = tick;
  }
  disk *DiskAt(unsigned index);
  uint64_t SectorsOfDisk(const disk *disk) { return ImageOf(disk).size() / DISK_SECTOR_BYTES; }
  void SubmitTransfer(disk *disk, disk_transfer *transfer);
  size_t transfers() const { return transfers_.size(); }

 private:
  struct Page {
    uint32_t frame = 0;
    bool filling = false, dirty = false, writing = false, hole = false, allocating = false;
  };
  struct Object {
    uint64_t cookie = 0, size = 0;
    std::map<uint64_t, Page> pages;
    bool closed = false;
    bool idle_sent = false;
    bool memory = false;  // without a store
  };
  struct RingRequest {
    uint32_t op = 0;
    uint32_t object = 0;
    uint64_t first = 0;
    std::vector<uint32_t> frames;
  };
  struct Operation {
    token_t token = 0;
    uint64_t word[REPLY_WORDS] = {};
    bool store = false;  // MappedStore
    bool failed = false;
  };

  void Deliver(const event &event);
  void ServerGoesOn();
  bool EndTransfer();
  bool PagerGoesOn();
  bool TakeCompletions();
  bool Progress(Operation *operation);
  bool CopyIn(Object *object, uint32_t id, Operation *operation);
  bool CopyOut(Object *object, uint32_t id, Operation *operation);
  bool StoreByte(Object *object, uint32_t id, Operation *operation);
  bool Flush(uint32_t id, Operation *operation);
  bool SwapRemove(const Operation *operation);
  void EndCopy(const Operation *operation, int64_t status);
  void ReturnToServer(const Operation *operation, uint64_t then, int64_t status);
  bool HasPage(Object *object, uint32_t id, uint64_t index);
  bool PageIn(Object *object, uint32_t id, uint64_t index);
  bool WriteBack(uint32_t id, Object *object, uint64_t index);
  void Evict();
  bool SendRequest(RingRequest request, uint64_t cookie, uint32_t bytes);
  void TellIdle(uint32_t id, Object *object);
  uint32_t TakeFrame();
  uint8_t *Frame(uint32_t frame);
  uint8_t *Physical(uint64_t address);
  Client *ClientOf(token_t token);
  std::vector<uint8_t> &ImageOf(const disk *disk);

  struct Disk {
    std::vector<uint8_t> image;
  };
  struct Transfer {
    disk *on;
    disk_transfer *transfer;
  };

  std::deque<Disk> disks_;  // a disk * points to one of these
  std::mt19937 random_;
  std::deque<Client> clients_;
  std::vector<uint8_t> frames_;
  std::vector<uint32_t> free_frames_;
  object_ring ring_ = {};
  bool ring_rung_ = false, timer_ = false;
  uint64_t timer_tick_ = 0;
  std::deque<Transfer> transfers_;
  std::map<uint32_t, Object> objects_;
  uint32_t next_object_ = 1;
  std::map<uint32_t, RingRequest> requests_;
  alignas(8) uint8_t own_page_[4096] = {};
  uint32_t next_tag_ = 1;
  uint32_t own_tag_ = 0;  // of Request
  int32_t own_status_ = 0;
  std::deque<Operation> operations_;
  bool store_failed_ = false, store_done_ = false;
};

// The world that the server is in.
extern World *world;

}  // namespace fs_test

#endif  // SERVERS_FS_WORLD_FAKE_H_
