// The kernel side of kernel_ops.h for host tests: RAM, frame types, page tables with accessed and
// dirty bits, and the answers to threads. It fails the test when the core breaks a rule of the
// real kernel: a mapped frame that is free or of type object, a frame of type object that is
// mapped, a table missing.
//
// The contract of the seam is that no stale translation is left when a call returns that takes
// something away; so the page tables are all the state there is.
#ifndef SERVERS_PAGER_CORE_FAKE_KERNEL_H
#define SERVERS_PAGER_CORE_FAKE_KERNEL_H

#define _Alignas alignas

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

extern "C" {
#include "servers/pager/core/calls.h"
#include "servers/pager/core/state.h"
}

struct Entry {
  uint32_t frame;
  uint32_t prot;
  bool accessed;
  bool dirty;
};

// What a waiting thread got.
struct Answer {
  enum Kind { kReply, kMapped, kSignal, kStart, kUpcall } kind;
  int64_t status;   // kReply
  uint32_t signal;  // kSignal
  uint32_t reason;
  uint64_t address;  // kSignal; kStart, kUpcall: pc
  uint64_t sp;       // kStart
};

class FakeKernel {
 public:
  static constexpr uint32_t kRamFirst = 0x80000;

  // `objects` frames of type object, the rest free.
  FakeKernel(uint32_t frames, uint32_t objects);
  ~FakeKernel();

  // The one that the core's calls go to: the newest.
  static FakeKernel *machine;

  struct pager *pager() {
    return pager_;
  }
  uint8_t *memory(uint32_t frame) { return ram_ + ((size_t)(frame - kRamFirst) << PAGE_SHIFT); }

  // One attempt of a thread of a slot to access 1 byte. Returns the byte's address in RAM, or null
  // if the fault was not answered at once: *answer is set if it ended in a signal, and
  // otherwise the thread waits for `token`.
  uint8_t *Access(uint32_t slot, uint64_t va, uint32_t access, token_t token, Answer *answer,
                  bool *answered);
  // The entry at a page, null if there is none.
  const Entry *Find(uint32_t slot, uint32_t page) const;
  uint32_t Entries(uint32_t slot) const;
  // All of them, by page.
  const std::map<uint32_t, Entry> &EntriesOf(uint32_t slot) const {
    return spaces_.at(slot).entries;
  }
  // How many entries name a frame, and whether it is of type object.
  uint32_t Mapped(uint32_t frame) const { return mapped_[frame - kRamFirst]; }
  bool IsObject(uint32_t frame) const { return is_object_[frame - kRamFirst]; }
  // Large entries.
  size_t Large(uint32_t slot) const { return spaces_.at(slot).large.size(); }
  bool HasSpace(uint32_t slot) const { return spaces_.count(slot) != 0; }
  // Takes the request that a provider got as the answer to a token.
  bool TakeServed(token_t token, uint64_t word[4]);
  // Takes the answer to a token, if there is one.
  bool TakeAnswer(token_t token, Answer *answer);
  token_t NewToken() { return next_token_++; }

  // The invariants (invariants.h).
  void Check();

  static constexpr uint64_t kTimebase = 10000000;
  uint64_t now = 1000;             // the clock, in ticks
  uint64_t deadline = UINT64_MAX;  // of the timer
  uint64_t ticks = 0;              // timer events
  // Lets time pass, with its timer events.
  void Advance(uint64_t ms);

  bool out_of_memory = false;  // the core wants somebody to be ended
  uint64_t faults = 0;         // messages to the core
  uint64_t notifications = 0;  // to the provider
  uint64_t unmap_calls = 0, protect_calls = 0, harvest_calls = 0, map_calls = 0;
  uint64_t large_maps = 0;      // large entries made
  uint32_t spurious_every = 0;  // each so many accesses fault though the entry allows them, as when
                                // another thread's fault on the page was answered meanwhile
  // Calls that may be made again, by their tokens.
  std::map<token_t, std::function<int64_t()>> calls;
  uint32_t map_failures = 0;    // so many kops_map fail with ENOMEM without need
  bool refuse_upcalls = false;  // threads wait in calls, faulters cannot be sent anywhere
  std::set<uint32_t> buffered;  // slots whose thread has a call buffer
  std::vector<std::pair<uint32_t, uint64_t>> upcalls;  // to threads: slot, pc

  // --- behind kernel_ops.h
  int SpaceCreate(uint32_t slot, uint32_t badge, uint32_t frame);
  void SpaceDestroy(uint32_t slot);
  int ThreadCreate(uint32_t slot, uint32_t frame);
  int ThreadBuffer(uint32_t slot);
  int ThreadUpcall(uint32_t slot, uint64_t pc);
  int Fund(uint32_t slot, uint32_t frame);
  int Map(uint32_t slot, uint64_t va_prot, uint32_t count, const uint32_t *frames);
  void Unmap(uint32_t slot, uint64_t start, uint64_t end);
  void Protect(uint32_t slot, uint64_t start, uint64_t end, uint32_t prot);
  void Harvest(uint32_t slot, uint64_t start, uint64_t end);
  int Retype(uint32_t first);
  void Serve(token_t token, const uint64_t word[4]);
  void SetAnswer(token_t token, const Answer &answer);

 private:
  struct Space {
    uint32_t badge = 0;
    std::map<uint32_t, Entry> entries;
    std::set<uint32_t> tables;      // level 0: page >> 9; level 1: 1 << 31 | page >> 18
    std::set<uint32_t> large;       // page >> 9 of large entries, which are in `entries` too
    uint32_t spare = 0;             // funded and not in use
    std::vector<uint32_t> donated;  // frames that this space has
    bool thread = false;
  };

  void Donate(Space *space, uint32_t frame);
  void Forget(const Entry &entry);
  void SplitLarge(Space *space, uint64_t start, uint64_t end);

  uint32_t frames_;
  uint8_t *ram_;
  std::vector<struct page> pages_;
  std::vector<uint8_t> board_;
  std::vector<uint8_t> is_object_;  // by frame
  std::vector<uint8_t> is_donated_;
  std::vector<uint32_t> mapped_;  // entries that name the frame
  std::vector<uint32_t> buffer_;
  std::unique_ptr<uint8_t[]> state_;
  struct pager *pager_;
  std::map<uint32_t, Space> spaces_;
  std::map<token_t, Answer> answers_;
  std::map<token_t, std::vector<uint64_t>> served_;
  token_t next_token_ = 1;
  uint32_t accesses_ = 0;
};

#endif
