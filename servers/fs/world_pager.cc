// The pager of the world: its page cache, its requests to the server and the server's to it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "servers/fs/world_fake.h"

extern "C" {
#include "servers/fs/process.h"
}

namespace fs_test {

namespace {

uint32_t op_of(const uint64_t *word) { return word[0] & 0xff; }
uint32_t object_of(const uint64_t *word) { return static_cast<uint32_t>(word[0] >> 32); }

}  // namespace

uint32_t World::TakeFrame() {
  while (free_frames_.empty()) Evict();
  uint32_t frame = free_frames_.back();
  free_frames_.pop_back();
  return frame;
}

// Gives up a clean page.
void World::Evict() {
  std::vector<std::pair<Object *, uint64_t>> clean;
  for (auto &[id, object] : objects_) {
    if (object.memory) continue;
    for (auto &[index, page] : object.pages) {
      bool busy = page.filling || page.dirty || page.writing || page.allocating;
      if (!busy) clean.emplace_back(&object, index);
    }
  }
  if (clean.empty()) {
    ASSERT_FALSE(free_frames_.empty()) << "out of frames";
    return;
  }
  auto [object, index] = clean[random_() % clean.size()];
  free_frames_.push_back(object->pages[index].frame);
  object->pages.erase(index);
}

bool World::SendRequest(RingRequest request, uint64_t cookie, uint32_t bytes) {
  if (requests_.size() >= OBJECT_RING_SLOTS) return false;
  object_request *entry = &ring_.request[ring_.request_head % OBJECT_RING_SLOTS];
  entry->cookie = cookie;
  entry->page = request.first;
  entry->op = request.op;
  entry->tag = next_tag_;
  entry->count = static_cast<uint32_t>(request.frames.size());
  entry->bytes = bytes;
  std::copy(request.frames.begin(), request.frames.end(), entry->frame);
  requests_[next_tag_++] = request;
  ring_.request_head++;
  ring_rung_ = true;
  return true;
}

int32_t World::Request(object_op op, uint64_t cookie, uint64_t page, std::vector<uint8_t> *data) {
  RingRequest request;
  request.op = op;
  request.first = page;
  size_t count = data->size() / 4096;
  for (size_t i = 0; i < count; i++) {
    request.frames.push_back(TakeFrame());
    memcpy(Frame(request.frames.back()), data->data() + i * 4096, 4096);
  }
  own_tag_ = next_tag_;
  EXPECT_TRUE(SendRequest(request, cookie, static_cast<uint32_t>(data->size())));
  for (int i = 0; own_tag_ != 0 && i < 100000; i++) Step();
  EXPECT_EQ(own_tag_, 0u) << "no answer";
  for (size_t i = 0; i < count; i++) {
    memcpy(data->data() + i * 4096, Frame(request.frames[i]), 4096);
    free_frames_.push_back(request.frames[i]);
  }
  return own_status_;
}

static uint32_t BytesOf(uint64_t size, uint64_t first, size_t count) {
  uint64_t start = first * 4096;
  return size <= start ? 0 : static_cast<uint32_t>(std::min<uint64_t>(size - start, count * 4096));
}

bool World::PageIn(Object *object, uint32_t id, uint64_t index) {
  if (requests_.size() >= OBJECT_RING_SLOTS) return false;
  RingRequest request;
  request.op = OBJECT_PAGE_IN;
  request.object = id;
  request.first = index;
  uint64_t pages = (object->size + 4095) / 4096;
  size_t most = 1 + random_() % OBJECT_REQUEST_PAGES;
  for (uint64_t i = index; i < pages && request.frames.size() < most; i++) {
    if (object->pages.count(i) != 0) break;
    uint32_t frame = TakeFrame();
    memset(Frame(frame), 0, 4096);
    request.frames.push_back(frame);
    object->pages[i].frame = frame;
    object->pages[i].filling = true;
  }
  EXPECT_FALSE(request.frames.empty());
  uint32_t bytes = BytesOf(object->size, index, request.frames.size());
  return SendRequest(request, object->cookie, bytes);
}

bool World::HasPage(Object *object, uint32_t id, uint64_t index) {
  auto page = object->pages.find(index);
  if (page != object->pages.end()) return !page->second.filling;
  if (object->memory) {
    object->pages[index].frame = TakeFrame();
    memset(Frame(object->pages[index].frame), 0, 4096);
    return true;
  }
  PageIn(object, id, index);
  return false;
}

bool World::TakeCompletions() {
  if (ring_.completion_tail == ring_.completion_head) return false;
  object_completion done = ring_.completion[ring_.completion_tail++ % OBJECT_RING_SLOTS];
  if (done.tag == own_tag_) {
    own_tag_ = 0;
    own_status_ = done.status;
    requests_.erase(done.tag);
    return true;
  }
  auto found = requests_.find(done.tag);
  EXPECT_NE(found, requests_.end());
  RingRequest request = found->second;
  requests_.erase(found);
  auto object = objects_.find(request.object);
  for (size_t i = 0; i < request.frames.size(); i++) {
    uint32_t frame = request.frames[i];
    Page *page = nullptr;
    if (object != objects_.end()) {
      auto at = object->second.pages.find(request.first + i);
      if (at != object->second.pages.end() && at->second.frame == frame) page = &at->second;
    }
    if (page == nullptr) {  // dropped meanwhile
      if (request.op != OBJECT_ALLOCATE) free_frames_.push_back(frame);
    } else if (request.op == OBJECT_PAGE_IN) {
      page->filling = false;
      page->hole = (done.status & OBJECT_HOLE) != 0;
      if (done.status < 0) {
        page_in_errors++;
        free_frames_.push_back(frame);
        object->second.pages.erase(request.first + i);
      }
    } else if (request.op == OBJECT_PAGE_OUT) {
      page->writing = false;
      if (done.status < 0) {
        page_out_errors++;
        page->dirty = true;
      }
    } else {
      page->allocating = false;
      if (done.status == 0) page->hole = false;
    }
  }
  if (request.op == OBJECT_PAGE_IN && object != objects_.end()) {
    uint64_t last = object->second.size / 4096;
    auto page = object->second.pages.find(last);
    uint32_t keep = object->second.size % 4096;
    if (page != object->second.pages.end() && keep != 0 && !page->second.filling) {
      memset(Frame(page->second.frame) + keep, 0, 4096 - keep);
    }
  }
  if (request.op == OBJECT_ALLOCATE && done.status < 0) store_failed_ = true;
  if (object != objects_.end()) TellIdle(request.object, &object->second);
  return true;
}

void World::TellIdle(uint32_t id, Object *object) {
  if (!object->closed) return;
  for (auto &[index, page] : object->pages) {
    if (page.dirty || page.writing) return;
  }
  RingRequest request;
  request.op = OBJECT_IDLE;
  request.object = id;
  if (SendRequest(request, object->cookie, 0)) object->closed = false;
}

bool World::WriteBack(uint32_t id, Object *object, uint64_t index) {
  RingRequest request;
  request.op = OBJECT_PAGE_OUT;
  request.object = id;
  request.first = index;
  if (requests_.size() >= OBJECT_RING_SLOTS - 8) return false;
  size_t most = 1 + random_() % OBJECT_REQUEST_PAGES;
  for (uint64_t i = index; request.frames.size() < most; i++) {
    auto page = object->pages.find(i);
    if (page == object->pages.end() || !page->second.dirty || page->second.writing) break;
    page->second.dirty = false;
    page->second.writing = true;
    request.frames.push_back(page->second.frame);
  }
  if (request.frames.empty()) return false;
  return SendRequest(request, object->cookie, BytesOf(object->size, index, request.frames.size()));
}

bool World::PagerGoesOn() {
  unsigned choice = random_() % 8;
  if (choice < 2) return TakeCompletions();
  if (choice < 6) {
    if (operations_.empty()) return false;
    size_t i = random_() % operations_.size();
    // The operation may add others, so it works on a copy.
    Operation operation = operations_[i];
    operations_.erase(operations_.begin() + i);
    size_t requests = requests_.size();
    if (Progress(&operation)) return true;
    operations_.push_back(operation);
    return requests_.size() != requests;
  }
  size_t pages = 0;
  for (auto &[id, object] : objects_) pages += object.pages.size();
  if (pages == 0) return false;
  if (choice == 6) {
    if (random_() % 4 == 0) Evict();
    return false;
  }
  size_t pick = random_() % pages;
  for (auto &[id, object] : objects_) {
    if (pick >= object.pages.size()) {
      pick -= object.pages.size();
      continue;
    }
    return WriteBack(id, &object, std::next(object.pages.begin(), pick)->first);
  }
  return false;
}

// --- the pager's operations --------------------------------------------------------------------

bool World::Progress(Operation *operation) {
  uint32_t id = object_of(operation->word);
  auto object = objects_.find(id);
  if (!operation->store && ClientOf(operation->token) == nullptr) return true;
  if (op_of(operation->word) == PAGER_OBJECT_FLUSH) return Flush(id, operation);
  if (op_of(operation->word) == PAGER_SWAP_REMOVE) return SwapRemove(operation);
  if (object == objects_.end()) {
    uint64_t word[REPLY_WORDS] = {static_cast<uint64_t>(-EIO)};
    if (operation->store || op_of(operation->word) > PAGER_OBJECT_WRITE) {
      if (!operation->store) Reply(operation->token, word);
    } else {
      EndCopy(operation, -EIO);
    }
    return true;
  }
  if (operation->store) return StoreByte(&object->second, id, operation);
  switch (op_of(operation->word)) {
    case PAGER_OBJECT_READ:
      return CopyOut(&object->second, id, operation);
    case PAGER_OBJECT_WRITE:
      return CopyIn(&object->second, id, operation);
    default: {
      uint64_t word[REPLY_WORDS] = {0x10000};
      Reply(operation->token, word);
      return true;
    }
  }
}

bool World::CopyOut(Object *object, uint32_t id, Operation *operation) {
  Client *client = ClientOf(operation->token);
  uint64_t offset = operation->word[1], address = operation->word[2];
  uint64_t length = std::min(operation->word[3], object->size - std::min(object->size, offset));
  bool ready = true;
  for (uint64_t i = offset / 4096; length != 0 && i <= (offset + length - 1) / 4096; i++) {
    if (!HasPage(object, id, i)) ready = false;
  }
  if (!ready) return false;
  for (uint64_t i = 0; i < length; i++) {
    uint64_t at = offset + i;
    client->memory[address - kMemory + i] = Frame(object->pages[at / 4096].frame)[at % 4096];
  }
  EndCopy(operation, static_cast<int64_t>(length));
  return true;
}

bool World::CopyIn(Object *object, uint32_t id, Operation *operation) {
  Client *client = ClientOf(operation->token);
  uint64_t offset = operation->word[1], address = operation->word[2], length = operation->word[3];
  uint64_t fresh = operation->word[0] >> 8 & PAGER_FRESH_MAX;
  uint64_t end = (offset + length + 4095) / 4096;
  bool bad = address < kMemory;
  bool ready = true;
  EXPECT_LE(offset + length, object->size);
  for (uint64_t i = offset / 4096; i < end; i++) {
    bool is_fresh = i >= end - fresh;
    bool whole = i * 4096 >= offset && (i + 1) * 4096 <= offset + length && !bad;
    if (object->pages.count(i) == 0 && (is_fresh || whole)) {
      uint32_t frame = TakeFrame();
      memset(Frame(frame), is_fresh ? 0 : 0xdd, 4096);
      object->pages[i].frame = frame;
      object->pages[i].dirty = !object->memory;
    } else if (!bad && !HasPage(object, id, i)) {
      ready = false;
    }
  }
  if (!ready) return false;
  for (uint64_t i = 0; i < length && !bad; i++) {
    uint64_t at = offset + i;
    Page &page = object->pages[at / 4096];
    page.dirty = !object->memory;
    page.hole = false;
    Frame(page.frame)[at % 4096] = client->memory[address - kMemory + i];
  }
  EndCopy(operation, bad ? -EFAULT : static_cast<int64_t>(length));
  return true;
}

bool World::StoreByte(Object *object, uint32_t id, Operation *operation) {
  uint64_t index = operation->word[1] / 4096;
  if (operation->word[1] >= object->size || store_failed_) {
    store_failed_ = true;
    store_done_ = true;
    return true;
  }
  if (!HasPage(object, id, index)) return false;
  Page &page = object->pages[index];
  if (page.hole) {
    if (page.allocating) return false;
    RingRequest request;
    request.op = OBJECT_ALLOCATE;
    request.object = id;
    request.first = index;
    request.frames.push_back(page.frame);
    page.allocating = SendRequest(request, object->cookie, BytesOf(object->size, index, 1));
    return false;
  }
  Frame(page.frame)[operation->word[1] % 4096] = static_cast<uint8_t>(operation->word[2]);
  page.dirty = true;
  store_done_ = true;
  return true;
}

bool World::MappedStore(Client *client, uint64_t fd, uint64_t offset, uint8_t byte) {
  process *process = process_find(client->badge);
  file *file = process_file(process, fd);
  int64_t object = vnode_object(file->vnode);
  file->vnode->mapped_writable = true;
  Operation operation;
  operation.store = true;
  operation.word[0] = static_cast<uint64_t>(object) << 32;
  operation.word[1] = offset;
  operation.word[2] = byte;
  store_failed_ = store_done_ = false;
  operations_.push_back(operation);
  for (int i = 0; !store_done_ && i < 100000; i++) Step();
  EXPECT_TRUE(store_done_);
  return !store_failed_;
}

int64_t World::Tell(const void *from, size_t bytes) {
  memcpy(own_page_, from, bytes);
  return 0;
}

int64_t World::Regions(uint32_t slot, uint64_t first) {
  auto found = regions.find(slot);
  if (found == regions.end()) return -ESRCH;
  constexpr uint64_t kFit = MESSAGE_BYTES / sizeof(pager_region);
  const std::vector<pager_region> &all = found->second;
  if (first >= all.size()) return 0;
  uint64_t count = std::min<uint64_t>(kFit, all.size() - first);
  Tell(&all[first], count * sizeof(pager_region));
  return static_cast<int64_t>(count);
}

int64_t World::Swaps() {
  std::vector<pager_swap> list;
  for (auto &[area, swap] : swaps) {
    list.push_back({swap.cookie, area, static_cast<uint32_t>(swap.priority),
                    static_cast<uint32_t>(swap.slots), 3});
  }
  if (!list.empty()) Tell(list.data(), list.size() * sizeof(pager_swap));
  return static_cast<int64_t>(list.size());
}

int64_t World::SwapAdd(uint64_t cookie, uint64_t slots, uint64_t priority) {
  uint32_t area = 1;
  while (swaps.count(area) != 0) area++;
  swaps[area] = {cookie, slots, priority};
  return area;
}

void World::EndCopy(const Operation *operation, int64_t status) {
  uint64_t word[REPLY_WORDS] = {static_cast<uint64_t>(status)};
  if (word[0] == operation->word[3]) return Reply(operation->token, word);
  event event = {};
  event.token = operation->token;
  event.badge = ClientOf(operation->token)->badge | uint64_t{VIA_PAGER} << 32;
  event.word[0] = static_cast<uint32_t>(operation->word[4]);
  event.word[1] = operation->word[4] >> 32;
  event.word[2] = word[0];
  event.word[3] = operation->word[1];
  event.word[4] = operation->word[3];
  Deliver(event);
}

void World::ReturnToServer(const Operation *operation, uint64_t then, int64_t status) {
  event event = {};
  event.token = operation->token;
  event.badge = ClientOf(operation->token)->badge | uint64_t{VIA_PAGER} << 32;
  event.word[0] = then;
  event.word[1] = static_cast<uint64_t>(status);
  Deliver(event);
}

bool World::SwapRemove(const Operation *operation) {
  uint32_t area = static_cast<uint32_t>(operation->word[1]);
  int64_t status = swaps.count(area) != 0 ? swap_remove_status : -EINVAL;
  if (status == 0) swaps.erase(area);
  ReturnToServer(operation, operation->word[2], status);
  return true;
}

bool World::Flush(uint32_t id, Operation *operation) {
  bool done = true;
  for (auto &[number, object] : objects_) {
    if (id != 0 && id != number) continue;
    std::vector<uint64_t> dirty;
    for (auto &[index, page] : object.pages) {
      if (page.dirty) dirty.push_back(index);
      if (page.dirty || page.writing) done = false;
    }
    for (uint64_t index : dirty) {
      if (object.pages[index].dirty) WriteBack(number, &object, index);
    }
  }
  if (!done) return false;
  ReturnToServer(operation, operation->word[1], 0);
  return true;
}

// --- what the server calls ---------------------------------------------------------------------

int64_t World::Create(uint64_t cookie, uint64_t size, bool memory) {
  if (objects_.size() >= 80) return -ENOMEM;
  Object object;
  object.cookie = cookie;
  object.size = size;
  object.memory = memory;
  objects_[next_object_] = object;
  return next_object_++;
}

int64_t World::Resize(uint32_t id, uint64_t size) {
  auto found = objects_.find(id);
  EXPECT_NE(found, objects_.end());
  Object &object = found->second;
  uint64_t pages = (size + 4095) / 4096;
  for (auto &[index, page] : object.pages) {
    if (index >= pages && page.writing) return -EBUSY;
  }
  for (auto it = object.pages.lower_bound(pages); it != object.pages.end();) {
    if (!it->second.filling) free_frames_.push_back(it->second.frame);
    it = object.pages.erase(it);
  }
  if (size < object.size && size % 4096 != 0) {
    auto last = object.pages.find(size / 4096);
    if (last != object.pages.end() && !last->second.filling) {
      memset(Frame(last->second.frame) + size % 4096, 0, 4096 - size % 4096);
    }
  }
  object.size = size;
  return 0;
}

int64_t World::Close(uint32_t id) {
  Object &object = objects_.at(id);
  bool dirty = false;
  for (auto &[index, page] : object.pages) dirty |= page.dirty || page.writing;
  object.closed = dirty;
  return dirty ? 2 : 0;
}

int64_t World::Destroy(uint32_t id, bool force) {
  Object &object = objects_.at(id);
  for (auto &[index, page] : object.pages) {
    if ((page.dirty || page.writing) && !force) return -EBUSY;
  }
  for (auto &[index, page] : object.pages) {
    if (!page.filling && !page.writing) free_frames_.push_back(page.frame);
  }
  objects_.erase(id);
  return 0;
}

}  // namespace fs_test
