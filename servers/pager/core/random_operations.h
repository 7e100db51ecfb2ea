// What programs, fs and proc ask of the core in the random test, by kind: each method asks once,
// for something chosen at random, compares the result with the model's and changes the model
// likewise.
#ifndef SERVERS_PAGER_CORE_RANDOM_OPERATIONS_H
#define SERVERS_PAGER_CORE_RANDOM_OPERATIONS_H

#include <vector>

#include "servers/pager/core/random_world.h"

class RandomOperations {
 protected:
  explicit RandomOperations(RandomWorld *world)
      : world_(*world), machine_(world->machine), files_(world->files) {}

  RandomWorld &world_;
  FakeMachine &machine_;
  std::vector<std::shared_ptr<ModelFile>> &files_;
};

// Regions that come, go and move.
class RandomMappings : RandomOperations {
 public:
  explicit RandomMappings(RandomWorld *world) : RandomOperations(world) {}
  void Map(Process *process);
  void Unmap(Process *process);
  void Remap(Process *process);
  // Maps much and writes to all of it in order, as large pages want it.
  void Sweep(Process *process);
};

// Rights of regions and of single pages.
class RandomRights : RandomOperations {
 public:
  explicit RandomRights(RandomWorld *world) : RandomOperations(world) {}
  void Protect(Process *process);
  // Pages get other rights one by one, with accesses between.
  void ProtectOneByOne(Process *process);
  // Times that a process had odd pages (odd.h).
  uint32_t with_odd() const { return with_odd_; }

 private:
  uint32_t ProtOf(const Process &process, uint32_t number);
  uint32_t ManyPages(Process *process);
  void ProtectPage(Process *process, uint32_t number, ModelPage *page, uint32_t prot);
  void CheckRights(const Process &process);

  uint32_t with_odd_ = 0;
};

// What programs tell of their use of memory: madvise, mlock, limits.
class RandomAdvice : RandomOperations {
 public:
  explicit RandomAdvice(RandomWorld *world) : RandomOperations(world) {}
  void Advise(Process *process);
  void Populate(Process *process);
  void Lock(Process *process);
  // It changes nothing that can be read.
  void LimitResident(Process *process);

 private:
  void PopulateRange(Process *process, uint32_t start, uint32_t pages, uint32_t advice);
  void AdoptFlags(Process *process, uint32_t start, uint32_t pages);
};

// Files, as fs and programs change them and want them stored.
class RandomFiles : RandomOperations {
 public:
  explicit RandomFiles(RandomWorld *world) : RandomOperations(world) {}
  void Read(Process *process);
  void Write(Process *process);
  void Truncate();
  // msync
  void Sync(Process *process);
  // fsync or sync
  void Flush();
  // One file is destroyed and another one made. Processes may have to be ended for it.
  void Replace();

 private:
  uint64_t Buffer(Process *process, uint32_t bytes);
  void CopyOut(Process *process, uint64_t va, const uint8_t *from, uint32_t bytes);
  bool Prepare(ModelFile *file, uint64_t offset, uint32_t length, uint32_t *fresh);
};

// Swap areas.
class RandomSwap : RandomOperations {
 public:
  explicit RandomSwap(RandomWorld *world) : RandomOperations(world) {}
  void Add();
  void Remove();
  bool HasAreas() const { return !areas_.empty(); }

 private:
  uint64_t next_ = 0;
  std::vector<uint64_t> areas_;
};

#endif
