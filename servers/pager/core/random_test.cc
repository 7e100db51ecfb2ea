// Random sequences of everything that programs, fs and proc ask of the core, against a model
// that keeps each process's and each file's bytes in plain vectors. The provider answers late, out
// of order and with errors; memory runs out. Bytes, signals and errors must be the model's.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <numeric>
#include <random>
#include <sstream>

#include "protocols/proc.h"
#include "servers/pager/core/fake_machine.h"
#include "servers/pager/core/shrink.h"

extern "C" {
#include "servers/pager/core/odd.h"
}

namespace {

constexpr uint32_t kProcesses = 6;
constexpr uint32_t kFiles = 4;
constexpr uint32_t kFilePages = 48;
constexpr uint32_t kArena = 0x1000000;  // first page of the range that is used
constexpr uint32_t kArenaPages = 400;
constexpr uint32_t kSweep = kArena + LARGE_FRAMES;  // where whole runs are written at once
constexpr uint32_t kSweepPages = 3 * LARGE_FRAMES - 100;
constexpr uint32_t kManyPages = 90;  // whose rights change one by one
constexpr uint32_t kSpuriousEvery = 29;
constexpr uint64_t kGarbage = 0xee;
constexpr uint32_t kModelFlags =
    REGION_LOCKED | REGION_ADVICE | REGION_DONTFORK | REGION_WIPEONFORK;
constexpr uint64_t kSwap = 1000000;  // cookies of swap areas
constexpr uint32_t kFramesOfCall = 8;

using Bytes = std::vector<uint8_t>;

struct File {
  uint64_t cookie = 0;
  uint32_t object = 0;
  uint64_t size = 0;
  Bytes bytes;  // whole pages
  uint32_t Pages() const { return (uint32_t)((size + PAGE_MASK) >> PAGE_SHIFT); }
};

struct Page {
  uint32_t prot = 0, prot_max = 7;
  bool shared = false;
  std::shared_ptr<File> file;     // or
  std::shared_ptr<Bytes> memory;  // shared anonymous
  uint32_t index = 0;
  std::shared_ptr<Bytes> own;  // private bytes; copied when written to while others have them
  uint32_t flags = 0;          // what mlock and madvise set
  bool lazy = false;           // may turn into zeros until it is written to
  bool IsPrivateMemory() const { return !shared && !file; }
  // Whether it is behind the end of the memory that it shows.
  bool IsBehindMemory() const { return memory && ((size_t)index + 1) * PAGE_SIZE > memory->size(); }
};

struct Process {
  struct space *space = nullptr;
  std::map<uint32_t, Page> pages;
  token_t waiting = 0;  // a fault that is parked
  bool ended = false;   // by the pager's choice; to be forgotten at the end of the step
  uint64_t fault_va = 0;
  uint32_t fault_access = 0;
};

class Random {
 public:
  Random(uint32_t seed, uint32_t frames, bool errors, bool sweeps, uint32_t swap_slots)
      : machine_(frames, 512),
        seed_(seed),
        random_(seed),
        errors_(errors),
        had_errors_(errors),
        sweeps_(sweeps),
        swap_slots_(swap_slots) {
    machine_.kernel.spurious_every = kSpuriousEvery;
    for (uint32_t i = 0; i < kFiles; i++) files_.push_back(NewFile());
    Spawn();
    AddSwap();
  }

  // What a step does depends on its number and on what was done before, so any of them can be left
  // out. *taken counts them.
  void Run(const Steps &steps, size_t *taken) {
    for (uint32_t step : steps) {
      if (testing::Test::HasFailure()) break;
      step_ = step;
      random_.seed((uint64_t)seed_ << 32 | step);
      ++*taken;
      Step();
      if (step % 256 == 0) machine_.kernel.Check();
    }
    Finish();
  }
  uint64_t large_maps() { return machine_.kernel.large_maps; }
  uint32_t with_odd() { return with_odd_; }

 private:
  uint32_t Below(uint32_t n) { return (uint32_t)(random_() % n); }
  bool Chance(uint32_t percent) { return Below(100) < percent; }

  // --- provider -----------------------------------------------------------------------------

  void Answer() {
    machine_.store.Take();
    if (machine_.store.Waiting() == 0) return;
    size_t i = Below((uint32_t)machine_.store.Waiting());
    int32_t error = 0;
    if (errors_ && Chance(4)) error = Chance(50) ? -EIO : -ENOSPC;
    machine_.store.Answer(i, error);
    for (auto &process : processes_) Poll(&process.second);
    Reap();
  }

  // What proc does when memory is full.
  bool EndVictim() {
    if (!machine_.EndVictim()) return false;
    uint32_t badge = machine_.ended.back();
    processes_.at(badge).ended = true;
    dying_.push_back(badge);
    return true;
  }

  // Answers until the token's result is there, or `process`, whose it is, is ended.
  struct Answer Await(token_t token, const Process *process) {
    struct Answer answer = {};
    while (!machine_.kernel.TakeAnswer(token, &answer)) {
      pager_between(machine_.pager);
      bool ended = EndVictim();
      if (process && process->ended) break;
      if (ended) continue;  // it may not have been enough
      if (machine_.kernel.TakeAnswer(token, &answer)) break;
      if (machine_.kernel.out_of_memory) continue;
      machine_.store.Take();
      if (machine_.store.Waiting() == 0) {
        ADD_FAILURE() << "step " << step_ << ": waits for nothing";
        break;
      }
      Answer();
    }
    return answer;
  }

  int64_t Await(int64_t result, token_t token, const Process *process) {
    return result == PAGER_PARKED ? Await(token, process).status : result;
  }

  // The result of a program's call. False if its process was ended before.
  bool Ask(Process *process, int64_t *result, const std::function<int64_t()> &call) {
    token_t token = machine_.kernel.NewToken();
    *result = Await(machine_.Call(process->space, token, call), token, process);
    machine_.kernel.calls.erase(token);
    return !process->ended;
  }

  // Whether not even eviction finds what a call needs. A store with errors may refuse to help.
  bool MemoryIsOut() {
    struct pending **list;
    return errors_ || evict_wait_for_call(machine_.pager, kFramesOfCall, &list) == MEMORY_NEVER;
  }

  // --- model --------------------------------------------------------------------------------

  std::shared_ptr<File> NewFile() {
    auto file = std::make_shared<File>();
    file->cookie = next_cookie_++;
    uint32_t pages = 1 + Below(kFilePages);
    machine_.store.Make(file->cookie, pages, Below(256));
    file->bytes = machine_.store.file(file->cookie).bytes;
    file->size = (uint64_t)pages * PAGE_SIZE;
    int64_t id =
        pager_object_create(machine_.pager, file->cookie, file->size, OBJECT_OF_FILE, 0, 0);
    if (id < 0) {
      EXPECT_EQ(id, -ENOMEM);
      return nullptr;
    }
    file->object = (uint32_t)id;
    return file;
  }

  const uint8_t *Expected(const Page &page) {
    static const Bytes zeros(PAGE_SIZE, 0);
    if (page.own) return page.own->data();
    if (page.memory) return page.memory->data() + (size_t)page.index * PAGE_SIZE;
    if (page.file) return page.file->bytes.data() + (size_t)page.index * PAGE_SIZE;
    return zeros.data();
  }

  // What a page shows tells whether bytes that might go have gone.
  static void Settle(Page *page, const uint8_t *shown) {
    if (!page->lazy || !std::all_of(shown, shown + PAGE_SIZE, [](uint8_t b) { return b == 0; })) {
      return;
    }
    page->own = nullptr;
    page->lazy = false;
  }

  // Bytes that a write changes.
  uint8_t *Writable(Page *page) {
    if (page->shared) return const_cast<uint8_t *>(Expected(*page));
    if (!page->own || page->own.use_count() > 1) {
      page->own = std::make_shared<Bytes>(Expected(*page), Expected(*page) + PAGE_SIZE);
    }
    return page->own->data();
  }

  // How an access must end: 0 or the reason of its signal.
  uint32_t ExpectedReason(const Process &process, uint32_t number, uint32_t access) {
    auto at = process.pages.find(number);
    if (at == process.pages.end()) return FAULT_UNMAPPED;
    if (!(at->second.prot & access)) return FAULT_PROTECTED;
    if (at->second.file && at->second.index >= at->second.file->Pages()) return FAULT_BEYOND_END;
    return at->second.IsBehindMemory() ? FAULT_BEYOND_END : 0;
  }

  // How many bytes of the page the model knows: up to the file's end.
  uint32_t KnownBytes(const Page &page) {
    if (!page.file) return PAGE_SIZE;
    if (page.index >= page.file->Pages()) return 0;
    uint64_t start = (uint64_t)page.index * PAGE_SIZE;
    uint64_t left = page.file->size - start;
    return left < PAGE_SIZE ? (uint32_t)left : (uint32_t)PAGE_SIZE;
  }

  // After a copy into a buffer, or to a file, that failed half-way: takes over what is there. All
  // else has to be as it was.
  void AdoptBuffer(Process *process, uint64_t va, uint32_t bytes) {
    for (uint64_t p = va >> PAGE_SHIFT; p <= (va + bytes - 1) >> PAGE_SHIFT; p++) {
      auto at = process->pages.find((uint32_t)p);
      if (at == process->pages.end()) continue;
      Page &page = at->second;
      if (page.shared && page.file) {
        AdoptFile(page.file.get(), page.index, page.index + 1);
      } else if (page.memory) {
        AdoptMemory(page);
      } else if (!process->ended) {
        AdoptPage(process, (uint32_t)p, &page);
      }
    }
  }

  void AdoptFile(File *file, uint32_t first, uint32_t end) {
    struct object *object = object_of(machine_.pager, file->object);
    FakeStore::File &stored = machine_.store.file(file->cookie);
    for (uint32_t i = first; i < end && i < file->Pages(); i++) {
      uint8_t *to = &file->bytes[(size_t)i * PAGE_SIZE];
      uint32_t frame = object_frame(machine_.pager, object, i);
      if (frame && page_of(machine_.pager, frame)->state != PAGE_FILLING) {
        std::memcpy(to, machine_.kernel.memory(frame), PAGE_SIZE);
      } else if (stored.allocated[i]) {
        std::memcpy(to, &stored.bytes[(size_t)i * PAGE_SIZE], PAGE_SIZE);
      } else {
        std::memset(to, 0, PAGE_SIZE);
      }
    }
    // The rest of the last page is zero, whatever the store has there.
    std::fill(file->bytes.begin() + (ptrdiff_t)file->size, file->bytes.end(), 0);
  }

  void AdoptWritten(File *file, uint64_t offset, uint32_t length) {
    AdoptFile(file, (uint32_t)(offset >> PAGE_SHIFT),
              (uint32_t)((offset + length + PAGE_MASK) >> PAGE_SHIFT));
  }

  // The bytes of a page that is in memory or in a swap area.
  const uint8_t *Content(uint32_t entry) {
    if (!entry_is_swapped(entry)) return machine_.kernel.memory(entry);
    const struct swap_area &area = machine_.pager->swap.area[entry_slot(entry) >> SWAP_INDEX_BITS];
    size_t index = entry_slot(entry) & SWAP_INDEX_MASK;
    return &machine_.store.file(area.object->cookie).bytes[index * PAGE_SIZE];
  }

  void AdoptPage(Process *process, uint32_t number, Page *page) {
    uint32_t at = number;
    uint32_t frame = space_next(machine_.pager, process->space, &at, number + 1);
    page->own = nullptr;
    if (!frame) return;
    const uint8_t *from = Content(frame);
    page->own = std::make_shared<Bytes>(from, from + PAGE_SIZE);
  }

  // A page of shared memory, as somebody sees it who still lives.
  void AdoptMemory(const Page &wanted) {
    for (auto &[badge, process] : processes_) {
      for (auto &[number, page] : process.pages) {
        bool same = page.memory == wanted.memory && page.index == wanted.index;
        if (process.ended || !same || page.IsBehindMemory()) continue;
        const struct region *region = region_find(process.space->regions, number);
        uint32_t frame =
            object_frame(machine_.pager, region->object, region->offset + number - region->start);
        uint8_t *to = page.memory->data() + (size_t)page.index * PAGE_SIZE;
        if (frame) std::memcpy(to, Content(frame), PAGE_SIZE);
        return;
      }
    }
  }

  // --- processes ----------------------------------------------------------------------------

  void Spawn() {
    uint32_t badge = FreeBadge();
    int64_t status = pager_space_create(machine_.pager, badge);
    if (status < 0) {
      EXPECT_EQ(status, -ENOMEM);
      return;
    }
    processes_[badge].space = pager_space(machine_.pager, badge);
  }

  uint32_t FreeBadge() {
    uint32_t slot = SLOT_FIRST_PROGRAM;
    while (machine_.pager->space[slot]) slot++;
    return slot | ++generation_ << SLOT_BITS;
  }

  void Fork(uint32_t badge) {
    uint32_t child = FreeBadge();
    int64_t status = pager_fork(machine_.pager, badge, child);
    if (status < 0) {
      EXPECT_EQ(status, -ENOMEM);
      return;
    }
    processes_[child].space = pager_space(machine_.pager, child);
    processes_[child].pages = processes_[badge].pages;
    for (auto at = processes_[child].pages.begin(); at != processes_[child].pages.end();) {
      Page &page = at->second;
      if (page.flags & REGION_WIPEONFORK) page.own = nullptr;
      bool stays = !(page.flags & REGION_DONTFORK);
      page.flags &= ~(uint32_t)REGION_LOCKED;
      at = stays ? std::next(at) : processes_[child].pages.erase(at);
    }
  }

  void Kill(uint32_t badge) {
    EXPECT_EQ(pager_kill(machine_.pager, badge), 0);
    processes_.erase(badge);
  }

  // Those that a signal ended.
  void Reap() {
    for (uint32_t badge : dying_) {
      if (!processes_.count(badge)) continue;
      if (processes_.at(badge).ended) {
        processes_.erase(badge);
      } else {
        Kill(badge);
      }
    }
    dying_.clear();
  }

  void Died(Process *process) { dying_.push_back(process->space->badge); }

  // --- accesses -----------------------------------------------------------------------------

  void CheckSignal(Process *process, const struct Answer &answer, uint64_t va, uint32_t access) {
    ASSERT_EQ(answer.kind, Answer::kSignal);
    uint32_t expected = ExpectedReason(*process, (uint32_t)(va >> PAGE_SHIFT), access);
    if (answer.reason == FAULT_NO_MEMORY) {
      Died(process);
    } else if (answer.reason == FAULT_IO_ERROR) {
      EXPECT_TRUE(errors_);
    } else {
      EXPECT_EQ(answer.reason, expected) << "step " << step_;
    }
  }

  // A fault that was answered is as good as an access: the private copy is made now.
  void Poll(Process *process) {
    struct Answer answer;
    if (!process->waiting || !machine_.kernel.TakeAnswer(process->waiting, &answer)) return;
    process->waiting = 0;
    if (answer.kind == Answer::kSignal) {
      CheckSignal(process, answer, process->fault_va, process->fault_access);
    } else if (process->fault_access == FAULT_WRITE) {
      Writable(&process->pages.at((uint32_t)(process->fault_va >> PAGE_SHIFT)));
    }
  }

  void Access(Process *process, uint32_t access) {
    uint32_t number = kArena + Below(kArenaPages);
    if (sweeps_ && Chance(20)) number = kSweep + Below(kSweepPages);
    if (!process->pages.empty() && Chance(95)) {
      auto at = process->pages.lower_bound(number);
      number = at == process->pages.end() ? process->pages.begin()->first : at->first;
    }
    AccessPage(process, number, access);
  }

  void AccessPage(Process *process, uint32_t number, uint32_t access) {
    uint64_t va = (uint64_t)number << PAGE_SHIFT;
    uint32_t reason = ExpectedReason(*process, number, access);
    uint32_t known = reason == 0 ? KnownBytes(process->pages.at(number)) : PAGE_SIZE;
    uint32_t offset = Below(known);
    bool answered;
    struct Answer answer = {};
    token_t token = machine_.kernel.NewToken();
    uint8_t *at = machine_.kernel.Access(process->space->slot, va + offset, access, token, &answer,
                                         &answered);
    if (at) {
      ASSERT_EQ(reason, 0u) << "step " << step_ << ": access that must fail";
      Use(process, number, access, at, offset, known);
    } else if (answered) {
      CheckSignal(process, answer, va, access);
    } else {
      process->waiting = token;
      process->fault_va = va;
      process->fault_access = access;
    }
  }

  void Use(Process *process, uint32_t number, uint32_t access, uint8_t *at, uint32_t offset,
           uint32_t known) {
    Page *page = &process->pages.at(number);
    Settle(page, at - offset);
    if (access == FAULT_WRITE) page->lazy = false;
    const uint8_t *expected = Expected(*page);
    ASSERT_EQ(std::memcmp(at - offset, expected, known), 0)
        << "step " << step_ << " page " << number;
    if (access != FAULT_WRITE) return;
    *at = (uint8_t)random_();
    Writable(page)[offset] = *at;
  }

  // --- mappings -----------------------------------------------------------------------------

  uint32_t RandomProt() {
    static const uint32_t kProts[] = {
        0, PROT_R, PROT_R, PROT_R | PROT_W, PROT_R | PROT_W, PROT_R | PROT_W};
    return kProts[Below(6)];
  }

  void RandomRange(uint32_t *start, uint32_t *pages) {
    *pages = Chance(50) ? 1 + Below(4) : 1 + Below(60);
    *start = kArena + Below(kArenaPages - *pages);
    if (sweeps_ && Chance(20)) *start = kSweep + Below(kSweepPages - *pages);
  }

  // Maps much and writes to all of it in order, as large pages want it.
  void Sweep(Process *process) {
    int64_t va = (int64_t)kSweep << PAGE_SHIFT;
    int64_t result;
    if (!Ask(process, &result, [&] {
          return pager_map(machine_.pager, process->space, (uint64_t)va,
                           (uint64_t)kSweepPages << PAGE_SHIFT, PROT_R | PROT_W,
                           PAGER_PRIVATE | PAGER_FIXED);
        }))
      return;
    if (result == -ENOMEM) {
      EXPECT_TRUE(MemoryIsOut());
      return;
    }
    ASSERT_EQ(result, va);
    for (uint32_t i = kSweep; i < kSweep + kSweepPages; i++)
      process->pages[i] = Page{PROT_R | PROT_W, 7, false, nullptr, nullptr, 0, nullptr, 0, false};
    size_t dying = dying_.size();
    machine_.kernel.spurious_every = 0;  // it would break the run
    for (uint32_t i = kSweep; i < kSweep + kSweepPages; i++) {
      AccessPage(process, i, FAULT_WRITE);
      if (process->waiting || dying_.size() != dying) break;
    }
    machine_.kernel.spurious_every = kSpuriousEvery;
  }

  void Map(Process *process) {
    uint32_t start, pages;
    RandomRange(&start, &pages);
    uint32_t prot = RandomProt();
    bool shared = Chance(30);
    std::shared_ptr<File> file = Chance(50) ? files_[Below(kFiles)] : nullptr;
    uint32_t flags = (shared ? PAGER_SHARED : PAGER_PRIVATE) |
                     (uint32_t)(Chance(70) ? PAGER_FIXED : PAGER_FIXED_NOREPLACE);
    uint64_t va = (uint64_t)start << PAGE_SHIFT, length = (uint64_t)pages << PAGE_SHIFT;
    uint32_t index = file ? Below(kFilePages) : 0;
    uint32_t prot_max = shared && Chance(20) ? PROT_R : 7;
    bool taken = false;
    for (uint32_t i = start; i < start + pages; i++) taken |= process->pages.count(i) != 0;
    int64_t result;
    if (!Ask(process, &result, [&] {
          return file ? pager_object_map(machine_.pager, process->space, file->object,
                                         (uint64_t)index << PAGE_SHIFT, va, length, prot, flags,
                                         prot_max)
                      : pager_map(machine_.pager, process->space, va, length, prot, flags);
        }))
      return;
    if (file && (prot & ~prot_max)) {
      EXPECT_EQ(result, -EACCES);
    } else if (taken && (flags & PAGER_FIXED_NOREPLACE)) {
      EXPECT_TRUE(result == -EEXIST || (result == -ENOMEM && MemoryIsOut())) << result;
    } else if (result == -ENOMEM) {
      EXPECT_TRUE(MemoryIsOut());
    } else {
      ASSERT_EQ(result, (int64_t)va);
      auto memory = shared && !file ? std::make_shared<Bytes>((size_t)length, 0) : nullptr;
      for (uint32_t i = 0; i < pages; i++) {
        process->pages[start + i] =
            Page{prot, file ? prot_max : 7, shared, file, memory, index + i, nullptr, 0, false};
      }
    }
  }

  void Unmap(Process *process) {
    uint32_t start, pages;
    RandomRange(&start, &pages);
    int64_t result;
    if (!Ask(process, &result, [&] {
          return pager_unmap(machine_.pager, process->space, (uint64_t)start << PAGE_SHIFT,
                             (uint64_t)pages << PAGE_SHIFT);
        }))
      return;
    if (result == -ENOMEM) {
      EXPECT_TRUE(MemoryIsOut());
      return;
    }
    ASSERT_EQ(result, 0);
    for (uint32_t i = start; i < start + pages; i++) process->pages.erase(i);
  }

  void Protect(Process *process) {
    uint32_t start, pages;
    RandomRange(&start, &pages);
    if (Chance(70)) pages = 1 + Below(3);
    uint32_t prot = RandomProt();
    // Up to a hole, or to what cannot have these rights, they change.
    int64_t expected = 0;
    uint32_t end = start;
    for (; end < start + pages && expected == 0; end++) {
      auto at = process->pages.find(end);
      if (at == process->pages.end()) expected = -ENOMEM;
      if (expected == 0 && (prot & ~at->second.prot_max)) expected = -EACCES;
      if (expected < 0) break;
    }
    int64_t result;
    if (!Ask(process, &result, [&] {
          return pager_protect(machine_.pager, process->space, (uint64_t)start << PAGE_SHIFT,
                               (uint64_t)pages << PAGE_SHIFT, prot);
        }))
      return;
    // ENOMEM may also be for want of memory: then nothing has changed.
    ASSERT_TRUE(result == expected || (result == -ENOMEM && MemoryIsOut())) << result;
    bool changed = result == expected && (end == start || ProtOf(*process, end - 1) == prot);
    for (uint32_t i = start; i < end && changed; i++) process->pages[i].prot = prot;
  }

  uint32_t ProtOf(const Process &process, uint32_t number) {
    const struct region *region = region_find(process.space->regions, number);
    return odd_rights(machine_.pager, process.space, region, number);
  }

  // A private mapping, written here and there; or what is there.
  uint32_t ManyPages(Process *process) {
    uint32_t start = kArena + Below(kArenaPages - kManyPages);
    if (Chance(30)) return start;
    uint64_t va = (uint64_t)start << PAGE_SHIFT;
    int64_t result = pager_map(machine_.pager, process->space, va, kManyPages << PAGE_SHIFT,
                               PROT_R | PROT_W, PAGER_PRIVATE | PAGER_FIXED);
    if (result == -ENOMEM) return start;
    EXPECT_EQ(result, (int64_t)va);
    for (uint32_t i = start; i < start + kManyPages; i++) {
      process->pages[i] = Page{PROT_R | PROT_W, 7, false, nullptr, nullptr, 0, nullptr, 0};
    }
    for (uint32_t i = 0; i < kManyPages && !process->waiting && dying_.empty(); i++) {
      AccessPage(process, start + Below(kManyPages), FAULT_WRITE);
    }
    return start;
  }

  // Pages get other rights one by one, with accesses between.
  void ProtectOneByOne(Process *process) {
    uint32_t start = ManyPages(process);
    const uint32_t prots[] = {RandomProt(), RandomProt()};
    for (uint32_t left = Below(150); left > 0 && !process->waiting && dying_.empty(); left--) {
      uint32_t number = start + Below(kManyPages);
      auto at = process->pages.find(number);
      if (at == process->pages.end()) continue;
      if (Chance(40)) {
        AccessPage(process, number, Chance(50) ? FAULT_WRITE : FAULT_READ);
      } else {
        ProtectPage(process, number, &at->second, prots[Below(2)]);
      }
      if (swap_slots_ > 0 && Chance(3)) Evict();
      if (process->space->odd.count > 0) with_odd_++;
      if (Chance(5)) machine_.kernel.Check();
    }
    CheckRights(*process);
  }

  void ProtectPage(Process *process, uint32_t number, Page *page, uint32_t prot) {
    int64_t expected = prot & ~page->prot_max ? -EACCES : 0;
    int64_t result = pager_protect(machine_.pager, process->space, (uint64_t)number << PAGE_SHIFT,
                                   PAGE_SIZE, prot);
    ASSERT_TRUE(result == expected || result == -ENOMEM) << result;
    if (result == 0) page->prot = prot;
  }

  void CheckRights(const Process &process) {
    for (const auto &[number, page] : process.pages) {
      ASSERT_EQ(ProtOf(process, number), page.prot) << "step " << step_ << " page " << number;
    }
  }

  void Sync(Process *process) {
    uint32_t start, pages;
    RandomRange(&start, &pages);
    token_t token = machine_.kernel.NewToken();
    uint64_t va = (uint64_t)start << PAGE_SHIFT, length = (uint64_t)pages << PAGE_SHIFT;
    uint32_t flags = Chance(30) ? PAGER_SYNC_ASYNC : PAGER_SYNC_SYNC;
    bool hole = false;
    for (uint32_t i = start; i < start + pages; i++) hole |= !process->pages.count(i);
    uint32_t badge = process->space->badge;
    int64_t result = pager_sync(machine_.pager, process->space, token, va, length, flags);
    if (result == PAGER_PARKED && Chance(10)) {
      Kill(badge);
      return;
    }
    result = Await(result, token, process);
    if (process->ended) return;
    bool io_error = had_errors_ && (result == -EIO || result == -ENOSPC);
    if (hole) {
      EXPECT_TRUE(result == -ENOMEM || io_error) << result;
    } else if (result != -ENOMEM && !had_errors_) {
      EXPECT_EQ(result, 0);
    }
  }

  // --- mremap -------------------------------------------------------------------------------

  // The page `i` pages behind the start of a mapping that grows.
  static Page Grown(const Page &first, uint32_t i) {
    Page page = first;
    page.index += i;
    page.own = nullptr;
    page.lazy = false;
    return page;
  }

  void Remap(Process *process) {
    uint32_t start, old_pages, to, new_pages;
    RandomRange(&start, &old_pages);
    RandomRange(&to, &new_pages);
    if (Chance(60) && !process->pages.empty()) {  // part of a mapping, more likely
      auto at = process->pages.lower_bound(start);
      if (at == process->pages.end()) at = process->pages.begin();
      start = at->first;
      old_pages = 1;
      while (process->pages.count(start + old_pages) && Chance(90)) old_pages++;
    }
    if (Chance(20)) new_pages = old_pages;
    if (Chance(5)) old_pages = 0;
    static const uint32_t kFlags[] = {
        0,
        PAGER_REMAP_MAYMOVE,
        PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED,
        PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED,
        PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED,
        PAGER_REMAP_MAYMOVE | PAGER_REMAP_FIXED | PAGER_REMAP_DONTUNMAP};
    uint32_t flags = kFlags[Below(6)];
    if (flags & PAGER_REMAP_DONTUNMAP) new_pages = old_pages;
    int64_t result;
    if (!Ask(process, &result, [&] {
          return pager_remap(machine_.pager, process->space, (uint64_t)start << PAGE_SHIFT,
                             (uint64_t)old_pages << PAGE_SHIFT, (uint64_t)new_pages << PAGE_SHIFT,
                             flags, (uint64_t)to << PAGE_SHIFT);
        }))
      return;
    if (result < 0) {
      bool stays = !(flags & PAGER_REMAP_MAYMOVE);
      EXPECT_TRUE(result == -EINVAL || result == -EFAULT ||
                  (result == -ENOMEM && (stays || MemoryIsOut())))
          << result;
      return;
    }
    ASSERT_TRUE(process->pages.count(start)) << "step " << step_;
    ASSERT_TRUE(!(flags & PAGER_REMAP_FIXED) || result == (int64_t)to << PAGE_SHIFT);
    bool stays = old_pages == 0 || (flags & PAGER_REMAP_DONTUNMAP);
    if (!(flags & PAGER_REMAP_FIXED) && new_pages <= old_pages) {
      ASSERT_EQ(result, (int64_t)start << PAGE_SHIFT);
      for (uint32_t i = start + new_pages; i < start + old_pages; i++) process->pages.erase(i);
      return;
    }
    MovePages(process, start, old_pages, (uint32_t)(result >> PAGE_SHIFT), new_pages, stays);
  }

  void MovePages(Process *process, uint32_t start, uint32_t old_pages, uint32_t to,
                 uint32_t new_pages, bool stays) {
    std::vector<Page> moved;
    for (uint32_t i = 0; i < new_pages; i++) {
      const Page &first = process->pages.at(start);
      moved.push_back(i < old_pages ? process->pages.at(start + i) : Grown(first, i));
    }
    for (uint32_t i = start; i < start + old_pages; i++) {
      if (!stays) {
        process->pages.erase(i);
      } else if (!process->pages.at(i).shared) {
        process->pages.at(i).own = nullptr;
      }
    }
    for (uint32_t i = 0; i < new_pages; i++) process->pages[to + i] = moved[i];
  }

  // --- madvise, mlock -----------------------------------------------------------------------

  struct FlagAdvice {
    uint32_t advice, set, clear;
  };

  // What an advice that sets flags refuses to do with a page.
  static int64_t FlagError(const Page &page, uint32_t advice) {
    return advice == ADVICE_WIPEONFORK && !page.IsPrivateMemory() ? -EINVAL : 0;
  }

  static int64_t DropError(const Page &page, uint32_t advice) {
    if (page.flags & REGION_LOCKED) return -EINVAL;
    return advice == ADVICE_FREE && !page.IsPrivateMemory() ? -EINVAL : 0;
  }

  // Flags as they are, after a call without memory.
  void AdoptFlags(Process *process, uint32_t start, uint32_t pages) {
    for (uint32_t i = start; i < start + pages; i++) {
      auto at = process->pages.find(i);
      if (at == process->pages.end()) continue;
      at->second.flags = region_find(process->space->regions, i)->flags & kModelFlags;
      if (!at->second.shared) AdoptPage(process, i, &at->second);
    }
  }

  void Advise(Process *process) {
    static const FlagAdvice kAdvices[] = {{ADVICE_DONTNEED, 0, 0},
                                          {ADVICE_DONTNEED, 0, 0},
                                          {ADVICE_FREE, 0, 0},
                                          {ADVICE_WILLNEED, 0, 0},
                                          {ADVICE_NORMAL, 0, REGION_ADVICE},
                                          {ADVICE_RANDOM, REGION_RANDOM, REGION_ADVICE},
                                          {ADVICE_SEQUENTIAL, REGION_SEQUENTIAL, REGION_ADVICE},
                                          {ADVICE_DONTFORK, REGION_DONTFORK, 0},
                                          {ADVICE_DOFORK, 0, REGION_DONTFORK},
                                          {ADVICE_WIPEONFORK, REGION_WIPEONFORK, 0},
                                          {ADVICE_KEEPONFORK, 0, REGION_WIPEONFORK}};
    const FlagAdvice &a = kAdvices[Below(sizeof(kAdvices) / sizeof(kAdvices[0]))];
    bool drops = a.advice == ADVICE_DONTNEED || a.advice == ADVICE_FREE;
    uint32_t start, pages;
    RandomRange(&start, &pages);
    int64_t expected = 0, error = 0;
    uint32_t end = start;
    for (; end < start + pages; end++) {
      auto at = process->pages.find(end);
      if (at == process->pages.end()) {
        expected = -ENOMEM;
        continue;
      }
      error = drops ? DropError(at->second, a.advice) : FlagError(at->second, a.advice);
      if (error) break;
    }
    if (error) expected = error;
    int64_t result;
    if (!Ask(process, &result, [&] {
          return pager_advise(machine_.pager, process->space, machine_.kernel.NewToken(),
                              (uint64_t)start << PAGE_SHIFT, (uint64_t)pages << PAGE_SHIFT,
                              a.advice);
        }))
      return;
    if (a.advice == ADVICE_FREE) {
      for (uint32_t i = start; i < end; i++) {
        auto at = process->pages.find(i);
        if (at != process->pages.end()) at->second.lazy = at->second.own != nullptr;
      }
    }
    if (result == -ENOMEM) {
      EXPECT_TRUE(expected == -ENOMEM || MemoryIsOut());
      AdoptFlags(process, start, pages);
      return;
    }
    ASSERT_EQ(result, expected) << "step " << step_ << " advice " << a.advice;
    for (uint32_t i = start; i < end; i++) {
      auto at = process->pages.find(i);
      if (at == process->pages.end()) continue;
      if (a.advice == ADVICE_DONTNEED && !at->second.shared) at->second.own = nullptr;
      at->second.flags = (at->second.flags & ~a.clear) | a.set;
    }
    // Some of what may go is wanted again.
    if (a.advice == ADVICE_FREE && end > start) AccessPage(process, start, FAULT_WRITE);
  }

  void Populate(Process *process, uint32_t start, uint32_t pages, uint32_t advice) {
    uint32_t badge = process->space->badge;
    token_t token = machine_.kernel.NewToken();
    int64_t result =
        pager_advise(machine_.pager, process->space, token, (uint64_t)start << PAGE_SHIFT,
                     (uint64_t)pages << PAGE_SHIFT, advice);
    if (result == PAGER_PARKED && Chance(5)) {
      Kill(badge);
      return;
    }
    result = Await(result, token, process);
    if (process->ended) return;
    // How far it got where it failed is not known: takes over what private copies there are, which
    // must have the bytes that were there.
    for (uint32_t i = start; i < start + pages && advice != ADVICE_POPULATE_READ; i++) {
      auto at = process->pages.find(i);
      if (at == process->pages.end() || at->second.shared) continue;
      Page &page = at->second;
      uint32_t known = KnownBytes(page);
      Bytes expected(known);
      if (known > 0) std::memcpy(expected.data(), Expected(page), known);
      AdoptPage(process, i, &page);
      if (page.own) {
        ASSERT_EQ(std::memcmp(page.own->data(), expected.data(), known), 0) << "step " << step_;
      }
    }
    EXPECT_TRUE(result > 0 || result == -ENOMEM || result == -EINVAL || result == -EFAULT);
  }

  void PopulateSome(Process *process) {
    static const uint32_t kAdvices[] = {ADVICE_POPULATE_READ, ADVICE_POPULATE_WRITE,
                                        ADVICE_POPULATE_LOCKED, ADVICE_POPULATE_ALL};
    uint32_t start, pages;
    RandomRange(&start, &pages);
    Populate(process, start, pages, kAdvices[Below(4)]);
  }

  void LockSome(Process *process) {
    uint32_t start, pages;
    RandomRange(&start, &pages);
    bool locks = Chance(30);
    if (locks && pages > 8) pages = 8;
    int64_t expected = 0;
    uint32_t end = start;
    while (end < start + pages && process->pages.count(end)) end++;
    if (end < start + pages) expected = -ENOMEM;
    uint64_t va = (uint64_t)start << PAGE_SHIFT, length = (uint64_t)pages << PAGE_SHIFT;
    int64_t result;
    if (!Ask(process, &result, [&] {
          return locks ? pager_lock(machine_.pager, process->space, va, length, 0)
                       : pager_unlock(machine_.pager, process->space, va, length, 0);
        }))
      return;
    if (result == -ENOMEM) {
      EXPECT_TRUE(expected == -ENOMEM || MemoryIsOut());
      AdoptFlags(process, start, pages);
      return;
    }
    ASSERT_EQ(result, expected);
    for (uint32_t i = start; i < end; i++) {
      uint32_t &flags = process->pages.at(i).flags;
      flags = locks ? flags | REGION_LOCKED : flags & ~(uint32_t)REGION_LOCKED;
    }
    if (locks) Populate(process, start, pages, ADVICE_POPULATE_LOCKED);
  }

  // It changes nothing that can be read.
  void LimitResident(Process *process) {
    uint64_t bytes = Chance(30) ? LIMIT_NONE : (uint64_t)Below(100) << PAGE_SHIFT;
    ASSERT_EQ(pager_limit(machine_.pager, process->space, LIMIT_RSS, bytes, LIMIT_NONE), 0);
  }

  // --- files --------------------------------------------------------------------------------

  // A range of pages in the process for a copy, mapped or not.
  uint64_t RandomBuffer(Process *process, uint32_t bytes) {
    uint32_t number = kArena + Below(kArenaPages - bytes / PAGE_SIZE - 2);
    if (!process->pages.empty() && Chance(90)) {
      auto at = process->pages.lower_bound(number);
      if (at != process->pages.end()) number = at->first;
    }
    return ((uint64_t)number << PAGE_SHIFT) + (Chance(50) ? Below(PAGE_SIZE) : 0);
  }

  // Whether each page of a buffer allows the access.
  bool BufferOk(const Process &process, uint64_t va, uint32_t bytes, uint32_t access) {
    for (uint64_t p = va >> PAGE_SHIFT; p <= (va + bytes - 1) >> PAGE_SHIFT; p++) {
      if (ExpectedReason(process, (uint32_t)p, access) != 0) return false;
    }
    return true;
  }

  // Whether a buffer shows the file itself: then the order of the copy matters.
  bool BufferIs(const Process &process, uint64_t va, uint32_t bytes, const File *file) {
    for (uint64_t p = va >> PAGE_SHIFT; p <= (va + bytes - 1) >> PAGE_SHIFT; p++) {
      auto at = process.pages.find((uint32_t)p);
      if (at != process.pages.end() && at->second.file.get() == file) return true;
    }
    return false;
  }

  bool BufferIsLazy(const Process &process, uint64_t va, uint32_t bytes) {
    for (uint64_t p = va >> PAGE_SHIFT; p <= (va + bytes - 1) >> PAGE_SHIFT; p++) {
      auto at = process.pages.find((uint32_t)p);
      if (at != process.pages.end() && at->second.lazy) return true;
    }
    return false;
  }

  void CopyOut(Process *process, uint64_t va, const uint8_t *from, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes;) {
      uint32_t number = (uint32_t)((va + i) >> PAGE_SHIFT);
      Page *page = &process->pages.at(number);
      if (page->lazy) AdoptPage(process, number, page);
      page->lazy = false;
      uint32_t offset = (va + i) & PAGE_MASK;
      uint32_t count = std::min(bytes - i, (uint32_t)PAGE_SIZE - offset);
      std::memcpy(Writable(page) + offset, from + i, count);
      i += count;
    }
  }

  void ReadFile(Process *process) {
    File *file = files_[Below(kFiles)].get();
    if (file->size == 0) return;
    uint64_t offset = Below((uint32_t)file->size);
    uint32_t length = 1 + Below(std::min<uint32_t>((uint32_t)(file->size - offset), 20000));
    uint64_t va = RandomBuffer(process, length);
    if (BufferIs(*process, va, length, file)) return;
    token_t token = machine_.kernel.NewToken();
    int64_t result = Await(pager_object_read(machine_.pager, process->space, token, file->object,
                                             offset, va, length, 4711),
                           token, process);
    if (process->ended) return AdoptBuffer(process, va, length);
    if (!BufferOk(*process, va, length, FAULT_WRITE)) {
      EXPECT_LT(result, (int64_t)length);
      AdoptBuffer(process, va, length);
    } else if (result < (int64_t)length) {
      EXPECT_TRUE(errors_ || result >= 0 || result == -ENOMEM) << result;
      AdoptBuffer(process, va, length);
    } else {
      EXPECT_EQ(result, (int64_t)length);
      CopyOut(process, va, &file->bytes[offset], length);
    }
  }

  // What fs does before it forwards a write. Returns how many pages hold no data yet.
  bool Prepare(File *file, uint64_t offset, uint32_t length, uint32_t *fresh) {
    uint64_t end = offset + length;
    uint32_t old_pages = file->Pages();
    uint32_t first = (uint32_t)(offset >> PAGE_SHIFT);
    uint32_t end_page = (uint32_t)((end + PAGE_MASK) >> PAGE_SHIFT);
    FakeStore::File &stored = machine_.store.file(file->cookie);
    if (end > file->size) {
      if (pager_object_resize(machine_.pager, file->object, end) < 0) return false;
      std::fill(file->bytes.begin() + (ptrdiff_t)file->size, file->bytes.end(), 0);
      file->bytes.resize((size_t)end_page * PAGE_SIZE, 0);
      // What fs has to do before the end moves over the rest of the last block.
      std::fill(stored.bytes.begin() + (ptrdiff_t)file->size, stored.bytes.end(), 0);
      machine_.store.Resize(file->cookie, end);
      file->size = end;
    }
    *fresh = end_page - std::max(first, std::min(old_pages, end_page));
    for (uint32_t i = first; i < end_page; i++) {
      if (stored.allocated[i]) continue;
      stored.allocated[i] = true;
      std::memset(&stored.bytes[(size_t)i * PAGE_SIZE], i >= old_pages ? kGarbage : 0, PAGE_SIZE);
    }
    return true;
  }

  void WriteFile(Process *process) {
    File *file = files_[Below(kFiles)].get();
    uint64_t offset = Below((uint32_t)std::min<uint64_t>(file->size + 9000, 180000));
    uint32_t length = 1 + Below(20000);
    uint64_t va = RandomBuffer(process, length);
    if (BufferIs(*process, va, length, file) || BufferIsLazy(*process, va, length)) return;
    uint32_t fresh = 0;
    if (!Prepare(file, offset, length, &fresh)) return;
    token_t token = machine_.kernel.NewToken();
    int64_t result = Await(pager_object_write(machine_.pager, process->space, token, file->object,
                                              fresh, offset, va, length, 4712),
                           token, process);
    if (process->ended) return AdoptWritten(file, offset, length);
    bool ok = BufferOk(*process, va, length, FAULT_READ);
    if (!ok || result < (int64_t)length) {
      EXPECT_LT(result, (int64_t)length);
      EXPECT_TRUE(!ok || errors_ || result >= 0 || result == -ENOMEM) << result;
      AdoptWritten(file, offset, length);
      return;
    }
    EXPECT_EQ(result, (int64_t)length);
    for (uint32_t i = 0; i < length; i++) {
      const Page &page = process->pages.at((uint32_t)((va + i) >> PAGE_SHIFT));
      file->bytes[offset + i] = Expected(page)[(va + i) & PAGE_MASK];
    }
  }

  void Truncate() {
    File *file = files_[Below(kFiles)].get();
    uint64_t size = Below(kFilePages * (uint32_t)PAGE_SIZE);
    if (Chance(30)) size &= ~PAGE_MASK;
    int64_t result = pager_object_resize(machine_.pager, file->object, size);
    if (result == -EBUSY) return;
    ASSERT_EQ(result, 0);
    uint64_t least = std::min(size, file->size);
    machine_.store.Resize(file->cookie, size);
    Bytes &stored = machine_.store.file(file->cookie).bytes;
    std::fill(stored.begin() + (ptrdiff_t)least, stored.end(), 0);
    file->size = size;
    std::fill(file->bytes.begin() + (ptrdiff_t)least, file->bytes.end(), 0);
    file->bytes.resize((size_t)file->Pages() * PAGE_SIZE, 0);
    for (auto &[badge, process] : processes_) {
      for (auto &[number, page] : process.pages) {
        if (page.file.get() == file && page.index >= file->Pages()) page.own = nullptr;
      }
    }
  }

  void Flush() {
    const File *file = files_[Below(kFiles)].get();
    token_t token = machine_.kernel.NewToken();
    uint32_t id = Chance(80) ? file->object : 0;
    int64_t result =
        Await(pager_object_flush(machine_.pager, processes_.begin()->first, token, id, 0), token,
              &processes_.begin()->second);
    EXPECT_TRUE(result == 0 || errors_ || result == -ENOMEM) << result;
  }

  void Replace() {
    uint32_t i = Below(kFiles);
    std::shared_ptr<File> file = files_[i];
    int64_t result = pager_object_destroy(machine_.pager, file->object, 1);
    if (result == -EBUSY) return;
    ASSERT_EQ(result, 0);
    file->size = 0;
    EXPECT_EQ(pager_object_resize(machine_.pager, file->object, 0), -EINVAL);
    std::shared_ptr<File> fresh;
    while (!(fresh = NewFile())) {
      if (processes_.empty()) return;
      Kill(processes_.begin()->first);
    }
    files_[i] = fresh;
  }

  // --- swap ---------------------------------------------------------------------------------

  void AddSwap() {
    if (swap_slots_ == 0) return;
    uint64_t cookie = kSwap + next_swap_++;
    uint32_t slots = 1 + Below(swap_slots_);
    machine_.store.Make(cookie, slots, 0);
    int64_t area = pager_swap_add(machine_.pager, cookie, slots, Below(3));
    if (area > 0) {
      areas_.push_back((uint64_t)area);
    } else {
      EXPECT_TRUE(area == -ENOMEM || area == -EPERM) << area;
    }
  }

  void RemoveSwap() {
    if (areas_.empty()) return;
    size_t i = Below((uint32_t)areas_.size());
    token_t token = machine_.kernel.NewToken();
    int64_t result =
        Await(pager_swap_remove(machine_.pager, 0, token, areas_[i], 0), token, nullptr);
    EXPECT_TRUE(result == 0 || result == -ENOMEM || (errors_ && result == -EIO)) << result;
    if (result == 0) areas_.erase(areas_.begin() + (ptrdiff_t)i);
  }

  // As if some frames were wanted.
  void Evict() {
    struct pager *pager = machine_.pager;
    pager->free_low = pager->free.count + 1;
    pager->evict.high = pager->free_low + 1 + Below(100);
    pager_between(pager);
    evict_set_limits(pager);
    pager->evict.active = false;
  }

  void ChoosePolicy() {
    EXPECT_GE(pager_option(machine_.pager, PAGER_POLICY, Below(PAGER_POLICY_COUNT)), 0);
  }

  // --- steps --------------------------------------------------------------------------------

  Process *RandomProcess() {
    auto at = processes_.begin();
    std::advance(at, Below((uint32_t)processes_.size()));
    return &at->second;
  }

  void Step() {
    if (Chance(30)) Answer();
    pager_between(machine_.pager);
    EndVictim();
    Reap();
    if (processes_.empty()) Spawn();
    if (processes_.empty()) return;
    if (Chance(2)) machine_.kernel.map_failures = Below(3);
    Process *process = RandomProcess();
    uint32_t badge = process->space->badge;
    if (process->waiting) {
      if (Chance(2)) Kill(badge);
      return;
    }
    uint32_t what = Below(1000);
    if (what < 320) {
      Access(process, FAULT_READ);
    } else if (what < 635) {
      Access(process, FAULT_WRITE);
    } else if (what < 660) {
      Remap(process);
    } else if (what < 680) {
      Advise(process);
    } else if (what < 690) {
      PopulateSome(process);
    } else if (what < 700) {
      if (Chance(30)) LimitResident(process);
      LockSome(process);
    } else if (what < 770) {
      Map(process);
    } else if (what < 810) {
      Unmap(process);
    } else if (what < 860) {
      Protect(process);
    } else if (what < 870) {
      sweeps_ ? Protect(process) : ProtectOneByOne(process);
    } else if (what < 890) {
      if (processes_.size() < kProcesses) Fork(badge);
    } else if (what < 900) {
      if (processes_.size() > 1) Kill(badge);
    } else if (what < 930) {
      ReadFile(process);
    } else if (what < 960) {
      WriteFile(process);
    } else if (what < 970) {
      Truncate();
    } else if (what < 990) {
      Sync(process);
    } else if (what < 995) {
      Flush();
    } else if (what < 997) {
      Replace();
    } else if (sweeps_) {
      Sweep(process);
    } else if (what < 998) {
      AddSwap();
    } else if (what < 999) {
      RemoveSwap();
    } else {
      ChoosePolicy();
    }
    if (swap_slots_ > 0 && Chance(3)) Evict();
    Reap();
  }

  // Everything is stored and given back.
  void Finish() {
    errors_ = false;
    if (testing::Test::HasFatalFailure() || testing::Test::HasNonfatalFailure()) return;
    machine_.kernel.map_failures = 0;
    while (!processes_.empty()) Kill(processes_.begin()->first);
    machine_.store.Drain();
    token_t token = machine_.kernel.NewToken();
    EXPECT_EQ(Await(pager_object_flush(machine_.pager, 0, token, 0, 0), token, nullptr), 0);
    machine_.kernel.Check();
    for (auto &file : files_) {
      const FakeStore::File &stored = machine_.store.file(file->cookie);
      for (uint64_t i = 0; i < file->size; i++) {
        uint8_t byte = stored.allocated[i >> PAGE_SHIFT] ? stored.bytes[i] : 0;
        ASSERT_EQ(byte, file->bytes[i]) << "file " << file->cookie << " byte " << i;
      }
      EXPECT_EQ(pager_object_destroy(machine_.pager, file->object, 0), 0);
    }
    machine_.store.Drain();
    machine_.kernel.Check();
    while (!areas_.empty()) RemoveSwap();
    EXPECT_EQ(machine_.pager->swap.free, 0u);
    EXPECT_EQ(machine_.ItemsInUse(), 0u);
    EXPECT_EQ(machine_.pager->frames_kernel, 0u);
    EXPECT_EQ(machine_.FramesInUse(), machine_.pager->frames_reserved);
    EXPECT_EQ(machine_.pager->requests.used, 0u);
    if (std::getenv("QUIRE_VERBOSE")) {
      std::printf("swapped out %lu in %lu evicted %u ended %zu\n",
                  (unsigned long)machine_.pager->counts.pages_swapped_out,
                  (unsigned long)machine_.pager->counts.pages_swapped_in, machine_.pager->evicted,
                  machine_.ended.size());
    }
  }

  FakeMachine machine_;
  uint32_t seed_;
  std::mt19937_64 random_;
  bool errors_;
  bool had_errors_;  // which may be told later
  bool sweeps_;
  uint32_t step_ = 0;
  uint32_t generation_ = 0;
  uint64_t next_cookie_ = 1;
  std::vector<std::shared_ptr<File>> files_;
  std::map<uint32_t, Process> processes_;
  std::vector<uint32_t> dying_;
  uint32_t swap_slots_;  // of an area at most; 0: none is made
  uint64_t next_swap_ = 0;
  uint32_t with_odd_ = 0;  // times that a process has odd pages
  std::vector<uint64_t> areas_;
};

struct Case {
  uint32_t seed, frames, steps;
  bool errors;
  bool sweeps = false;
  uint32_t swap_slots = 0;
};

constexpr std::chrono::seconds kTimeToShrink(30);

class RandomTest : public testing::TestWithParam<Case> {
 protected:
  // For longer searches than a test should make.
  static uint32_t Seed() {
    const char *more = std::getenv("QUIRE_SEED_OFFSET");
    return GetParam().seed + (more ? (uint32_t)std::atoi(more) : 0);
  }

  // All steps, or those that a failure has printed.
  static Steps AllSteps() {
    Steps steps(GetParam().steps);
    std::iota(steps.begin(), steps.end(), 0);
    if (const char *some = std::getenv("QUIRE_STEPS")) {
      std::istringstream numbers(some);
      steps.assign(std::istream_iterator<uint32_t>(numbers), {});
    }
    return steps;
  }

  // Takes the steps in a process of its own, as the core may crash. => as Attempt (shrink.h)
  static size_t Take(const Steps &steps, bool whole) {
    const Case &c = GetParam();
    void *shared =
        mmap(nullptr, sizeof(size_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto *taken = new (shared) size_t(0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
      if (!whole && !(freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr))) {
        _exit(0);
      }
      Random random(Seed(), c.frames, c.errors, c.sweeps, c.swap_slots);
      random.Run(steps, taken);
      if (whole && c.sweeps) {
        EXPECT_GT(random.large_maps(), 0u);
      } else if (whole) {
        EXPECT_GT(random.with_odd(), 0u);
      }
      fflush(stdout);
      _exit(HasFailure());
    }
    int status = -1;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    size_t result = status == 0 ? 0 : std::max<size_t>(*taken, 1);
    munmap(shared, sizeof(size_t));
    return result;
  }
};

TEST_P(RandomTest, MatchesTheModel) {
  Steps steps = AllSteps();
  size_t taken = Take(steps, true);
  if (taken == 0) return;
  steps.resize(taken);
  steps = Shrink(
      steps, [](const Steps &some) { return Take(some, false); }, kTimeToShrink);
  std::string numbers;
  for (uint32_t step : steps) numbers += std::to_string(step) + " ";
  FAIL() << "seed " << Seed() << " frames " << GetParam().frames << "; it also fails with "
         << steps.size() << " steps: QUIRE_STEPS='" << numbers << "'";
}

INSTANTIATE_TEST_SUITE_P(PlentyOfMemory, RandomTest,
                         testing::Values(Case{1, 8192, 30000, false}, Case{2, 8192, 30000, true}));
INSTANTIATE_TEST_SUITE_P(LargePages, RandomTest, testing::Values(Case{7, 8192, 1000, true, true}));
INSTANTIATE_TEST_SUITE_P(LittleMemory, RandomTest,
                         testing::Values(Case{3, 1100, 30000, false, false, 0},
                                         Case{4, 1100, 30000, true, false, 0},
                                         Case{5, 900, 30000, true, false, 0},
                                         Case{6, 750, 30000, true, false, 0}));

INSTANTIATE_TEST_SUITE_P(Swap, RandomTest,
                         testing::Values(Case{11, 8192, 30000, false, false, 3000},
                                         Case{12, 1100, 30000, false, false, 2000},
                                         Case{13, 800, 30000, false, false, 2000},
                                         Case{14, 800, 30000, true, false, 500},
                                         Case{15, 720, 30000, true, false, 100},
                                         Case{16, 720, 30000, true, false, 2000}));

}  // namespace
