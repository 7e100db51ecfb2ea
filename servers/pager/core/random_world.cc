#include "servers/pager/core/random_world.h"

#include <algorithm>
#include <cstring>

#include "protocols/proc.h"

namespace {

constexpr uint32_t kFramesOfCall = 8;

}  // namespace

RandomWorld::RandomWorld(const RandomCase &c)
    : machine(c.frames, 512),
      errors(c.errors),
      had_errors(c.errors),
      sweeps(c.sweeps),
      swap_slots(c.swap_slots),
      seed_(c.seed),
      random_(c.seed) {
  machine.kernel.spurious_every = kSpuriousEvery;
  for (uint32_t i = 0; i < kFiles; i++) files.push_back(NewFile());
  Spawn();
}

void RandomWorld::BeginStep(uint32_t number) {
  step = number;
  random_.seed((uint64_t)seed_ << 32 | number);
}

// --- choices -------------------------------------------------------------------------------------

uint32_t RandomWorld::Prot() {
  static const uint32_t kProts[] = {
      0, PROT_R, PROT_R, PROT_R | PROT_W, PROT_R | PROT_W, PROT_R | PROT_W};
  return kProts[Below(6)];
}

void RandomWorld::Range(uint32_t *start, uint32_t *pages) {
  *pages = Chance(50) ? 1 + Below(4) : 1 + Below(60);
  *start = kArena + Below(kArenaPages - *pages);
  if (sweeps && Chance(20)) *start = kSweep + Below(kSweepPages - *pages);
}

Process *RandomWorld::AnyProcess() {
  auto at = processes.begin();
  std::advance(at, Below((uint32_t)processes.size()));
  return &at->second;
}

// --- time passes ---------------------------------------------------------------------------------

void RandomWorld::Answer() {
  machine.store.Take();
  if (machine.store.Waiting() == 0) return;
  size_t i = Below((uint32_t)machine.store.Waiting());
  int32_t error = 0;
  if (errors && Chance(4)) error = Chance(50) ? -EIO : -ENOSPC;
  machine.store.Answer(i, error);
  for (auto &process : processes) Poll(&process.second);
  Reap();
}

bool RandomWorld::EndVictim() {
  if (!machine.EndVictim()) return false;
  uint32_t badge = machine.ended.back();
  processes.at(badge).ended = true;
  dying_.push_back(badge);
  return true;
}

struct Answer RandomWorld::Await(token_t token, const Process *process) {
  struct Answer answer = {};
  while (!machine.kernel.TakeAnswer(token, &answer)) {
    pager_between(machine.pager);
    bool ended = EndVictim();
    if (process && process->ended) break;
    if (ended) continue;  // it may not have been enough
    if (machine.kernel.TakeAnswer(token, &answer)) break;
    if (machine.kernel.out_of_memory) continue;
    machine.store.Take();
    if (machine.store.Waiting() == 0) {
      ADD_FAILURE() << "step " << step << ": waits for nothing";
      break;
    }
    Answer();
  }
  return answer;
}

int64_t RandomWorld::Await(int64_t result, token_t token, const Process *process) {
  return result == PAGER_PARKED ? Await(token, process).status : result;
}

bool RandomWorld::Ask(Process *process, int64_t *result, const std::function<int64_t()> &call) {
  token_t token = machine.kernel.NewToken();
  *result = Await(machine.Call(process->space, token, call), token, process);
  machine.kernel.calls.erase(token);
  return !process->ended;
}

bool RandomWorld::MemoryIsOut() {
  struct pending **list;
  return errors || evict_wait_for_call(machine.pager, kFramesOfCall, &list) == MEMORY_NEVER;
}

void RandomWorld::MayEvict() {
  if (swap_slots == 0 || !Chance(3)) return;
  struct pager *pager = machine.pager;
  pager->free_low = pager->free.count + 1;
  pager->evict.high = pager->free_low + 1 + Below(100);
  pager_between(pager);
  evict_set_limits(pager);
  pager->evict.active = false;
}

// --- files and processes -------------------------------------------------------------------------

std::shared_ptr<ModelFile> RandomWorld::NewFile() {
  auto file = std::make_shared<ModelFile>();
  file->cookie = next_cookie_++;
  uint32_t pages = 1 + Below(kFilePages);
  machine.store.Make(file->cookie, pages, Below(256));
  file->bytes = machine.store.file(file->cookie).bytes;
  file->size = (uint64_t)pages * PAGE_SIZE;
  int64_t id = pager_object_create(machine.pager, file->cookie, file->size, OBJECT_OF_FILE, 0, 0);
  if (id < 0) {
    EXPECT_EQ(id, -ENOMEM);
    return nullptr;
  }
  file->object = (uint32_t)id;
  return file;
}

void RandomWorld::Spawn() {
  uint32_t badge = FreeBadge();
  int64_t status = pager_space_create(machine.pager, badge);
  if (status < 0) {
    EXPECT_EQ(status, -ENOMEM);
    return;
  }
  processes[badge].space = pager_space(machine.pager, badge);
}

uint32_t RandomWorld::FreeBadge() {
  uint32_t slot = SLOT_FIRST_PROGRAM;
  while (machine.pager->space[slot]) slot++;
  return slot | ++generation_ << SLOT_BITS;
}

void RandomWorld::Fork(uint32_t badge) {
  uint32_t child = FreeBadge();
  int64_t status = pager_fork(machine.pager, badge, child);
  if (status < 0) {
    EXPECT_EQ(status, -ENOMEM);
    return;
  }
  processes[child].space = pager_space(machine.pager, child);
  processes[child].pages = processes[badge].Inherited();
}

void RandomWorld::Kill(uint32_t badge) {
  struct pager_usage usage;
  EXPECT_EQ(pager_kill(machine.pager, badge, &usage), 0);
  processes.erase(badge);
}

void RandomWorld::Reap() {
  for (uint32_t badge : dying_) {
    if (!processes.count(badge)) continue;
    if (processes.at(badge).ended) {
      processes.erase(badge);
    } else {
      Kill(badge);
    }
  }
  dying_.clear();
}

// --- accesses ------------------------------------------------------------------------------------

void RandomWorld::CheckSignal(Process *process, const struct Answer &answer, uint64_t va,
                              uint32_t access) {
  ASSERT_EQ(answer.kind, Answer::kSignal);
  uint32_t expected = process->ExpectedReason((uint32_t)(va >> PAGE_SHIFT), access);
  if (answer.reason == FAULT_NO_MEMORY) {
    dying_.push_back(process->space->badge);
  } else if (answer.reason == FAULT_IO_ERROR) {
    EXPECT_TRUE(errors);
  } else {
    EXPECT_EQ(answer.reason, expected) << "step " << step;
  }
}

// A fault that was answered is as good as an access: the private copy is made now.
void RandomWorld::Poll(Process *process) {
  struct Answer answer;
  if (!process->waiting || !machine.kernel.TakeAnswer(process->waiting, &answer)) return;
  process->waiting = 0;
  if (answer.kind == Answer::kSignal) {
    CheckSignal(process, answer, process->fault_va, process->fault_access);
  } else if (process->fault_access == FAULT_WRITE) {
    process->pages.at((uint32_t)(process->fault_va >> PAGE_SHIFT)).Writable();
  }
}

void RandomWorld::Access(Process *process, uint32_t access) {
  uint32_t number = kArena + Below(kArenaPages);
  if (sweeps && Chance(20)) number = kSweep + Below(kSweepPages);
  if (!process->pages.empty() && Chance(95)) {
    auto at = process->pages.lower_bound(number);
    number = at == process->pages.end() ? process->pages.begin()->first : at->first;
  }
  AccessPage(process, number, access);
}

void RandomWorld::AccessPage(Process *process, uint32_t number, uint32_t access) {
  uint64_t va = (uint64_t)number << PAGE_SHIFT;
  uint32_t reason = process->ExpectedReason(number, access);
  uint32_t known = reason == 0 ? process->pages.at(number).KnownBytes() : PAGE_SIZE;
  uint32_t offset = Below(known);
  bool answered;
  struct Answer answer = {};
  token_t token = machine.kernel.NewToken();
  uint8_t *at =
      machine.kernel.Access(process->space->slot, va + offset, access, token, &answer, &answered);
  if (at) {
    ASSERT_EQ(reason, 0u) << "step " << step << ": access that must fail";
    Use(process, number, access, at, offset, known);
  } else if (answered) {
    CheckSignal(process, answer, va, access);
  } else {
    process->waiting = token;
    process->fault_va = va;
    process->fault_access = access;
  }
}

void RandomWorld::Use(Process *process, uint32_t number, uint32_t access, uint8_t *at,
                      uint32_t offset, uint32_t known) {
  ModelPage *page = &process->pages.at(number);
  page->Settle(at - offset);
  if (access == FAULT_WRITE) page->lazy = false;
  const uint8_t *expected = page->Expected();
  ASSERT_EQ(std::memcmp(at - offset, expected, known), 0) << "step " << step << " page " << number;
  if (access != FAULT_WRITE) return;
  *at = (uint8_t)random_();
  page->Writable()[offset] = *at;
}

// --- after failures ------------------------------------------------------------------------------

void RandomWorld::AdoptBuffer(Process *process, uint64_t va, uint32_t bytes) {
  for (uint64_t p = va >> PAGE_SHIFT; p <= (va + bytes - 1) >> PAGE_SHIFT; p++) {
    auto at = process->pages.find((uint32_t)p);
    if (at == process->pages.end()) continue;
    ModelPage &page = at->second;
    if (page.shared && page.file) {
      AdoptFile(page.file.get(), page.index, page.index + 1);
    } else if (page.memory) {
      AdoptMemory(page);
    } else if (!process->ended) {
      AdoptPage(process, (uint32_t)p, &page);
    }
  }
}

void RandomWorld::AdoptFile(ModelFile *file, uint32_t first, uint32_t end) {
  struct object *object = object_of(machine.pager, file->object);
  FakeStore::File &stored = machine.store.file(file->cookie);
  for (uint32_t i = first; i < end && i < file->Pages(); i++) {
    uint8_t *to = &file->bytes[(size_t)i * PAGE_SIZE];
    uint32_t frame = object_frame(machine.pager, object, i);
    if (frame && page_of(machine.pager, frame)->state != PAGE_FILLING) {
      std::memcpy(to, machine.kernel.memory(frame), PAGE_SIZE);
    } else if (stored.allocated[i]) {
      std::memcpy(to, &stored.bytes[(size_t)i * PAGE_SIZE], PAGE_SIZE);
    } else {
      std::memset(to, 0, PAGE_SIZE);
    }
  }
  // The rest of the last page is zero, whatever the store has there.
  std::fill(file->bytes.begin() + (ptrdiff_t)file->size, file->bytes.end(), 0);
}

void RandomWorld::AdoptWritten(ModelFile *file, uint64_t offset, uint32_t length) {
  AdoptFile(file, (uint32_t)(offset >> PAGE_SHIFT),
            (uint32_t)((offset + length + PAGE_MASK) >> PAGE_SHIFT));
}

// The bytes of a page that is in memory or in a swap area.
const uint8_t *RandomWorld::Content(uint32_t entry) {
  if (!entry_is_swapped(entry)) return machine.kernel.memory(entry);
  const struct swap_area &area = machine.pager->swap.area[entry_slot(entry) >> SWAP_INDEX_BITS];
  size_t index = entry_slot(entry) & SWAP_INDEX_MASK;
  return &machine.store.file(area.object->cookie).bytes[index * PAGE_SIZE];
}

void RandomWorld::AdoptPage(Process *process, uint32_t number, ModelPage *page) {
  uint32_t at = number;
  uint32_t frame = space_next(machine.pager, process->space, &at, number + 1);
  page->own = nullptr;
  if (!frame) return;
  const uint8_t *from = Content(frame);
  page->own = std::make_shared<Bytes>(from, from + PAGE_SIZE);
}

// A page of shared memory, as somebody sees it who still lives.
void RandomWorld::AdoptMemory(const ModelPage &wanted) {
  for (auto &[badge, process] : processes) {
    for (auto &[number, page] : process.pages) {
      bool same = page.memory == wanted.memory && page.index == wanted.index;
      if (process.ended || !same || page.IsBehindMemory()) continue;
      const struct region *region = region_find(process.space->regions, number);
      uint32_t frame =
          object_frame(machine.pager, region->object, region->offset + number - region->start);
      uint8_t *to = page.memory->data() + (size_t)page.index * PAGE_SIZE;
      if (frame) std::memcpy(to, Content(frame), PAGE_SIZE);
      return;
    }
  }
}
