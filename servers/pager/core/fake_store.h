// A provider for host tests: files in memory behind the ring. It answers when told, in any order,
// with errors if told, and fails the test when a page is written that has no store.
#ifndef SERVERS_PAGER_CORE_FAKE_STORE_H
#define SERVERS_PAGER_CORE_FAKE_STORE_H

#include <map>
#include <memory>
#include <random>
#include <vector>

#include "servers/pager/core/fake_kernel.h"

class FakeStore {
 public:
  struct File {
    std::vector<uint8_t> bytes;   // whole pages
    std::vector<bool> allocated;  // by page; a hole reads as zeros
  };

  explicit FakeStore(FakeKernel *kernel);

  File &file(uint64_t cookie) { return files_[cookie]; }
  // Makes a file of this many pages with store, filled from `seed`.
  void Make(uint64_t cookie, uint32_t pages, uint32_t seed);
  void Resize(uint64_t cookie, uint64_t size);

  // Takes what is in the request ring.
  void Take();
  size_t Waiting() const { return taken_.size(); }
  const struct object_request &At(size_t i) const { return taken_[i]; }
  // Answers the i-th taken request, with `error` if negative, and lets the pager know.
  void Answer(size_t i, int32_t error = 0);
  // Answers everything, in order, until nothing is left to do.
  void Drain();
  // A completion that answers nothing.
  void Breach(uint32_t tag, int32_t status);

  uint64_t idle = 0;                                    // OBJECT_IDLE received
  uint64_t page_ins = 0, page_outs = 0, allocates = 0;  // pages
  bool full = false;                                    // no space for OBJECT_ALLOCATE
  uint64_t bad_page = UINT64_MAX;                       // of any file: cannot be written

 private:
  void Complete(uint32_t tag, int32_t status);
  int32_t Do(const struct object_request &request);

  FakeKernel *kernel_;
  std::unique_ptr<struct object_ring> ring_;
  std::map<uint64_t, File> files_;
  std::vector<struct object_request> taken_;
};

#endif
