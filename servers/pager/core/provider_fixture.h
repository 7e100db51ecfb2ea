// For tests of programs as pagers: a provider, a client, and what the provider stores.
#ifndef SERVERS_PAGER_CORE_PROVIDER_FIXTURE_H_
#define SERVERS_PAGER_CORE_PROVIDER_FIXTURE_H_

#include <csignal>
#include <map>
#include <utility>
#include <vector>

#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/pager/core/fake_machine.h"

extern "C" {
#include "servers/pager/core/provider.h"
}

constexpr uint32_t kProvider = 8;
constexpr uint32_t kClient = 9;
constexpr uint64_t kCookie = 77;
constexpr uint64_t kBound = 100;
constexpr uint32_t kPages = 64;

struct Request {
  uint32_t op, count, tag;
  uint64_t cookie, page, bytes;
};

class ProviderTest : public testing::Test {
 protected:
  ProviderTest()
      : machine_(1200, 128),
        pager_(machine_.pager),
        space_(machine_.Start(kProvider)),
        client_(machine_.Start(kClient)),
        stored_(kPages, std::vector<uint8_t>(PAGE_SIZE)) {
    machine_.OnePage();
    frames_ = machine_.FramesInUse();
    int64_t at = pager_provider(pager_, space_);
    EXPECT_GT(at, 0);
    buffer_ = (uint64_t)at;
    for (uint32_t i = 0; i < kPages; i++) {
      for (uint32_t j = 0; j < PAGE_SIZE; j++) stored_[i][j] = (uint8_t)(3 * i + j);
    }
  }
  ~ProviderTest() override {
    machine_.store.Drain();
    machine_.kernel.Check();
  }

  uint32_t Create(uint64_t cookie = kCookie, uint32_t pages = kPages, uint64_t bound = kBound) {
    int64_t id = pager_object_create(pager_, cookie, (uint64_t)pages * PAGE_SIZE, OBJECT_OF_PROGRAM,
                                     space_->badge, bound);
    EXPECT_GT(id, 0);
    return (uint32_t)id;
  }

  uint64_t MapIt(uint32_t object, uint32_t prot = PROT_R | PROT_W, uint32_t flags = PAGER_SHARED) {
    return machine_.MapFile(client_, object, kPages, prot, flags);
  }

  // One PAGER_SERVE: the result, PAGER_PARKED if it waits for a request or has got one.
  int64_t Serve(uint64_t tag, int64_t status, uint64_t flags = 0) {
    serving_ = machine_.kernel.NewToken();
    return pager_serve(pager_, space_, serving_, tag, (uint64_t)status, flags);
  }

  bool Got(Request *request) {
    uint64_t word[4];
    if (!machine_.kernel.TakeServed(serving_, word)) return false;
    EXPECT_GE((int64_t)word[0], 0);
    *request = {PAGER_SERVED_OP(word[0]),
                PAGER_SERVED_COUNT(word[0]),
                PAGER_SERVED_TAG(word[0]),
                word[1],
                word[2],
                word[3]};
    EXPECT_NE(request->tag, 0u);
    return true;
  }

  // The byte in the provider's buffer, as the provider sees it.
  uint8_t *Buffer(uint64_t at) {
    uint32_t page = (uint32_t)((buffer_ + at) >> PAGE_SHIFT);
    const Entry *entry = machine_.kernel.Find(kProvider, page);
    return machine_.kernel.memory(entry->frame) + (at & PAGE_MASK);
  }

  // Does what a good provider does with a request.
  void Do(const Request &request) {
    for (uint32_t i = 0; i < request.count; i++) {
      for (uint32_t j = 0; j < PAGE_SIZE; j++) {
        uint8_t *byte = &stored_[request.page + i][j];
        if (request.op == OBJECT_PAGE_IN) {
          *Buffer((uint64_t)i * PAGE_SIZE + j) = *byte;
        } else {
          *byte = *Buffer((uint64_t)i * PAGE_SIZE + j);
        }
      }
    }
  }

  // The request that a provider which has nothing to answer gets.
  bool Next(Request *request) {
    return Got(request) || (Serve(0, 0) == PAGER_PARKED && Got(request));
  }

  // Serves until nothing is asked for any more.
  void ServeAll(int32_t status = 0) {
    Request request;
    while (Next(&request)) {
      int64_t result;
      do {
        if (status == 0) Do(request);
        result = Serve(request.tag, status);
      } while (result == PAGER_PARKED && Got(&request));
      if (result == PAGER_PARKED) return;
      ASSERT_EQ(result, -ETIMEDOUT);
    }
  }

  // The client's access. Null if it waits for token_.
  uint8_t *Access(uint64_t va, uint32_t access, Answer *answer) {
    token_ = machine_.kernel.NewToken();
    bool answered;
    return machine_.kernel.Access(kClient, va, access, token_, answer, &answered);
  }

  // The client's access with a provider that serves well.
  uint8_t *Touch(uint64_t va, uint32_t access) {
    Answer answer;
    for (int i = 0; i < 4; i++) {
      uint8_t *at = Access(va, access, &answer);
      if (at) return at;
      ServeAll();
      EXPECT_TRUE(machine_.kernel.TakeAnswer(token_, &answer));
      if (answer.kind == Answer::kSignal) return nullptr;
    }
    ADD_FAILURE() << "no end";
    return nullptr;
  }

  // What becomes of the client's parked access.
  uint32_t SignalOfParked() {
    Answer answer;
    if (!machine_.kernel.TakeAnswer(token_, &answer)) return ~0u;
    return answer.kind == Answer::kSignal ? answer.signal : 0;
  }

  FakeMachine machine_;
  struct pager *pager_;
  struct space *space_, *client_;
  std::vector<std::vector<uint8_t>> stored_;
  uint64_t buffer_;
  uint32_t frames_;
  token_t serving_ = 0, token_ = 0;
};

#endif  // SERVERS_PAGER_CORE_PROVIDER_FIXTURE_H_
