// Faults that go to handlers, interrupts, and what fork and exec make of dispositions.
#include <csignal>

#include "protocols/proc.h"
#include "protocols/signal.h"
#include "servers/pager/core/fake_machine.h"

extern "C" {
#include "servers/pager/core/signals.h"
}

namespace {

constexpr uint32_t kBadge = 8;
constexpr uint32_t kChild = 9;
constexpr uint64_t kHandler = 0x12340;
constexpr uint64_t kNowhere = 0x20000000;

uint64_t Bit(int signal) { return SIGNAL_BIT((unsigned)signal); }

class SignalsTest : public testing::Test {
 protected:
  SignalsTest() : pager_(machine_.pager), space_(machine_.Start(kBadge)) {
    machine_.OnePage();
    EXPECT_EQ(pager_upcall(pager_, space_), 0);
    Page(space_)->entry = kHandler;
    Page(space_)->handled = Bit(SIGSEGV) | Bit(SIGBUS);
  }
  ~SignalsTest() override { machine_.kernel.Check(); }

  volatile struct signal_page *Page(struct space *space) {
    return signal_page_in(pager_message(pager_, space));
  }

  // What an access ends in.
  Answer Access(uint64_t va, uint32_t access) {
    Answer answer = {};
    EXPECT_EQ(machine_.Touch(space_, va, access, &answer), nullptr);
    return answer;
  }

  FakeMachine machine_;
  struct pager *pager_;
  struct space *space_;
};

TEST_F(SignalsTest, FaultsGoToTheHandlerWithAddressAndCode) {
  EXPECT_EQ(Access(kNowhere + 5, FAULT_READ).kind, Answer::kUpcall);
  EXPECT_EQ(Page(space_)->signal, (uint64_t)SIGSEGV);
  EXPECT_EQ(Page(space_)->code, SEGV_MAPERR);
  EXPECT_EQ(Page(space_)->address, kNowhere + 5);
  EXPECT_EQ(Page(space_)->busy, 1u);
  Page(space_)->busy = 0;
  int64_t memory = pager_map(pager_, space_, 0, PAGE_SIZE, PROT_R, PAGER_PRIVATE);
  ASSERT_GT(memory, 0);
  uint64_t errors = pager_->counts.faults_error;
  Answer answer = Access((uint64_t)memory + 9, FAULT_WRITE);
  EXPECT_EQ(answer.kind, Answer::kUpcall);
  EXPECT_EQ(answer.address, kHandler);
  EXPECT_EQ(Page(space_)->code, SEGV_ACCERR);
  EXPECT_EQ(Page(space_)->address, (uint64_t)memory + 9);
  EXPECT_EQ(pager_->counts.faults_error, errors + 1);
}

TEST_F(SignalsTest, WhatTheServersLoopDoesForForbiddenAccesses) {
  EXPECT_EQ(signals_forbidden(pager_, space_, 77), kHandler);
  EXPECT_EQ(Page(space_)->code, SEGV_ACCERR);
  EXPECT_EQ(signals_forbidden(pager_, space_, 77), 0u) << "busy";
  signals_refused(pager_, space_);
  EXPECT_EQ(Page(space_)->busy, 0u);
}

TEST_F(SignalsTest, NobodyHandlesWhatIsBusyMaskedOrNotAskedFor) {
  volatile struct signal_page *page = Page(space_);
  page->busy = 1;
  EXPECT_EQ(Access(kNowhere, FAULT_READ).kind, Answer::kSignal);
  page->busy = 0;
  page->mask = Bit(SIGSEGV);
  EXPECT_EQ(Access(kNowhere, FAULT_READ).kind, Answer::kSignal);
  page->mask = ~Bit(SIGSEGV);
  EXPECT_EQ(Access(kNowhere, FAULT_READ).kind, Answer::kUpcall);
  page->busy = page->mask = 0;
  page->handled = ~Bit(SIGSEGV);
  EXPECT_EQ(Access(kNowhere, FAULT_READ).kind, Answer::kSignal);
  page->handled = ~0ull;
  page->entry = 0;
  EXPECT_EQ(Access(kNowhere, FAULT_READ).kind, Answer::kSignal);
}

TEST_F(SignalsTest, GuardedAccessesGoToTheGuard) {
  constexpr uint64_t kGuard = 0x12340;
  volatile struct signal_page *page = Page(space_);
  page->guard = kGuard;
  page->handled = 0;
  page->mask = ~0ull;
  Answer answer = Access(kNowhere, FAULT_READ);
  EXPECT_EQ(answer.kind, Answer::kUpcall);
  EXPECT_EQ(answer.address, kGuard);
  EXPECT_EQ(signals_forbidden(pager_, space_, 77), kGuard);
  EXPECT_EQ(page->busy, 0u);
  EXPECT_EQ(page->signal, 0u);
  page->busy = 1;
  EXPECT_EQ(Access(kNowhere, FAULT_READ).kind, Answer::kSignal) << "the registers are in use";
  page->busy = 0;
  page->guard = 0;
  EXPECT_EQ(Access(kNowhere, FAULT_READ).kind, Answer::kSignal);
}

TEST_F(SignalsTest, GuardedAccessesNeedNoHandlers) {
  struct space *other = machine_.Start(kBadge + 1);
  Page(other)->guard = kHandler;
  Answer answer = {};
  EXPECT_EQ(machine_.Touch(other, kNowhere, FAULT_READ, &answer), nullptr);
  EXPECT_EQ(answer.kind, Answer::kUpcall);
}

TEST_F(SignalsTest, ParkedFaultsThatFailGoThereToo) {
  int64_t object = pager_object_create(pager_, 1, 3 * PAGE_SIZE, OBJECT_OF_FILE, 0, 0);
  ASSERT_GT(object, 0);
  int64_t memory = pager_object_map(pager_, space_, (uint32_t)object, 0, 0, 2 * PAGE_SIZE, PROT_R,
                                    PAGER_SHARED, PROT_R);
  ASSERT_GT(memory, 0);
  for (bool refuse : {false, true}) {
    Page(space_)->busy = 0;
    machine_.kernel.refuse_upcalls = refuse;
    token_t token = machine_.kernel.NewToken();
    Answer answer = {};
    bool answered;
    EXPECT_EQ(machine_.kernel.Access(space_->slot, (uint64_t)memory + 3, FAULT_READ, token, &answer,
                                     &answered),
              nullptr);
    ASSERT_FALSE(answered);
    machine_.store.Take();
    while (machine_.store.Waiting() != 0) machine_.store.Answer(0, -EIO);
    ASSERT_TRUE(machine_.kernel.TakeAnswer(token, &answer));
    if (refuse) {
      EXPECT_EQ(answer.kind, Answer::kSignal);
      EXPECT_EQ(answer.signal, (uint32_t)SIGBUS);
      EXPECT_EQ(Page(space_)->busy, 0u);
    } else {
      EXPECT_EQ(answer.kind, Answer::kUpcall);
      EXPECT_EQ(Page(space_)->signal, (uint64_t)SIGBUS);
      EXPECT_EQ(Page(space_)->code, BUS_ADRERR);
      EXPECT_EQ(Page(space_)->address, (uint64_t)memory + 3);
    }
  }
}

TEST_F(SignalsTest, InterruptsWhoRuns) {
  EXPECT_EQ(pager_interrupt(pager_, kBadge), 0);
  ASSERT_EQ(machine_.kernel.upcalls.size(), 1u);
  EXPECT_EQ(machine_.kernel.upcalls[0], std::make_pair(kBadge, kHandler));
  EXPECT_EQ(Page(space_)->signal, 0u);
  EXPECT_EQ(pager_interrupt(pager_, kBadge), 0) << "it will look itself";
  EXPECT_EQ(machine_.kernel.upcalls.size(), 1u);
  Page(space_)->busy = 0;
  machine_.kernel.refuse_upcalls = true;
  EXPECT_EQ(pager_interrupt(pager_, kBadge), -EBUSY);
  EXPECT_EQ(Page(space_)->busy, 0u);
}

TEST_F(SignalsTest, InterruptRefuses) {
  EXPECT_EQ(pager_interrupt(pager_, kChild), -ESRCH);
  EXPECT_EQ(pager_interrupt(pager_, SLOT_FS), -ESRCH);
  Page(space_)->entry = 0;
  EXPECT_EQ(pager_interrupt(pager_, kBadge), -EINVAL);
}

TEST_F(SignalsTest, AskingTwiceIsNoError) { EXPECT_EQ(pager_upcall(pager_, space_), 0); }

TEST_F(SignalsTest, ForkCopiesDispositionsAndExecKeepsWhatIsIgnored) {
  Page(space_)->mask = 5;
  Page(space_)->ignored = 6;
  Page(space_)->pending = 7;
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(Page(child)->entry, kHandler);
  EXPECT_EQ(Page(child)->handled, Page(space_)->handled);
  EXPECT_EQ(Page(child)->mask, 5u);
  EXPECT_EQ(Page(child)->ignored, 6u);
  EXPECT_EQ(Page(child)->pending, 0u);
  EXPECT_EQ(machine_.kernel.buffered.count(kChild), 1u);
  signals_exec(pager_, child);
  EXPECT_EQ(Page(child)->entry, 0u);
  EXPECT_EQ(Page(child)->handled, 0u);
  EXPECT_EQ(Page(child)->mask, 5u);
  EXPECT_EQ(Page(child)->ignored, 6u);
  machine_.Kill(child);
}

TEST_F(SignalsTest, ForkOfWhoTakesNoUpcallsBindsNothing) {
  Page(space_)->entry = 0;
  Page(space_)->mask = 5;
  struct space *child = machine_.Fork(space_, kChild);
  EXPECT_EQ(machine_.kernel.buffered.count(kChild), 0u);
  EXPECT_EQ(Page(child)->entry, 0u);
  EXPECT_EQ(Page(child)->handled, 0u);
  EXPECT_EQ(Page(child)->mask, 5u);
  machine_.Kill(child);
}

}  // namespace
