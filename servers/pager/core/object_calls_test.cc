// Calls of fs about files and objects: results, errors, and that errors change nothing.
#include <csignal>

#include "servers/pager/core/calls_fixture.h"

namespace {

// --- files: mapping, reading, writing -----------------------------------------------------------

TEST_F(CallsTest, FileMapRefusesWhatMakesNoSense) {
  uint32_t file = machine_.MakeFile(1, 4);
  auto map = [&](uint32_t object, uint64_t offset, uint64_t length, uint32_t prot, uint32_t max) {
    return pager_object_map(pager_, space_, object, offset, 0, length, prot, PAGER_SHARED, max);
  };
  EXPECT_EQ(map(0, 0, PAGE_SIZE, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(file + 1, 0, PAGE_SIZE, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(~0u, 0, PAGE_SIZE, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(file, 1, PAGE_SIZE, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(file, ~PAGE_MASK, PAGE_SIZE, PROT_R, 7), -EOVERFLOW);
  EXPECT_EQ(map(file, 0, 0, PROT_R, 7), -EINVAL);
  EXPECT_EQ(map(file, 0, PAGE_SIZE, PROT_R | PROT_W, PROT_R), -EACCES);
  EXPECT_GT(map(file, 0, 100 * PAGE_SIZE, PROT_R, 7), 0) << "behind the end is allowed";
}

TEST_F(CallsTest, ReadCopiesOnceAndDoesNotMap) {
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t va = machine_.MapAnonymous(space_, 4);
  machine_.Write(space_, va, 1);
  uint64_t faults = machine_.counts->faults;
  EXPECT_EQ(machine_.ReadFile(space_, file, 100, va + 10, 50), 50);
  EXPECT_EQ(machine_.counts->faults, faults);
  const FakeStore::File &f = machine_.store.file(1);
  for (uint32_t i = 0; i < 50; i++) EXPECT_EQ(machine_.Read(space_, va + 10 + i), f.bytes[100 + i]);
  EXPECT_EQ(machine_.Read(space_, va), 1);
  EXPECT_EQ(machine_.Read(space_, va + 60), 0);
}

TEST_F(CallsTest, ReadReplacesTheZeroPageAtOnce) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  EXPECT_EQ(machine_.Read(space_, va), 0);  // the zero page is mapped
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, va, PAGE_SIZE), (int64_t)PAGE_SIZE);
  EXPECT_EQ(machine_.Read(space_, va + 1), machine_.store.file(1).bytes[1]);
}

TEST_F(CallsTest, ReadBreaksCopyOnWrite) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, va, 1);
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(machine_.Read(space_, va), 1);
  EXPECT_EQ(machine_.ReadFile(space_, file, 7, va, 1), 1);
  EXPECT_EQ(machine_.Read(space_, va), machine_.store.file(1).bytes[7]);
  EXPECT_EQ(machine_.Read(child, va), 1);
}

TEST_F(CallsTest, ReadAndWriteCheckTheBuffer) {
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t va = machine_.MapAnonymous(space_, 1, PROT_R);
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, va, 10), -EFAULT) << "not writable";
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, 0, 10), -EFAULT);
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, ~0ull - 5, 10), -EFAULT);
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, USER_END - 5, 10), -EFAULT);
  EXPECT_EQ(machine_.ReadFile(space_, file, 4 * PAGE_SIZE - 5, va, 10), -EINVAL);
  EXPECT_EQ(machine_.ReadFile(space_, 77, 0, va, 10), -EINVAL);
  EXPECT_EQ(machine_.WriteFile(space_, file, 0, va + PAGE_SIZE - 5, 10), 5);
  EXPECT_EQ(machine_.WriteFile(space_, file, 0, va + PAGE_SIZE, 10), -EFAULT);
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, va, 0), 0);
}

TEST_F(CallsTest, WriteIsSeenByMappingsAndStoredByFlush) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R, PAGER_SHARED);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, va, 99);
  EXPECT_EQ(machine_.WriteFile(space_, file, PAGE_SIZE + 3, va, 1), 1);
  EXPECT_EQ(machine_.Read(space_, map + PAGE_SIZE + 3), 99);
  EXPECT_NE(machine_.store.file(1).bytes[PAGE_SIZE + 3], 99);
  token_t token = machine_.kernel.NewToken();
  EXPECT_EQ(machine_.Finish(pager_object_flush(pager_, kBadge, token, file, 0), token), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[PAGE_SIZE + 3], 99);
}

TEST_F(CallsTest, WriteOverAWholePageReadsNothing) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, va, 3);
  EXPECT_EQ(machine_.WriteFile(space_, file, 0, va, PAGE_SIZE), (int64_t)PAGE_SIZE);
  EXPECT_EQ(machine_.store.page_ins, 0u);
  EXPECT_EQ(machine_.WriteFile(space_, file, PAGE_SIZE, va, 10), 10);
  EXPECT_EQ(machine_.store.page_ins, 1u);
}

TEST_F(CallsTest, WriteToFreshPagesReadsNothingAndLeavesNoGarbage) {
  uint32_t file = machine_.MakeFile(1, 1);
  machine_.store.Make(1, 4, 0xee);  // what new blocks happen to hold
  ASSERT_EQ(pager_object_resize(pager_, file, 3 * PAGE_SIZE + 100), 0);
  uint64_t va = machine_.MapAnonymous(space_, 3);
  machine_.Write(space_, va, 3);
  EXPECT_EQ(machine_.WriteFile(space_, file, 3 * PAGE_SIZE, va, 1, 1), 1);
  // This one ends in the middle: its buffer does.
  EXPECT_EQ(machine_.WriteFile(space_, file, PAGE_SIZE, va + 2 * PAGE_SIZE, 2 * PAGE_SIZE, 2),
            (int64_t)PAGE_SIZE);
  EXPECT_EQ(machine_.store.page_ins, 0u);
  uint64_t map = machine_.MapFile(space_, file, 4, PROT_R, PAGER_SHARED);
  for (uint32_t i = 1; i < 4; i++) EXPECT_EQ(machine_.Read(space_, map + i * PAGE_SIZE + 50), 0);
  EXPECT_EQ(machine_.Read(space_, map + 3 * PAGE_SIZE), 3);
  EXPECT_EQ(machine_.store.page_ins, 0u);
}

TEST_F(CallsTest, CopyBetweenAFileAndItsOwnMapping) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  std::vector<uint8_t> bytes = machine_.store.file(1).bytes;
  EXPECT_EQ(machine_.ReadFile(space_, file, 0, map + 100, 1000), 1000);
  for (uint32_t i = 0; i < 1000; i++) ASSERT_EQ(machine_.Read(space_, map + 100 + i), bytes[i]);
  EXPECT_EQ(machine_.Sync(space_, map, 2 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[100], bytes[0]);
}

// --- objects ------------------------------------------------------------------------------------

TEST_F(CallsTest, ObjectNumbersThatAreNotInUseAreRefused) {
  uint32_t file = machine_.MakeFile(1, 1);
  for (uint32_t id : {0u, 1u, file - 1, file + 16, 0x800000u, 0x8000000u, ~0u}) {
    if (id == file) continue;
    EXPECT_EQ(pager_object_resize(pager_, id, 0), -EINVAL) << id;
    EXPECT_EQ(pager_object_close(pager_, id), -EINVAL);
    EXPECT_EQ(pager_object_destroy(pager_, id, 1), -EINVAL);
  }
  EXPECT_EQ(pager_object_destroy(pager_, file, 0), 0);
  EXPECT_EQ(pager_object_destroy(pager_, file, 0), -EINVAL);
  EXPECT_EQ(pager_object_create(pager_, 1, ~0ull, OBJECT_OF_FILE, 0, 0), -EFBIG);
}

TEST_F(CallsTest, ObjectCreateRefusesWhatMakesNoSense) {
  auto create = [&](uint32_t kind, uint32_t provider, uint64_t bound) {
    return pager_object_create(pager_, 1, PAGE_SIZE, (enum object_kind)kind, provider, bound);
  };
  EXPECT_EQ(create(3, 0, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_FILE, kBadge, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_MEMORY, 0, 1), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_PROGRAM, kBadge, 0), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_PROGRAM, kBadge, PAGER_BOUND_MAX + 1), -EINVAL);
  EXPECT_EQ(create(OBJECT_OF_PROGRAM, kBadge, 1), -ESRCH) << "it is not a provider";
}

TEST_F(CallsTest, NamedMemoryStaysUntilItIsDestroyed) {
  uint32_t frames = machine_.FramesInUse();
  int64_t id = pager_object_create(pager_, 5, 4 * PAGE_SIZE, OBJECT_OF_MEMORY, 0, 0);
  ASSERT_GT(id, 0);
  uint32_t object = (uint32_t)id;
  uint64_t map = machine_.MapFile(space_, object, 4, PROT_R | PROT_W, PAGER_SHARED);
  uint64_t copy = machine_.MapFile(space_, object, 4, PROT_R | PROT_W, PAGER_PRIVATE);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  EXPECT_EQ(machine_.Read(space_, copy + 3 * PAGE_SIZE), 0);
  machine_.Write(space_, map + 5, 7);
  EXPECT_EQ(machine_.Read(space_, copy + 5), 7);
  machine_.Write(space_, copy + 5, 8);
  EXPECT_EQ(machine_.ReadFile(space_, object, 5, va, 1), 1);
  EXPECT_EQ(machine_.Read(space_, va), 7);
  machine_.Write(space_, va, 9);
  EXPECT_EQ(machine_.WriteFile(space_, object, 2 * PAGE_SIZE, va, 1), 1);
  EXPECT_EQ(machine_.ReadFile(space_, object, PAGE_SIZE, va, 1), 1);
  EXPECT_EQ(machine_.Read(space_, va), 0);
  EXPECT_EQ(machine_.Read(space_, map + 2 * PAGE_SIZE), 9);
  EXPECT_EQ(machine_.Sync(space_, map, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_object_close(pager_, object), 1);
  EXPECT_EQ(pager_unmap(pager_, space_, map, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_unmap(pager_, space_, copy, 4 * PAGE_SIZE), 0);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.idle, 1u);
  map = machine_.MapFile(space_, object, 4, PROT_R, PAGER_SHARED);
  EXPECT_EQ(machine_.Read(space_, map + 5), 7) << "a name is enough to keep the pages";
  EXPECT_EQ(pager_object_resize(pager_, object, 5), 0);
  EXPECT_EQ(pager_object_resize(pager_, object, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Read(space_, map + 5), 0);
  EXPECT_EQ(machine_.Read(space_, map + 2 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_object_destroy(pager_, object, 0), -EBUSY);
  EXPECT_EQ(pager_unmap(pager_, space_, map, 4 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_unmap(pager_, space_, va, PAGE_SIZE), 0);
  EXPECT_EQ(pager_object_destroy(pager_, object, 0), 0);
  EXPECT_EQ(machine_.FramesInUse(), frames);
  EXPECT_EQ(machine_.store.page_ins + machine_.store.page_outs, 0u);
}

TEST_F(CallsTest, ResizeCutsMappingsAndZeroesTheRest) {
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t map = machine_.MapFile(space_, file, 4, PROT_R | PROT_W, PAGER_SHARED);
  for (int i = 0; i < 4; i++) machine_.Write(space_, map + i * PAGE_SIZE + 200, 1);
  EXPECT_EQ(pager_object_resize(pager_, file, PAGE_SIZE + 100), 0);
  EXPECT_EQ(machine_.Read(space_, map + PAGE_SIZE + 200), 0);
  EXPECT_EQ(machine_.Signal(space_, map + 2 * PAGE_SIZE, FAULT_READ), (uint32_t)SIGBUS);
  // What is written behind the end does not become part of the file.
  machine_.Write(space_, map + PAGE_SIZE + 300, 9);
  EXPECT_EQ(pager_object_resize(pager_, file, 2 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Read(space_, map + PAGE_SIZE + 300), 0);
}

TEST_F(CallsTest, ResizeWaitsForPagesThatAreBeingWritten) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, map + PAGE_SIZE, 1);
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_sync(pager_, space_, token, map, 2 * PAGE_SIZE, PAGER_SYNC_SYNC), PAGER_PARKED);
  EXPECT_EQ(pager_object_resize(pager_, file, PAGE_SIZE), -EBUSY);
  EXPECT_EQ(pager_object_destroy(pager_, file, 1), -EBUSY);
  EXPECT_EQ(machine_.Read(space_, map + PAGE_SIZE), 1);
  machine_.store.Drain();
  EXPECT_EQ(pager_object_resize(pager_, file, PAGE_SIZE), 0);
}

TEST_F(CallsTest, CloseTellsWhenTheObjectIsIdle) {
  uint32_t file = machine_.MakeFile(1, 2);
  EXPECT_EQ(pager_object_close(pager_, file), 0);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, map, 77);
  EXPECT_EQ(pager_object_close(pager_, file), 1);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.idle, 0u) << "it is still mapped";
  EXPECT_EQ(pager_unmap(pager_, space_, map, 2 * PAGE_SIZE), 0);
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.idle, 1u);
  EXPECT_EQ(machine_.store.file(1).bytes[0], 77);
  EXPECT_EQ(pager_object_destroy(pager_, file, 0), 0);
}

TEST_F(CallsTest, DestroyedObjectLeavesMappingsThatFault) {
  uint32_t file = machine_.MakeFile(1, 2);
  uint64_t map = machine_.MapFile(space_, file, 2, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, map, 77);
  EXPECT_EQ(pager_object_destroy(pager_, file, 0), -EBUSY);
  EXPECT_EQ(pager_object_destroy(pager_, file, 1), 0);
  EXPECT_EQ(machine_.Signal(space_, map, FAULT_READ), (uint32_t)SIGBUS);
  EXPECT_EQ(pager_unmap(pager_, space_, map, 2 * PAGE_SIZE), 0);
  EXPECT_EQ(pager_->frames_dirty, 0u);
}

TEST_F(CallsTest, FailedWriteBackIsReportedAndTriedAgain) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t map = machine_.MapFile(space_, file, 1, PROT_R | PROT_W, PAGER_SHARED);
  machine_.Write(space_, map, 5);
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_sync(pager_, space_, token, map, PAGE_SIZE, PAGER_SYNC_SYNC), PAGER_PARKED);
  machine_.store.Take();
  machine_.store.Answer(0, -ENOSPC);
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.status, -ENOSPC);
  EXPECT_EQ(machine_.Sync(space_, map, PAGE_SIZE), 0);
  EXPECT_EQ(machine_.store.file(1).bytes[0], 5);
}

TEST_F(CallsTest, LongWriteBackGoesInFullRequests) {
  pager_option(pager_, PAGER_DIRTY_LIMIT, 90);  // nothing starts by itself
  uint32_t file = machine_.MakeFile(1, 512);
  uint64_t map = machine_.MapFile(space_, file, 512, PROT_R | PROT_W, PAGER_SHARED);
  for (uint32_t i = 0; i < 512; i++) machine_.Write(space_, map + i * PAGE_SIZE, (uint8_t)(i + 3));
  EXPECT_EQ(machine_.Sync(space_, map, 512 * PAGE_SIZE), 0);
  EXPECT_EQ(machine_.counts->requests_out, 32u);
  for (uint32_t i = 0; i < 512; i++) {
    ASSERT_EQ(machine_.store.file(1).bytes[i * PAGE_SIZE], (uint8_t)(i + 3));
  }
}

TEST_F(CallsTest, SyncRefusesBadFlagsAndHoles) {
  uint64_t va = machine_.MapAnonymous(space_, 1);
  EXPECT_EQ(machine_.Sync(space_, va, PAGE_SIZE), 0);
  EXPECT_EQ(machine_.Sync(space_, va, 2 * PAGE_SIZE), -ENOMEM);
  EXPECT_EQ(machine_.Sync(space_, va + 1, PAGE_SIZE), -EINVAL);
  EXPECT_EQ(pager_sync(pager_, space_, 1, va, PAGE_SIZE, 8), -EINVAL);
  EXPECT_EQ(pager_sync(pager_, space_, 1, va, PAGE_SIZE, PAGER_SYNC_SYNC | PAGER_SYNC_ASYNC),
            -EINVAL);
}

}  // namespace
