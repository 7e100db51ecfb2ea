// The short way through faults that a provider answers, and signals of a provider that waits.
#include <random>

#include "servers/pager/core/provider_fixture.h"

namespace {

class ProviderShortTest : public ProviderTest {
 protected:
  // A mapping in which each page stands alone.
  uint64_t MapAlone(struct space *space, uint32_t object, uint32_t prot = PROT_R | PROT_W) {
    uint64_t map = machine_.MapFile(space, object, kPages, prot, PAGER_SHARED);
    EXPECT_EQ(pager_advise(pager_, space, 1, map, kPages * PAGE_SIZE, ADVICE_RANDOM), 0);
    return map;
  }

  // The request for a page that the client reads while the provider waits.
  Request Asked(uint64_t va) {
    Answer answer;
    Request request = {};
    EXPECT_EQ(Access(va, FAULT_READ, &answer), nullptr);
    EXPECT_TRUE(Got(&request));
    return request;
  }

  // The provider waits, the client faults, the provider answers and waits.
  uint8_t *Fault(uint64_t va, uint32_t access, int64_t status = 0) {
    Answer answer;
    Request request;
    EXPECT_EQ(Serve(0, 0), PAGER_PARKED);
    uint8_t *at = Access(va, access, &answer);
    if (at) return at;
    if (!Got(&request)) return nullptr;
    EXPECT_EQ(request.op, (uint32_t)OBJECT_PAGE_IN);
    asked_ = request.count;
    Do(request);
    EXPECT_EQ(Serve(request.tag, status), PAGER_PARKED);
    EXPECT_FALSE(Got(&request));
    EXPECT_TRUE(machine_.kernel.TakeAnswer(token_, &answer));
    if (answer.kind == Answer::kSignal) return nullptr;
    return Access(va, access, &answer);
  }

  volatile struct signal_page *Signals() { return signal_page_in(pager_message(pager_, space_)); }

  // As many pages at a time as a system would.
  void SeveralPages() {
    pager_->option[PAGER_READ_AHEAD] = 16;
    pager_->option[PAGER_FAULT_AROUND] = 16;
  }

  uint32_t asked_ = 0;  // pages, of the last Fault
};

TEST_F(ProviderShortTest, CountsWhatTheGeneralWayCounts) {
  uint32_t object = Create();
  uint64_t map = MapAlone(client_, object);
  ASSERT_NE(Fault(map, FAULT_READ), nullptr);  // tables and nodes are there now
  struct pager_counts before, after;
  counts_sum(pager_, &before);
  uint64_t faults = client_->faults, major = client_->major;
  uint8_t *at = Fault(map + 5 * PAGE_SIZE + 9, FAULT_READ);
  ASSERT_NE(at, nullptr);
  EXPECT_EQ(*at, stored_[5][9]);
  counts_sum(pager_, &after);
  EXPECT_EQ(after.pages_in - before.pages_in, 1u);
  EXPECT_EQ(after.requests_in - before.requests_in, 1u);
  EXPECT_EQ(after.faults - before.faults, 1u);
  EXPECT_EQ(after.faults_major - before.faults_major, 1u);
  EXPECT_EQ(after.faults_file - before.faults_file, 1u);
  EXPECT_EQ(after.pages_mapped - before.pages_mapped, 1u);
  EXPECT_EQ(client_->faults - faults, 1u);
  EXPECT_EQ(client_->major - major, 1u);
  EXPECT_EQ(client_->pending, nullptr);
  EXPECT_EQ(space_->provider->requests.used, 0u);
  EXPECT_EQ(object_of(pager_, object)->requests, 0u);
}

TEST_F(ProviderShortTest, LonePagesAreEnteredAloneAndSequencesAreNot) {
  SeveralPages();
  uint32_t object = Create();
  uint64_t map = MapIt(object);
  for (uint32_t page : {20, 22, 21}) {
    struct pager_counts before, after;
    counts_sum(pager_, &before);
    ASSERT_EQ(*Fault(map + page * PAGE_SIZE, FAULT_READ), stored_[page][0]);
    EXPECT_EQ(asked_, 1u);
    counts_sum(pager_, &after);
    EXPECT_EQ(after.pages_mapped - before.pages_mapped, 1u);
  }
  ASSERT_NE(Fault(map + 40 * PAGE_SIZE, FAULT_READ), nullptr);
  ASSERT_NE(Fault(map + 41 * PAGE_SIZE, FAULT_READ), nullptr);
  EXPECT_EQ(asked_, 2u) << "read in sequence";
}

TEST_F(ProviderShortTest, PrivatePagesAreReadOnlyUntilTheyAreWritten) {
  uint32_t object = Create();
  uint64_t map = MapIt(object, PROT_R | PROT_W, PAGER_PRIVATE);
  ASSERT_EQ(*Fault(map + 5 * PAGE_SIZE, FAULT_READ), stored_[5][0]);
  EXPECT_EQ(machine_.kernel.Find(kClient, (uint32_t)(map >> PAGE_SHIFT) + 5)->prot,
            (uint32_t)PROT_R);
  EXPECT_EQ(object_of(pager_, object)->handed, 0u);
  uint8_t *at = Touch(map + 5 * PAGE_SIZE, FAULT_WRITE);
  ASSERT_NE(at, nullptr);
  *at = 99;
  EXPECT_EQ(*Fault(map + 5 * PAGE_SIZE, FAULT_READ), 99);
  uint64_t shared = MapAlone(client_, object);
  EXPECT_EQ(*Touch(shared + 5 * PAGE_SIZE, FAULT_READ), stored_[5][0]);
}

TEST_F(ProviderShortTest, WhereATableIsMissingItFaultsAgain) {
  uint32_t object = Create();
  ASSERT_NE(Fault(MapAlone(client_, object), FAULT_READ), nullptr);
  struct space *other = machine_.Start(20);
  uint64_t map = MapAlone(other, object);
  Answer answer;
  Request request;
  bool answered;
  ASSERT_EQ(Serve(0, 0), PAGER_PARKED);
  token_t token = machine_.kernel.NewToken();
  ASSERT_EQ(machine_.kernel.Access(20, map + 8 * PAGE_SIZE, FAULT_READ, token, &answer, &answered),
            nullptr);
  ASSERT_TRUE(Got(&request));
  Do(request);
  EXPECT_EQ(Serve(request.tag, 0), PAGER_PARKED);
  ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
  uint8_t *at =
      machine_.kernel.Access(20, map + 8 * PAGE_SIZE, FAULT_READ, token, &answer, &answered);
  ASSERT_NE(at, nullptr);
  EXPECT_EQ(*at, stored_[8][0]);
}

TEST_F(ProviderShortTest, WhoEndsMeanwhileIsForgotten) {
  uint64_t map = MapAlone(client_, Create());
  ASSERT_NE(Fault(map, FAULT_READ), nullptr);
  Answer answer;
  Request request = Asked(map + PAGE_SIZE);
  machine_.Kill(client_);
  EXPECT_EQ(Serve(request.tag, 0), PAGER_PARKED);
  EXPECT_FALSE(machine_.kernel.TakeAnswer(token_, &answer));
}

TEST_F(ProviderShortTest, ErrorsAndLiesFailTheClientAlone) {
  uint64_t map = MapAlone(client_, Create());
  ASSERT_NE(Fault(map, FAULT_READ), nullptr);
  EXPECT_EQ(Fault(map + PAGE_SIZE, FAULT_READ, -EIO), nullptr);
  Request request = Asked(map + 2 * PAGE_SIZE);
  EXPECT_EQ(Serve(request.tag + 1, 0), -EINVAL);
  EXPECT_EQ(SignalOfParked(), (uint32_t)SIGBUS);
  EXPECT_NE(Fault(map + 2 * PAGE_SIZE, FAULT_READ), nullptr);
}

TEST_F(ProviderShortTest, TooLateIsTooLate) {
  uint64_t map = MapAlone(client_, Create());
  ASSERT_NE(Fault(map, FAULT_READ), nullptr);
  Request request = Asked(map + PAGE_SIZE);
  machine_.kernel.Advance(kBound + 1);
  EXPECT_EQ(SignalOfParked(), (uint32_t)SIGBUS);
  EXPECT_EQ(Serve(request.tag, 0), -ETIMEDOUT);
  EXPECT_NE(Fault(map + PAGE_SIZE, FAULT_READ), nullptr);
}

// How the object is mapped: flags of PAGER_MAP, and PAGER_ADVISE.
class ProviderMappingTest : public ProviderShortTest,
                            public testing::WithParamInterface<std::pair<uint32_t, uint32_t>> {};

TEST_P(ProviderMappingTest, RandomAccessesAndAnswersAgreeWithTheStore) {
  std::mt19937 random(1);
  auto [flags, advice] = GetParam();
  SeveralPages();
  uint64_t map = MapIt(Create(), PROT_R | PROT_W, flags);
  ASSERT_EQ(pager_advise(pager_, client_, 1, map, kPages * PAGE_SIZE, (enum pager_advice)advice),
            0);
  std::map<uint32_t, std::vector<uint8_t>> own;  // pages that are not the store's any more
  for (int i = 0; i < 3000; i++) {
    uint32_t page = random() % kPages, byte = random() % PAGE_SIZE;
    switch (random() % 8) {
      case 0:
        pager_invalidate(pager_, space_, kCookie, page, 1 + random() % 8);
        ServeAll();
        break;
      case 1:
        machine_.kernel.Advance(random() % 6000);
        ServeAll();
        break;
      case 2: {  // changed, in the page and so, if it is shared, in the end in the store
        uint8_t *at = Fault(map + page * PAGE_SIZE + byte, FAULT_WRITE);
        if (!at) at = Touch(map + page * PAGE_SIZE + byte, FAULT_WRITE);
        ASSERT_NE(at, nullptr);
        uint8_t value = *at = (uint8_t)random();
        token_t token = machine_.kernel.NewToken();
        pager_sync(pager_, client_, token, map, kPages * PAGE_SIZE, PAGER_SYNC_SYNC);
        ServeAll();
        Answer answer;
        machine_.kernel.TakeAnswer(token, &answer);
        if (flags == PAGER_PRIVATE) {
          own.try_emplace(page, stored_[page]).first->second[byte] = value;
        } else {
          EXPECT_EQ(stored_[page][byte], value);
        }
        break;
      }
      default: {
        uint8_t *at = Fault(map + page * PAGE_SIZE + byte, FAULT_READ);
        ASSERT_NE(at, nullptr);
        ASSERT_EQ(*at, own.count(page) ? own[page][byte] : stored_[page][byte]) << page;
      }
    }
    if (i % 64 == 0) machine_.kernel.Check();
  }
}

INSTANTIATE_TEST_SUITE_P(Mappings, ProviderMappingTest,
                         testing::Values(std::pair(PAGER_SHARED, ADVICE_RANDOM),
                                         std::pair(PAGER_SHARED, ADVICE_NORMAL),
                                         std::pair(PAGER_SHARED, ADVICE_SEQUENTIAL),
                                         std::pair(PAGER_PRIVATE, ADVICE_RANDOM),
                                         std::pair(PAGER_PRIVATE, ADVICE_NORMAL)));

// --- signals ------------------------------------------------------------------------------------

TEST_F(ProviderShortTest, SignalEndsTheWaitForARequest) {
  ASSERT_EQ(pager_upcall(pager_, space_), 0);
  Signals()->entry = 0x12340;
  machine_.kernel.refuse_upcalls = true;  // it waits in a call
  EXPECT_EQ(pager_interrupt(pager_, kProvider), -EBUSY) << "it does not wait for a request";
  ASSERT_EQ(Serve(0, 0), PAGER_PARKED);
  EXPECT_EQ(pager_interrupt(pager_, kProvider), -EBUSY) << "it has taken the signal before";
  Answer answer;
  EXPECT_FALSE(machine_.kernel.TakeAnswer(serving_, &answer));
  Signals()->pending = 1;
  EXPECT_EQ(pager_interrupt(pager_, kProvider), 0);
  ASSERT_TRUE(machine_.kernel.TakeAnswer(serving_, &answer));
  EXPECT_EQ(answer.status, -EINTR);
  EXPECT_EQ(pager_interrupt(pager_, kProvider), -EBUSY) << "only once";
  EXPECT_EQ(Signals()->busy, 0u);
}

TEST_F(ProviderShortTest, WhoHasASignalToTakeDoesNotWait) {
  uint64_t map = MapAlone(client_, Create());
  ASSERT_NE(Fault(map, FAULT_READ), nullptr);
  Answer answer;
  Request request = Asked(map + PAGE_SIZE);
  Do(request);
  Signals()->pending = SIGNAL_BIT(SIGNAL_ALRM);
  EXPECT_EQ(Serve(request.tag, 0), -EINTR);
  EXPECT_TRUE(machine_.kernel.TakeAnswer(token_, &answer)) << "the answer was taken";
  EXPECT_EQ(*Access(map + PAGE_SIZE, FAULT_READ, &answer), stored_[1][0]);
  EXPECT_EQ(Serve(0, 0), -EINTR);
  ASSERT_EQ(Access(map + 2 * PAGE_SIZE, FAULT_READ, &answer), nullptr);
  EXPECT_EQ(Serve(0, 0), PAGER_PARKED) << "a request comes first";
  EXPECT_TRUE(Got(&request));
  Signals()->mask = SIGNAL_BIT(SIGNAL_ALRM);
  EXPECT_EQ(Serve(request.tag, 0), PAGER_PARKED) << "a blocked one can wait";
}

}  // namespace
