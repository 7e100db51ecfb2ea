// The machine of the random test beside the model of what its files and processes have to show,
// and the source of all random choices. The provider answers late, out of order and with errors;
// memory runs out, and whoever must is ended.
#ifndef SERVERS_PAGER_CORE_RANDOM_WORLD_H
#define SERVERS_PAGER_CORE_RANDOM_WORLD_H

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "servers/pager/core/fake_machine.h"
#include "servers/pager/core/random_model.h"

struct RandomCase {
  uint32_t seed, frames, steps;
  bool errors;              // the provider fails at times
  bool sweeps = false;      // whole runs are written, for large pages
  uint32_t swap_slots = 0;  // of an area at most; 0: none is made
};

struct Process : ModelSpace {
  struct space *space = nullptr;
  token_t waiting = 0;  // a fault that is parked
  bool ended = false;   // by the pager's choice; to be forgotten at the end of the step
  uint64_t fault_va = 0;
  uint32_t fault_access = 0;
};

class RandomWorld {
 public:
  static constexpr uint32_t kFiles = 4;
  static constexpr uint32_t kFilePages = 48;
  static constexpr uint32_t kArena = 0x1000000;  // first page of the range that is used
  static constexpr uint32_t kArenaPages = 400;
  static constexpr uint32_t kSweep = kArena + LARGE_FRAMES;  // where whole runs are written at once
  static constexpr uint32_t kSweepPages = 3 * LARGE_FRAMES - 100;
  static constexpr uint32_t kSpuriousEvery = 29;

  // With files and one process.
  explicit RandomWorld(const RandomCase &c);

  // Choices until the next call depend on the seed and this number alone.
  void BeginStep(uint32_t number);
  uint32_t Below(uint32_t n) { return (uint32_t)(random_() % n); }
  bool Chance(uint32_t percent) { return Below(100) < percent; }
  uint32_t Prot();
  void Range(uint32_t *start, uint32_t *pages);
  Process *AnyProcess();
  ModelFile *AnyFile() { return files[Below(kFiles)].get(); }

  // --- time passes
  // The provider answers one request, if there is one.
  void Answer();
  // What proc does when memory is full. Returns whether somebody was ended.
  bool EndVictim();
  // Answers until the token's result is there, or `process`, whose it is, is ended.
  struct Answer Await(token_t token, const Process *process);
  // The result of a call, or what it parked for.
  int64_t Await(int64_t result, token_t token, const Process *process);
  // The result of a program's call. False if its process was ended before.
  bool Ask(Process *process, int64_t *result, const std::function<int64_t()> &call);
  // Whether not even eviction finds what a call needs. A store with errors may refuse to help.
  bool MemoryIsOut();
  // As if some frames were wanted, at times, if there is swap.
  void MayEvict();

  // --- files and processes. What cannot be made for want of memory is not there.
  std::shared_ptr<ModelFile> NewFile();
  void Spawn();
  void Fork(uint32_t badge);
  void Kill(uint32_t badge);
  // Forgets those that a signal, or the want of memory, ended.
  void Reap();
  // How many Reap would forget.
  size_t Dying() const { return dying_.size(); }

  // --- accesses, which may leave the process waiting
  void Access(Process *process, uint32_t access);
  void AccessPage(Process *process, uint32_t number, uint32_t access);

  // --- After a call that failed half-way: the model takes over what is there. All else has to be
  // as it was.
  void AdoptBuffer(Process *process, uint64_t va, uint32_t bytes);
  void AdoptWritten(ModelFile *file, uint64_t offset, uint32_t length);
  void AdoptPage(Process *process, uint32_t number, ModelPage *page);

  FakeMachine machine;
  uint32_t step = 0;
  bool errors;            // the provider fails at times
  const bool had_errors;  // which may be told later
  const bool sweeps;
  const uint32_t swap_slots;
  std::vector<std::shared_ptr<ModelFile>> files;
  std::map<uint32_t, Process> processes;  // by badge

 private:
  uint32_t FreeBadge();
  void CheckSignal(Process *process, const struct Answer &answer, uint64_t va, uint32_t access);
  void Poll(Process *process);
  void Use(Process *process, uint32_t number, uint32_t access, uint8_t *at, uint32_t offset,
           uint32_t known);
  void AdoptFile(ModelFile *file, uint32_t first, uint32_t end);
  void AdoptMemory(const ModelPage &wanted);
  const uint8_t *Content(uint32_t entry);

  uint32_t seed_;
  std::mt19937_64 random_;
  uint32_t generation_ = 0;
  uint64_t next_cookie_ = 1;
  std::vector<uint32_t> dying_;
};

#endif
