#include "microkernel/invariants.h"

#include <set>
#include <sstream>

namespace {

template <typename... T>
std::string Text(const T &...part) {
  std::ostringstream out;
  out << std::hex;
  (out << ... << part);
  return out.str();
}

bool IsObject(uint32_t type) {
  return type == OBJECT_SPACE || type == OBJECT_THREAD || type == OBJECT_ENDPOINT ||
         type == FRAME_TABLE || type == FRAME_LEAVES || type == FRAME_HANDLES;
}

template <typename T>
T *At(frame_t frame) {
  return static_cast<T *>(arch_frame_address(frame));
}

}  // namespace

std::string Invariants::Check() {
  failure_.clear();
  for (auto *counts : {&mapped_, &used_, &listed_, &queued_, &threads_})
    counts->assign(frame_total, 0);
  std::set<uint32_t> asids;
  for (frame_t f = frame_first; f < frame_first + frame_total; f++) {
    if (frame_type(f) == OBJECT_SPACE) {
      CheckSpace(At<struct space>(f));
      if (!asids.insert(At<struct space>(f)->asid).second) Fail(Text("two spaces have an ASID"));
    } else if (frame_type(f) == OBJECT_THREAD) {
      CheckThread(At<struct thread>(f));
    }
  }
  CheckQueues();
  CheckFrames();
  CheckGenerations();
  return failure_;
}

void Invariants::Use(frame_t frame, uint8_t type, const char *as) {
  if (!frame_exists(frame) || frame_type(frame) != type)
    return Fail(Text("S1: frame ", frame, " is used as ", as, " but is not one"));
  if (used_[frame - frame_first]++) Fail(Text("S1: frame ", frame, " is used twice, as ", as));
}

void Invariants::CheckSpace(const struct space *space) {
  large_ = 0;
  if (space->root) {
    Use(arch_address_frame(space->root), FRAME_TABLE, "a root");
    CheckTable(space, space->root, LEVELS - 1, 0);
  }
  if (space->root && large_ != space->large) Fail(Text("space->large is ", space->large));
  if (space->root) CheckPool(space);
  CheckTables(space);
  for (uint32_t i = 1; i < space->handle_count / HANDLES_INLINE; i += 2)
    Use(arch_address_frame(space->handles[i]), FRAME_HANDLES, "handles");
}

void Invariants::CheckTable(const struct space *space, const uint64_t *table, int level,
                            uaddr_t base) {
  uint32_t entries = level == LEVELS - 1 ? USER_ROOT_ENTRIES : TABLE_ENTRIES;
  for (uint32_t i = 0; i < entries; i++) {
    uint64_t pte = pte_load(table, i);
    uaddr_t address = base + (static_cast<uint64_t>(i) << (PAGE_SHIFT + 9 * level));
    if (pte == 0) continue;
    if (level > 0 && pte_is_table(pte)) {
      Use(pte_frame(pte), level == 1 ? FRAME_LEAVES : FRAME_TABLE, "a table");
      if (!failure_.empty()) return;
      CheckTable(space, arch_table_address(pte), level - 1, address);
    } else {
      CheckLeaf(space, pte, level, address);
    }
  }
}

void Invariants::CheckLeaf(const struct space *space, uint64_t pte, int level, uaddr_t address) {
  std::string where = Text(" entry ", pte, " for ", address);
  if ((pte & (PTE_V | PTE_U | PTE_G)) != (PTE_V | PTE_U)) return Fail("S1: V, U, G of" + where);
  if (!(pte & PTE_LEAF) || (pte & (PTE_R | PTE_W)) == PTE_W) return Fail("S1: rights of" + where);
  frame_t frame = pte_frame(pte);
  if (level > 0) {
    bool in_window = space == boot_space && level == 1 &&
                     address == BOOT_WINDOW + (static_cast<uint64_t>(frame) << PAGE_SHIFT);
    if (level > 1 || frame % LARGE_FRAMES || !frame_exists(frame)) return Fail("S1: large" + where);
    for (uint32_t i = 0; i < LARGE_FRAMES; i++)
      if (frame_type(frame + i) != FRAME_USER) return Fail("F2: large" + where);
    if (in_window) return;
    mapped_[frame - frame_first]++;
    large_++;
    return;
  }
  if (frame < frame_first) return;  // a device
  if (!frame_exists(frame) || frame_type(frame) != FRAME_USER) return Fail("S1: frame of" + where);
  mapped_[frame - frame_first]++;
}

void Invariants::CheckPool(const struct space *space) {
  uint32_t count = 0;
  frame_t frame = space->pool;
  while (frame && failure_.empty()) {
    Use(frame, FRAME_TABLE, "a table in the pool");
    if (!failure_.empty()) return;
    const uint64_t *table = At<uint64_t>(frame);
    for (uint32_t i = 1; i < TABLE_ENTRIES; i++)
      if (table[i]) return Fail(Text("S3: table ", frame, " has entry ", i));
    if (table[0] & PTE_V) return Fail(Text("S3: the link in table ", frame, " is a valid entry"));
    frame = pte_frame(table[0]);
    count++;
  }
  if (count != space->pool_count) Fail(Text("S3: pool_count is ", space->pool_count));
}

// S3: the list of tables has all of the space's, each once.
void Invariants::CheckTables(const struct space *space) {
  for (frame_t f = space->tables; f && failure_.empty(); f = frame_entry(f)->count) {
    if (!frame_exists(f) || (frame_type(f) != FRAME_TABLE && frame_type(f) != FRAME_LEAVES) ||
        listed_[f - frame_first]++)
      Fail(Text("S3: list of tables, at ", f));
    if (space->root) continue;
    used_[f - frame_first]++;  // it is being destroyed
    if (frame_type(f) != FRAME_LEAVES) continue;
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
      if (uint64_t pte = At<uint64_t>(f)[i]) CheckLeaf(space, pte, 0, i * PAGE_SIZE);
  }
}

void Invariants::CheckFrames() {
  for (uint32_t i = 0; i < frame_total; i++) {
    const struct frame &entry = frame_table[i];
    uint8_t type = static_cast<uint8_t>(entry.type_generation);
    if (type == FRAME_TABLE || type == FRAME_LEAVES) {
      if (used_[i] != 1 || listed_[i] != 1) return Fail(Text("S3: table ", frame_first + i));
      continue;
    }
    if (entry.count != mapped_[i])
      return Fail(Text("F1: frame ", frame_first + i, " has count ", entry.count, ", is mapped ",
                       mapped_[i], " times"));
    const uint64_t *word = At<uint64_t>(frame_first + i);
    for (uint32_t w = 0; type == FRAME_BLANK && w < TABLE_ENTRIES; w++)
      if (word[w]) return Fail(Text("F4: blank frame ", frame_first + i, " has word ", w));
    if (mapped_[i] && type != FRAME_USER) return Fail(Text("F1: type of ", frame_first + i));
    if (type == FRAME_HANDLES && used_[i] != 1)
      return Fail(Text("handles ", frame_first + i, " belong to no space"));
    if (type == OBJECT_SPACE && threads_[i] != At<struct space>(frame_first + i)->threads)
      return Fail(Text("space in ", frame_first + i, " does not know its threads"));
  }
}

void Invariants::CheckGenerations() {
  before_.resize(frame_total);
  for (uint32_t i = 0; i < frame_total; i++) {
    uint32_t before = before_[i], now = frame_table[i].type_generation;
    bool same = before >> 8 == now >> 8;
    if ((before & 0xff) == FRAME_LEAVES) before = (before & ~0xffu) | FRAME_TABLE;
    if ((now & 0xff) == FRAME_LEAVES) now = (now & ~0xffu) | FRAME_TABLE;
    if (IsObject(before & 0xff) && (before ^ now) & 0xff && same)
      return Fail(Text("F3: frame ", frame_first + i, " was ", before, ", is ", now));
    before_[i] = frame_table[i].type_generation;
  }
}

void Invariants::CheckThread(const struct thread *thread) {
  frame_t frame = arch_address_frame(thread);
  threads_[arch_address_frame(thread->space) - frame_first]++;
  if (thread->buffer) mapped_[arch_address_frame(thread->buffer) - frame_first]++;
  if (thread->state == THREAD_RUNNING) {
    const host::Machine &machine = host::Machine::Get();
    uint32_t harts = 0;
    for (uint32_t i = 0; i < machine.hart_count(); i++) harts += machine.running(i) == thread;
    if (harts != 1) Fail(Text("thread ", frame, " is RUNNING on ", harts, " harts"));
  }
  if (thread->upcall_due) Fail(Text("T5: nobody waits for the upcall of ", frame));
  if (thread->state == THREAD_REPLY) {
    if (static_cast<uint32_t>(thread->token) != frame) Fail(Text("T2: token of ", frame));
  }
  const struct thread *caller = thread->caller;
  if (caller && thread->state != THREAD_DEAD) {
    bool fits = frame_type(arch_address_frame(caller)) == OBJECT_THREAD &&
                caller->state == THREAD_REPLY && caller->receiver == thread;
    if (!fits) Fail(Text("T4: caller of ", frame));
  }
}

void Invariants::CheckQueue(const struct queue &queue, const std::string &name, uint8_t state) {
  const struct thread *previous = nullptr;
  for (const struct thread *t = queue.head; t; previous = t, t = t->next) {
    frame_t frame = arch_address_frame(t);
    if (t->previous != previous) return Fail(Text("T1: links of ", frame, " in ", name));
    if (t->state != state) return Fail(Text("T1: state of ", frame, " in ", name));
    if (queued_[frame - frame_first]++) return Fail(Text("T1: ", frame, " is in two queues"));
  }
  if (queue.tail != previous) Fail("T1: tail of " + name);
}

void Invariants::CheckQueues() {
  for (uint32_t h = 0; h < hart_count_running; h++) {
    for (uint32_t p = 0; p < PRIORITIES; p++) {
      const struct queue &queue = harts[h]->ready[p];
      CheckQueue(queue, Text("run queue ", h, ".", p), THREAD_READY);
      for (const struct thread *t = queue.head; t && failure_.empty(); t = t->next)
        if (t->queue != harts[h] || t->priority != p) Fail(Text("T1: place in queue ", h, ".", p));
    }
  }
  for (frame_t f = frame_first; f < frame_first + frame_total; f++) {
    if (frame_type(f) != OBJECT_ENDPOINT) continue;
    const struct endpoint *endpoint = At<struct endpoint>(f);
    CheckQueue(endpoint->senders, Text("senders of ", f), THREAD_SENDING);
    for (const struct thread *t = endpoint->receivers; t && failure_.empty(); t = t->next) {
      uint32_t &queued = queued_[arch_address_frame(t) - frame_first];
      if (t->state != THREAD_RECEIVING || t->waiting != endpoint || queued++)
        Fail(Text("T1: receivers of ", f));
    }
    if (endpoint->receivers && (endpoint->senders.head || endpoint->bits))
      Fail(Text("endpoint ", f, " has somebody waiting and something to receive"));
  }
  for (frame_t f = frame_first; f < frame_first + frame_total; f++) {
    if (frame_type(f) != OBJECT_THREAD) continue;
    uint8_t state = At<struct thread>(f)->state;
    bool waits = state == THREAD_READY || state == THREAD_SENDING || state == THREAD_RECEIVING;
    if (waits != (queued_[f - frame_first] == 1)) Fail(Text("T1: queue of ", f));
  }
}
