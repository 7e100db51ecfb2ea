#include "servers/pager/core/fake_store.h"

#include <gtest/gtest.h>

#include <cstring>

FakeStore::FakeStore(FakeKernel *kernel) : kernel_(kernel), ring_(new struct object_ring()) {
  pager_attach_ring(kernel->pager(), ring_.get());
}

void FakeStore::Make(uint64_t cookie, uint32_t pages, uint32_t seed) {
  File &f = files_[cookie];
  f.bytes.resize((size_t)pages * PAGE_SIZE);
  f.allocated.assign(pages, true);
  for (size_t i = 0; i < f.bytes.size(); i++) f.bytes[i] = (uint8_t)(seed + i / PAGE_SIZE * 7 + i);
}

void FakeStore::Resize(uint64_t cookie, uint64_t size) {
  File &f = files_[cookie];
  size_t pages = (size + PAGE_MASK) >> PAGE_SHIFT;
  f.allocated.resize(pages, false);
  f.bytes.resize(pages * PAGE_SIZE, 0);
}

void FakeStore::Take() {
  while (ring_->request_tail != ring_->request_head) {
    taken_.push_back(ring_->request[ring_->request_tail % OBJECT_RING_SLOTS]);
    ring_->request_tail++;
  }
}

void FakeStore::Complete(uint32_t tag, int32_t status) {
  ring_->completion[ring_->completion_head % OBJECT_RING_SLOTS] = {tag, status};
  ring_->completion_head++;
  pager_completions(kernel_->pager());
}

int32_t FakeStore::Do(const struct object_request &request) {
  File &f = files_[request.cookie];
  int32_t flags = 0;
  EXPECT_LE(request.count, OBJECT_REQUEST_PAGES);
  EXPECT_LE(request.bytes, request.count * PAGE_SIZE);
  for (uint32_t i = 0; i < request.count; i++) {
    size_t page = request.page + i;
    bool exists = page < f.allocated.size();
    if (request.op == OBJECT_ALLOCATE) {
      if (full) return -ENOSPC;
      if (exists) f.allocated[page] = true;
      allocates++;
      continue;
    }
    uint8_t *frame = kernel_->memory(request.frame[i]);
    bool stored = exists && f.allocated[page];
    if (request.op == OBJECT_PAGE_IN) {
      page_ins++;
      std::memset(frame, 0, PAGE_SIZE);
      if (stored) std::memcpy(frame, &f.bytes[page * PAGE_SIZE], PAGE_SIZE);
      if (!stored) flags |= OBJECT_HOLE;
    } else if (request.op == OBJECT_PAGE_OUT) {
      page_outs++;
      EXPECT_TRUE(stored) << "page-out to a hole: file " << request.cookie << " page " << page;
      size_t bytes = request.bytes - (size_t)i * PAGE_SIZE;
      if (request.bytes <= i * PAGE_SIZE) bytes = 0;
      if (exists) {
        std::memcpy(&f.bytes[page * PAGE_SIZE], frame, bytes < PAGE_SIZE ? bytes : PAGE_SIZE);
      }
    }
  }
  return flags;
}

void FakeStore::Answer(size_t i, int32_t error) {
  struct object_request request = taken_[i];
  taken_.erase(taken_.begin() + (ptrdiff_t)i);
  if (request.op == OBJECT_IDLE) idle++;
  bool bad = request.op == OBJECT_PAGE_OUT && bad_page - request.page < request.count;
  if (bad) error = -EIO;
  int32_t status = error < 0 ? error : Do(request);
  Complete(request.tag, status);
}

void FakeStore::Drain() {
  for (Take(); Waiting() > 0; Take()) Answer(0);
}

void FakeStore::Breach(uint32_t tag, int32_t status) { Complete(tag, status); }
