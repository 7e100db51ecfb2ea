// Kernel, store and programs for host tests of the whole core.
#ifndef SERVERS_PAGER_CORE_FAKE_MACHINE_H
#define SERVERS_PAGER_CORE_FAKE_MACHINE_H

#include <gtest/gtest.h>

#include <cstring>

#include "servers/pager/core/fake_kernel.h"
#include "servers/pager/core/fake_store.h"

// Counters as they are shown, at the moment of each use.
class Counters {
 public:
  explicit Counters(const struct pager *pager) : pager_(pager) {}
  const struct pager_counts *operator->() {
    counts_sum(pager_, &now_);
    return &now_;
  }

 private:
  const struct pager *pager_;
  struct pager_counts now_;
};

class FakeMachine {
 public:
  static constexpr uint32_t kPrivate = PAGER_PRIVATE;
  static constexpr uint32_t kShared = PAGER_SHARED;
  static constexpr uint32_t kRead = PROT_R;
  static constexpr uint32_t kReadWrite = PROT_R | PROT_W;

  explicit FakeMachine(uint32_t frames = 2048, uint32_t objects = 256)
      : kernel(frames, objects), store(&kernel), pager(kernel.pager()), counts(pager) {}

  // One page per fault and per request, so that counts are exact.
  void OnePage() {
    pager_option(pager, PAGER_FAULT_AROUND, 1);
    pager_option(pager, PAGER_BATCH_MAX, 1);
    pager_option(pager, PAGER_READ_AHEAD, 1);
  }

  struct space *Start(uint32_t badge) {
    EXPECT_EQ(pager_space_create(pager, badge), 0);
    return pager_space(pager, badge);
  }

  uint64_t MapAnonymous(struct space *space, uint32_t pages, uint32_t prot = kReadWrite,
                        uint32_t flags = kPrivate) {
    int64_t at = pager_map(pager, space, 0, (uint64_t)pages * PAGE_SIZE, prot, flags);
    EXPECT_GT(at, 0);
    return (uint64_t)at;
  }

  uint32_t MakeFile(uint64_t cookie, uint32_t pages) {
    store.Make(cookie, pages, (uint32_t)cookie);
    int64_t id =
        pager_object_create(pager, cookie, (uint64_t)pages * PAGE_SIZE, OBJECT_OF_FILE, 0, 0);
    EXPECT_GT(id, 0);
    return (uint32_t)id;
  }

  uint64_t MapFile(struct space *space, uint32_t object, uint32_t pages, uint32_t prot,
                   uint32_t flags, uint64_t offset = 0) {
    int64_t at = pager_object_map(pager, space, object, offset, 0, (uint64_t)pages * PAGE_SIZE,
                                  prot, flags, PROT_R | PROT_W | PROT_X);
    EXPECT_GT(at, 0);
    return (uint64_t)at;
  }

  // An access that the provider may have to help with. Null and *answer if it ends in a signal.
  uint8_t *Touch(struct space *space, uint64_t va, uint32_t access, Answer *answer) {
    uint32_t badge = space->badge;
    for (int i = 0; i < 100; i++) {
      token_t token = kernel.NewToken();
      bool answered;
      uint8_t *at = kernel.Access(space->slot, va, access, token, answer, &answered);
      if (at || answered) return at;
      while (!kernel.TakeAnswer(token, answer)) {
        store.Take();
        if (EndVictim()) {
          if (!pager_space(pager, badge)) return nullptr;
          continue;
        }
        if (store.Waiting() == 0) {
          ADD_FAILURE() << "a parked fault waits for nothing";
          return nullptr;
        }
        store.Answer(0);
      }
      if (answer->kind == Answer::kSignal) return nullptr;
    }
    ADD_FAILURE() << "faults without end";
    return nullptr;
  }

  void Write(struct space *space, uint64_t va, uint8_t value) {
    Answer answer;
    uint8_t *at = Touch(space, va, FAULT_WRITE, &answer);
    ASSERT_NE(at, nullptr) << "write to " << std::hex << va;
    *at = value;
  }

  int Read(struct space *space, uint64_t va) {
    Answer answer;
    const uint8_t *at = Touch(space, va, FAULT_READ, &answer);
    EXPECT_NE(at, nullptr) << "read of " << std::hex << va;
    return at ? *at : -1;
  }

  // The signal that an access ends in, 0 if it succeeds.
  uint32_t Signal(struct space *space, uint64_t va, uint32_t access, uint32_t *reason = nullptr) {
    Answer answer = {};
    if (Touch(space, va, access, &answer)) return 0;
    if (reason) *reason = answer.reason;
    EXPECT_EQ(answer.address, va);
    return answer.signal;
  }

  // What proc does when memory is full. Returns whether somebody was ended.
  bool EndVictim() {
    if (!kernel.out_of_memory) return false;
    kernel.out_of_memory = false;
    int64_t victim = pager_oom_victim(pager);
    if (victim == 0) pager_between(pager);
    if (victim == 0) return false;
    struct pager_usage usage;
    EXPECT_EQ(pager_kill(pager, (uint32_t)victim, &usage), 0);
    pager_between(pager);
    ended.push_back((uint32_t)victim);
    return true;
  }

  // Begins to evict pages, the oldest first, until so many more frames are free or will be.
  void BeginToEvict(uint32_t pages) {
    pager->free_low = pager->free.count + 1;
    pager->evict.high = pager->free.count + pages;
    pager_between(pager);
  }
  // The same, and ends it; what must be written is, unless with an error.
  void Evict(uint32_t pages, int32_t error = 0) {
    BeginToEvict(pages);
    evict_set_limits(pager);
    pager->evict.active = false;
    for (store.Take(); store.Waiting() > 0; store.Take()) store.Answer(0, error);
  }

  struct space *Fork(struct space *parent, uint32_t badge) {
    EXPECT_EQ(pager_fork(pager, parent->badge, badge), 0);
    return pager_space(pager, badge);
  }

  struct pager_usage Kill(struct space *space) {
    struct pager_usage usage = {};
    EXPECT_EQ(pager_kill(pager, space->badge, &usage), 0);
    return usage;
  }

  // What comes of a program's call of one of the core's functions; as PAGER_PARKED it may come
  // later.
  int64_t Call(const struct space *space, token_t token, const std::function<int64_t()> &call) {
    kernel.calls[token] = call;
    pager->evict.refused = false;
    int64_t result = call();
    const struct event event = {token, (uint64_t)VIA_PROGRAM << 32 | space->badge, {}};
    return result == -ENOMEM ? pager_refused(pager, &event) : result;
  }

  // A result that may come later.
  int64_t Finish(int64_t result, token_t token) {
    if (result != PAGER_PARKED) return result;
    Answer answer;
    while (!kernel.TakeAnswer(token, &answer)) {
      store.Take();
      if (store.Waiting() == 0) {
        ADD_FAILURE() << "a parked call waits for nothing";
        return PAGER_PARKED;
      }
      store.Answer(0);
    }
    return answer.status;
  }

  int64_t Sync(struct space *space, uint64_t va, uint64_t bytes) {
    token_t token = kernel.NewToken();
    return Finish(pager_sync(pager, space, token, va, bytes, PAGER_SYNC_SYNC), token);
  }

  int64_t ReadFile(struct space *space, uint32_t object, uint64_t offset, uint64_t va,
                   uint64_t bytes) {
    token_t token = kernel.NewToken();
    return Finish(pager_object_read(pager, space, token, object, offset, va, bytes, bytes), token);
  }

  int64_t WriteFile(struct space *space, uint32_t object, uint64_t offset, uint64_t va,
                    uint64_t bytes, uint32_t fresh = 0) {
    token_t token = kernel.NewToken();
    return Finish(pager_object_write(pager, space, token, object, fresh, offset, va, bytes, bytes),
                  token);
  }

  // Frames that neither the pools nor the pager's empty slabs have.
  uint32_t FramesInUse() const {
    uint32_t slabs = 0;
    for (const struct slab &slab : pager->slab) slabs += slab.frames;
    return pager->frames_total - pager->free.count - pager->objects.count - slabs;
  }

  // Items of all slabs in use.
  uint32_t ItemsInUse() const {
    uint32_t items = 0;
    for (const struct slab &slab : pager->slab) items += slab.frames * slab.capacity - slab.free;
    return items;
  }

  FakeKernel kernel;
  FakeStore store;
  struct pager *pager;
  Counters counts;
  std::vector<uint32_t> ended;  // badges of those that had to go
};

#endif
