// Programs as pagers: good, slow, silent, dying and lying ones, and that only their clients notice.
#include "servers/pager/core/provider_fixture.h"

namespace {

TEST_F(ProviderTest, PagesComeFromTheProvider) {
  uint64_t map = MapIt(Create());
  for (uint32_t i : {5u, 0u, 63u, 6u}) {
    uint8_t *at = Touch(map + i * PAGE_SIZE + 9, FAULT_READ);
    ASSERT_NE(at, nullptr);
    EXPECT_EQ(*at, stored_[i][9]);
  }
  EXPECT_EQ(pager_->counts.pages_in, 4u);
}

TEST_F(ProviderTest, DirtyPagesComeBackBySync) {
  uint64_t map = MapIt(Create());
  *Touch(map + 3 * PAGE_SIZE, FAULT_WRITE) = 200;
  *Touch(map + 4 * PAGE_SIZE, FAULT_WRITE) = 201;
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_sync(pager_, client_, token, map, kPages * PAGE_SIZE, PAGER_SYNC_SYNC),
            PAGER_PARKED);
  ServeAll();
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(stored_[3][0], 200);
  EXPECT_EQ(stored_[4][0], 201);
  EXPECT_EQ(pager_->counts.requests_out, 1u) << "neighbours in one request";
  EXPECT_EQ(pager_->frames_dirty, 0u);
}

TEST_F(ProviderTest, DirtyPagesComeBackByAge) {
  uint64_t map = MapIt(Create());
  *Touch(map, FAULT_WRITE) = 99;
  Request request;
  ASSERT_EQ(Serve(0, 0), PAGER_PARKED);
  EXPECT_FALSE(Got(&request));
  machine_.kernel.Advance(5000);
  ASSERT_TRUE(Got(&request)) << "it is told while it waits";
  EXPECT_EQ(request.op, (uint32_t)OBJECT_PAGE_OUT);
  EXPECT_EQ(request.cookie, kCookie);
  EXPECT_EQ(*Buffer(0), 99);
  EXPECT_EQ(Serve(request.tag, 0, PAGER_SERVE_POLL), -EAGAIN);
}

TEST_F(ProviderTest, ReadsAndWritesGoToTheSamePages) {
  uint32_t object = Create();
  uint64_t map = MapIt(object), va = machine_.MapAnonymous(client_, 1);
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_object_read(pager_, client_, token, object, 7 * PAGE_SIZE, va, 10, 10),
            PAGER_PARKED);
  ServeAll();
  Answer answer;
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.status, 10);
  EXPECT_EQ(*Touch(va + 3, FAULT_READ), stored_[7][3]);
  *Touch(va, FAULT_WRITE) = 123;
  EXPECT_EQ(pager_object_write(pager_, client_, 1, object, 0, 7 * PAGE_SIZE + 50, va, 1, 1), 1);
  EXPECT_EQ(*Touch(map + 7 * PAGE_SIZE + 50, FAULT_READ), 123);
}

TEST_F(ProviderTest, SequentialReadsAskForMoreAndMore) {
  pager_option(pager_, PAGER_READ_AHEAD, 16);
  uint64_t map = MapIt(Create());
  for (uint32_t i = 0; i < 31; i++) {
    ASSERT_EQ(*Touch(map + i * PAGE_SIZE + 1, FAULT_READ), stored_[i][1]);
  }
  EXPECT_EQ(pager_->counts.requests_in, 5u);
}

TEST_F(ProviderTest, ServeRefusesWhatMakesNoSense) {
  EXPECT_EQ(pager_serve(pager_, client_, 1, 0, 0, 0), -EINVAL) << "not a provider";
  EXPECT_EQ(Serve(0, 0, 2), -EINVAL);
  EXPECT_EQ(Serve(5, 0), -EINVAL);
  EXPECT_EQ(Serve(0, 0, PAGER_SERVE_POLL), -EAGAIN);
  EXPECT_EQ(pager_provider(pager_, space_), (int64_t)buffer_) << "again";
  EXPECT_EQ(pager_unmap(pager_, space_, buffer_, PAGE_SIZE), -EINVAL);
}

// --- bad providers ------------------------------------------------------------------------------

TEST_F(ProviderTest, LiarsFailTheirClientsAlone) {
  uint32_t file = machine_.MakeFile(1, 1);
  uint64_t map = MapIt(Create());
  struct {
    uint64_t tag;
    int64_t status;
  } lies[] = {{1, 0}, {~0ull, 0}, {0, 0}, {0, -EIO}, {2, 1}, {2, INT64_MIN}, {2, -4096}};
  for (auto lie : lies) {
    Answer answer;
    ASSERT_EQ(Access(map, FAULT_READ, &answer), nullptr);
    Request request;
    ASSERT_TRUE(Next(&request));
    uint64_t tag = lie.tag == 2 ? request.tag : lie.tag == 1 ? request.tag + 1 : lie.tag;
    EXPECT_EQ(Serve(tag, lie.status), -EINVAL);
    EXPECT_EQ(SignalOfParked(), (uint32_t)SIGBUS);
  }
  EXPECT_EQ(*Touch(map, FAULT_READ), stored_[0][0]) << "it may behave later";
  uint64_t va = machine_.MapAnonymous(client_, 1);
  EXPECT_EQ(machine_.ReadFile(client_, file, 0, va, 10), 10);
  EXPECT_EQ(pager_->requests.breaches, 0u);
}

TEST_F(ProviderTest, AnsweringTwiceIsABreachWithoutHarm) {
  uint64_t map = MapIt(Create());
  Answer answer;
  ASSERT_EQ(Access(map, FAULT_READ, &answer), nullptr);
  Request request;
  ASSERT_TRUE(Next(&request));
  Do(request);
  ASSERT_EQ(Serve(request.tag, 0, PAGER_SERVE_POLL), -EAGAIN);
  EXPECT_EQ(SignalOfParked(), 0u);
  EXPECT_EQ(Serve(request.tag, -EIO), -EINVAL);
  EXPECT_EQ(*Touch(map, FAULT_READ), stored_[0][0]);
}

TEST_F(ProviderTest, ErrorsReachTheClients) {
  uint32_t object = Create();
  uint64_t map = MapIt(object), va = machine_.MapAnonymous(client_, 1);
  Answer answer;
  ASSERT_EQ(Access(map, FAULT_READ, &answer), nullptr);
  ServeAll(-EIO);
  EXPECT_EQ(SignalOfParked(), (uint32_t)SIGBUS);
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_object_read(pager_, client_, token, object, 0, va, 10, 10), PAGER_PARKED);
  ServeAll(-EPERM);
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.status, -EIO);
}

TEST_F(ProviderTest, SilentProviderIsWaitedForUpToTheBound) {
  uint64_t map = MapIt(Create());
  Answer answer;
  ASSERT_EQ(Access(map, FAULT_READ, &answer), nullptr);
  machine_.kernel.Advance(kBound - 1);
  EXPECT_EQ(SignalOfParked(), ~0u);
  machine_.kernel.Advance(1);
  EXPECT_EQ(SignalOfParked(), (uint32_t)SIGBUS);
  uint64_t ticks = machine_.kernel.ticks;
  machine_.kernel.Advance(100 * kBound);
  EXPECT_EQ(machine_.kernel.ticks, ticks) << "time matters only while somebody waits";
  EXPECT_EQ(*Touch(map, FAULT_READ), stored_[0][0]) << "it may wake up later";
}

TEST_F(ProviderTest, LateAnswersAreToldApart) {
  uint64_t map = MapIt(Create());
  Answer answer;
  ASSERT_EQ(Access(map, FAULT_READ, &answer), nullptr);
  Request request;
  ASSERT_TRUE(Next(&request));
  machine_.kernel.Advance(kBound);
  EXPECT_EQ(SignalOfParked(), (uint32_t)SIGBUS);
  ASSERT_EQ(Access(map + PAGE_SIZE, FAULT_READ, &answer), nullptr);
  Do(request);
  EXPECT_EQ(Serve(request.tag, 0), -ETIMEDOUT);
  EXPECT_EQ(Serve(request.tag, 0), -EINVAL) << "once";
  EXPECT_EQ(SignalOfParked(), ~0u) << "what is asked for now is not concerned";
  ServeAll();
  EXPECT_EQ(SignalOfParked(), 0u);
}

TEST_F(ProviderTest, BoundCountsFromTheQuestionThoughTheProviderIsBusy) {
  uint64_t map = MapIt(Create());
  Answer answer;
  bool answered;
  Request request;
  ASSERT_EQ(Access(map, FAULT_READ, &answer), nullptr);
  ASSERT_TRUE(Next(&request));
  machine_.kernel.Advance(kBound / 2);
  struct space *other = machine_.Fork(client_, kClient + 1);
  token_t second = machine_.kernel.NewToken();
  machine_.kernel.Access(other->slot, map + PAGE_SIZE, FAULT_READ, second, &answer, &answered);
  machine_.kernel.Advance(kBound / 2);
  EXPECT_EQ(SignalOfParked(), (uint32_t)SIGBUS);
  EXPECT_FALSE(machine_.kernel.TakeAnswer(second, &answer));
  machine_.kernel.Advance(kBound / 2);
  EXPECT_TRUE(machine_.kernel.TakeAnswer(second, &answer));
}

TEST_F(ProviderTest, ProviderThatTouchesItsOwnObjectIsItsOwnClient) {
  uint32_t object = Create();
  uint64_t own = machine_.MapFile(space_, object, kPages, PROT_R, PAGER_SHARED);
  token_t token = machine_.kernel.NewToken();
  Answer answer;
  bool answered;
  ASSERT_EQ(machine_.kernel.Access(kProvider, own, FAULT_READ, token, &answer, &answered), nullptr);
  machine_.kernel.Advance(kBound);
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  EXPECT_EQ(answer.signal, (uint32_t)SIGBUS);
}

// --- death --------------------------------------------------------------------------------------

TEST_F(ProviderTest, DeathAtEachMessageGivesSigbusAndLeavesNothing) {
  for (int when = 0; when < 6; when++) {
    SCOPED_TRACE(when);
    uint32_t object = Create();
    uint64_t map = MapIt(object);
    Answer answer;
    Request request;
    if (when == 5) *Touch(map + PAGE_SIZE, FAULT_WRITE) = 1;  // dirty
    if (when >= 1) {
      ASSERT_EQ(Access(map, FAULT_READ, &answer), nullptr);
    }
    if (when >= 2) {
      ASSERT_TRUE(Next(&request));
    }
    if (when >= 3) {
      Do(request);
      ASSERT_EQ(Serve(request.tag, 0), PAGER_PARKED);
      EXPECT_EQ(SignalOfParked(), 0u);
    }
    token_t sync = 0;
    if (when >= 4) {
      *Touch(map, FAULT_WRITE) = 5;
      sync = machine_.kernel.NewToken();
      ASSERT_EQ(pager_sync(pager_, client_, sync, map, PAGE_SIZE, PAGER_SYNC_SYNC), PAGER_PARKED);
    }
    machine_.Kill(space_);
    if (when == 1 || when == 2) {
      EXPECT_EQ(SignalOfParked(), (uint32_t)SIGBUS);
    }
    if (sync) {
      ASSERT_TRUE(machine_.kernel.TakeAnswer(sync, &answer));
      EXPECT_EQ(answer.status, -EIO);
    }
    uint32_t reason = 0;
    EXPECT_EQ(machine_.Signal(client_, map, FAULT_READ, &reason), (uint32_t)SIGBUS);
    EXPECT_EQ(reason, (uint32_t)FAULT_IO_ERROR);
    uint64_t va = machine_.MapAnonymous(client_, 1);
    EXPECT_EQ(machine_.ReadFile(client_, object, 0, va, 10), -EIO);
    EXPECT_EQ(machine_.WriteFile(client_, object, 0, va, 10), -EIO);
    EXPECT_EQ(pager_object_resize(pager_, object, PAGE_SIZE), 0);
    EXPECT_EQ(pager_->frames_dirty, 0u);
    EXPECT_EQ(pager_->providers, nullptr);
    EXPECT_EQ(pager_object_close(pager_, object), 1);
    EXPECT_EQ(pager_unmap(pager_, client_, map, kPages * PAGE_SIZE), 0);
    EXPECT_EQ(pager_unmap(pager_, client_, va, PAGE_SIZE), 0);
    machine_.store.Drain();
    EXPECT_EQ(pager_object_destroy(pager_, object, 0), 0);
    space_ = machine_.Start(kProvider);
    EXPECT_EQ(machine_.FramesInUse(), frames_);
    buffer_ = (uint64_t)pager_provider(pager_, space_);
    serving_ = 0;
  }
}

TEST_F(ProviderTest, PrivateCopiesOutliveTheProvider) {
  uint64_t map = MapIt(Create(), PROT_R | PROT_W, PAGER_PRIVATE);
  uint8_t *at = Touch(map, FAULT_WRITE);
  ASSERT_NE(at, nullptr);
  EXPECT_EQ(at[1], stored_[0][1]);
  EXPECT_EQ(pager_->aging.handed, 0u);
}

TEST_F(ProviderTest, ExecEndsAProvider) {
  uint64_t map = MapIt(Create());
  uint32_t file = machine_.MakeFile(1, 8);
  uint64_t arguments = machine_.MapAnonymous(space_, 1);
  machine_.Write(space_, arguments, 1);
  struct exec_image image = {};
  image.entry = 0x10000;
  image.arguments = arguments;
  image.arguments_bytes = PAGE_SIZE;
  image.stack_pointer = STACK_TOP - 16;
  image.segments = 1;
  image.segment[0] = {0x10000, PAGE_SIZE, 0, PAGE_SIZE, PROT_R | PROT_X};
  std::memcpy(pager_message(pager_, space_), &image, sizeof(image));
  ASSERT_EQ(pager_exec(pager_, space_, 1, file), PAGER_PARKED);
  EXPECT_EQ(pager_->providers, nullptr);
  EXPECT_EQ(machine_.Signal(client_, map, FAULT_READ), (uint32_t)SIGBUS);
  EXPECT_EQ(machine_.Signal(space_, buffer_, FAULT_READ), (uint32_t)SIGSEGV);
}

TEST_F(ProviderTest, ChildrenOfAProviderAreNone) {
  struct space *child = machine_.Fork(space_, kClient + 1);
  EXPECT_EQ(pager_serve(pager_, child, 1, 0, 0, 0), -EINVAL);
  EXPECT_EQ(machine_.Signal(child, buffer_, FAULT_READ), (uint32_t)SIGSEGV);
  machine_.Write(space_, buffer_, 5);
  EXPECT_EQ(*Buffer(0), 5) << "fork took no right to it";
}

TEST_F(ProviderTest, DetachBreaksOneObject) {
  uint32_t object = Create(), other = Create(kCookie + 1);
  uint64_t map = MapIt(object), theirs = MapIt(other);
  *Touch(map, FAULT_WRITE) = 1;
  ASSERT_NE(Touch(theirs, FAULT_READ), nullptr);
  Answer answer;
  ASSERT_EQ(Access(map + PAGE_SIZE, FAULT_READ, &answer), nullptr);
  EXPECT_EQ(pager_detach(pager_, space_, 1234), -ESRCH);
  EXPECT_EQ(pager_detach(pager_, client_, kCookie), -ESRCH);
  EXPECT_EQ(pager_detach(pager_, space_, kCookie), 0);
  EXPECT_EQ(SignalOfParked(), (uint32_t)SIGBUS);
  EXPECT_EQ(machine_.Signal(client_, map, FAULT_READ), (uint32_t)SIGBUS);
  token_t token = machine_.kernel.NewToken();
  EXPECT_EQ(pager_object_flush(pager_, kClient, token, object, 0), -EIO) << "data was lost: once";
  EXPECT_EQ(pager_object_flush(pager_, kClient, token, object, 0), 0);
  EXPECT_EQ(pager_detach(pager_, space_, kCookie), -ESRCH);
  EXPECT_EQ(*Touch(theirs + PAGE_SIZE, FAULT_READ), stored_[1][0]);
}

// --- invalidate ---------------------------------------------------------------------------------

TEST_F(ProviderTest, InvalidatedPagesAreAskedForAgain) {
  uint64_t map = MapIt(Create());
  for (uint32_t i = 0; i < 4; i++) Touch(map + i * PAGE_SIZE, FAULT_READ);
  stored_[1][0] = 250;
  stored_[3][0] = 251;
  EXPECT_EQ(pager_invalidate(pager_, space_, kCookie, 1, 1), 0);
  EXPECT_EQ(*Touch(map + PAGE_SIZE, FAULT_READ), 250);
  EXPECT_NE(*Touch(map + 3 * PAGE_SIZE, FAULT_READ), 251);
  EXPECT_EQ(pager_invalidate(pager_, space_, kCookie, 0, ~0u), 0);
  EXPECT_EQ(*Touch(map + 3 * PAGE_SIZE, FAULT_READ), 251);
  EXPECT_EQ(pager_invalidate(pager_, space_, kCookie, 0, 0), -EINVAL);
  EXPECT_EQ(pager_invalidate(pager_, space_, kCookie, kPages, 1), -EINVAL);
  EXPECT_EQ(pager_invalidate(pager_, space_, kCookie, 1, ~0ull), -EINVAL);
  EXPECT_EQ(pager_invalidate(pager_, space_, 5, 0, 1), -ESRCH);
  EXPECT_EQ(pager_invalidate(pager_, client_, kCookie, 0, 1), -ESRCH);
}

TEST_F(ProviderTest, InvalidatedDirtyPagesComeBackFirst) {
  uint64_t map = MapIt(Create());
  *Touch(map, FAULT_WRITE) = 111;
  Touch(map + PAGE_SIZE, FAULT_READ);
  EXPECT_EQ(pager_invalidate(pager_, space_, kCookie, 0, kPages), 1);
  EXPECT_EQ(machine_.kernel.Find(kClient, (uint32_t)(map >> PAGE_SHIFT)), nullptr);
  Answer answer;
  ASSERT_EQ(Access(map, FAULT_WRITE, &answer), nullptr) << "nobody gets a page that leaves";
  Request request;
  ASSERT_TRUE(Next(&request));
  EXPECT_EQ(request.op, (uint32_t)OBJECT_PAGE_OUT);
  Do(request);
  EXPECT_EQ(stored_[0][0], 111);
  stored_[0][0] = 112;
  ASSERT_EQ(Serve(request.tag, 0), PAGER_PARKED);
  ASSERT_TRUE(Got(&request)) << "then it is asked for again";
  EXPECT_EQ(request.op, (uint32_t)OBJECT_PAGE_IN);
  Do(request);
  ASSERT_EQ(Serve(request.tag, 0), PAGER_PARKED);
  EXPECT_EQ(SignalOfParked(), 0u);
  EXPECT_EQ(*Touch(map, FAULT_READ), 112);
}

TEST_F(ProviderTest, InvalidatedPagesThatCannotBeHandedBackAreLost) {
  uint64_t map = MapIt(Create());
  *Touch(map, FAULT_WRITE) = 111;
  EXPECT_EQ(pager_invalidate(pager_, space_, kCookie, 0, 1), 1);
  machine_.kernel.Advance(kBound);
  EXPECT_EQ(pager_->frames_dirty, 0u);
  EXPECT_EQ(*Touch(map, FAULT_READ), stored_[0][0]);
}

// --- limits and size ----------------------------------------------------------------------------

TEST_F(ProviderTest, CutOffWhileBeingWritten) {
  uint32_t object = Create();
  uint64_t map = MapIt(object);
  *Touch(map, FAULT_WRITE) = 1;
  *Touch(map + PAGE_SIZE, FAULT_WRITE) = 2;
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(pager_sync(pager_, client_, token, map, 2 * PAGE_SIZE, PAGER_SYNC_SYNC), PAGER_PARKED);
  Request request;
  ASSERT_TRUE(Next(&request));
  EXPECT_EQ(pager_object_resize(pager_, object, PAGE_SIZE), 0) << "fs does not wait for a program";
  EXPECT_EQ(Serve(request.tag, 0), -ETIMEDOUT);
  ServeAll();
  machine_.kernel.Advance(5000);
  ServeAll();
  EXPECT_EQ(stored_[0][0], 1);
  EXPECT_EQ(machine_.Signal(client_, map + PAGE_SIZE, FAULT_READ), (uint32_t)SIGBUS);
  EXPECT_EQ(pager_->frames_dirty, 0u);
}

TEST_F(ProviderTest, WritersWaitForTheirProviderAloneAndNotForEver) {
  uint32_t object = Create(kCookie, 4 * kPages);
  uint64_t map = machine_.MapFile(client_, object, 4 * kPages, PROT_R | PROT_W, PAGER_SHARED);
  stored_.resize(4 * kPages, std::vector<uint8_t>(PAGE_SIZE));
  uint32_t limit = pager_->aging.limit / AGING_PROGRAM_PART;
  for (uint32_t i = 0; i < 4 * kPages; i++) {
    uint8_t *at = Touch(map + i * PAGE_SIZE, FAULT_WRITE);
    ASSERT_NE(at, nullptr);
    *at = 1;
    EXPECT_LE(object_of(pager_, object)->dirty, limit + 1);
  }
  EXPECT_GT(pager_->counts.pages_out, 2 * kPages) << "it was made to wait";
  // Now the provider is silent.
  Answer answer;
  uint32_t page = 0;
  while (uint8_t *at = Access(map + page * PAGE_SIZE, FAULT_WRITE, &answer)) {
    *at = 2;
    ASSERT_LT(++page, 4 * kPages);
  }
  machine_.kernel.Advance(PROVIDER_REQUESTS * kBound);
  EXPECT_NE(SignalOfParked(), ~0u);
  EXPECT_EQ(pager_->aging.dirty, 0u);
  // Files are written as ever.
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t va = machine_.MapAnonymous(space_, 1);
  EXPECT_EQ(machine_.WriteFile(space_, file, 0, va, PAGE_SIZE), (int64_t)PAGE_SIZE);
}

TEST_F(ProviderTest, SyncOfAllDoesNotWaitForPrograms) {
  uint64_t map = MapIt(Create());
  *Touch(map, FAULT_WRITE) = 1;
  EXPECT_EQ(pager_object_flush(pager_, kClient, 1, 0, 0), 0);
  EXPECT_EQ(pager_->frames_dirty, 0u) << "it was not even looked at";
}

TEST_F(ProviderTest, ManyClientsShareFewRequests) {
  uint32_t object = Create();
  std::vector<struct space *> spaces;
  std::vector<token_t> tokens;
  Answer answer;
  bool answered;
  for (uint32_t i = 0; i < PROVIDER_REQUESTS + 8; i++) {
    spaces.push_back(machine_.Start(20 + i));
    uint64_t map = machine_.MapFile(spaces[i], object, kPages, PROT_R, PAGER_SHARED);
    tokens.push_back(machine_.kernel.NewToken());
    machine_.kernel.Access(20 + i, map + i * PAGE_SIZE, FAULT_READ, tokens[i], &answer, &answered);
  }
  machine_.Kill(spaces[3]);
  ServeAll();
  for (uint32_t i = 0; i < tokens.size(); i++) {
    EXPECT_EQ(machine_.kernel.TakeAnswer(tokens[i], &answer), i != 3) << i;
  }
}

TEST_F(ProviderTest, ClosedObjectWithoutMappingIsIdleEvenIfItsProviderFails) {
  uint32_t object = Create();
  uint64_t map = MapIt(object);
  *Touch(map, FAULT_WRITE) = 1;
  EXPECT_EQ(pager_unmap(pager_, client_, map, kPages * PAGE_SIZE), 0);
  EXPECT_EQ(pager_object_close(pager_, object), 2);
  machine_.kernel.Advance(2 * kBound);  // of the unmapping, of the closing
  machine_.store.Drain();
  EXPECT_EQ(machine_.store.idle, 1u);
  EXPECT_EQ(pager_->frames_dirty, 0u);
  EXPECT_EQ(pager_object_destroy(pager_, object, 0), 0);
}

TEST_F(ProviderTest, EndsWithAPrivateMappingOfItsOwnObject) {
  uint32_t object = Create();
  uint64_t own = machine_.MapFile(space_, object, kPages, PROT_R | PROT_W, PAGER_PRIVATE);
  uint64_t theirs = MapIt(object);
  ASSERT_NE(Touch(theirs, FAULT_READ), nullptr);
  machine_.Write(space_, own, 1);  // what is in memory it need not ask itself for
  machine_.Kill(space_);
  Answer answer;
  EXPECT_EQ(Access(theirs, FAULT_READ, &answer), nullptr);
  EXPECT_EQ(answer.signal, (uint32_t)SIGBUS);
}

}  // namespace
