// What files and the memory of processes have to show, in plain vectors: the reference of the
// random test. It asks nothing of the core and makes no random choice.
#ifndef SERVERS_PAGER_CORE_RANDOM_MODEL_H
#define SERVERS_PAGER_CORE_RANDOM_MODEL_H

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

using Bytes = std::vector<uint8_t>;

struct ModelFile {
  uint64_t cookie = 0;
  uint32_t object = 0;
  uint64_t size = 0;
  Bytes bytes;  // whole pages
  uint32_t Pages() const;
  // Moves the end. What is behind the lesser of both ends is zero from now on.
  void Resize(uint64_t to);
};

struct ModelPage {
  uint32_t prot = 0, prot_max = 7;
  bool shared = false;
  std::shared_ptr<ModelFile> file;  // or
  std::shared_ptr<Bytes> memory;    // shared anonymous
  uint32_t index = 0;
  std::shared_ptr<Bytes> own;  // private bytes; copied when written to while others have them
  uint32_t flags = 0;          // what mlock and madvise set
  bool lazy = false;           // may turn into zeros until it is written to

  bool IsPrivateMemory() const { return !shared && !file; }
  // Whether it is behind the end of the memory that it shows.
  bool IsBehindMemory() const;
  // A page's bytes.
  const uint8_t *Expected() const;
  // How many of them are known: up to the file's end.
  uint32_t KnownBytes() const;
  // Bytes that a write changes.
  uint8_t *Writable();
  // What a page shows tells whether bytes that might go have gone.
  void Settle(const uint8_t *shown);
  // The page `i` pages behind this one in a mapping that is new there.
  ModelPage Later(uint32_t i) const;
};

// The memory of a process, by page number.
struct ModelSpace {
  std::map<uint32_t, ModelPage> pages;

  // Maps pages that show what is behind `first`.
  void Map(uint32_t start, uint32_t count, const ModelPage &first);
  // Maps private memory that can be read and written.
  void MapPrivate(uint32_t start, uint32_t count);
  void Unmap(uint32_t start, uint32_t count);
  // As mremap. stays: the old range is mapped still, and private pages there are as new.
  void Move(uint32_t start, uint32_t old_count, uint32_t to, uint32_t new_count, bool stays);
  // What a child has.
  std::map<uint32_t, ModelPage> Inherited() const;

  // How an access must end: 0 or the reason of its signal.
  uint32_t ExpectedReason(uint32_t number, uint32_t access) const;
  // Whether each page of a buffer allows the access.
  bool Allows(uint64_t va, uint32_t bytes, uint32_t access) const;
  // Whether a buffer shows the file itself: then the order of a copy matters.
  bool Shows(uint64_t va, uint32_t bytes, const ModelFile *file) const;
  // Whether a buffer has bytes that may turn into zeros.
  bool IsLazy(uint64_t va, uint32_t bytes) const;
};

#endif
