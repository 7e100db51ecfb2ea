// Signals of processes that handle, ignore or hold up some, and timers.
#include <errno.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "servers/proc/processes_fixture.h"

extern "C" {
#include "protocols/signal.h"
#include "servers/proc/process_table.h"
}

namespace proc_test {
namespace {

constexpr uint64_t kHandler = 0x12340;

class ProcessesSignals : public Processes {
 protected:
  ProcessesSignals() : child(Fork(kInit)), page(*Page(child)) { page.entry = kHandler; }

  static volatile signal_page *Page(uint32_t badge) { return signal_page_in(outside_page(badge)); }
  static uint64_t Bit(int signal) { return SIGNAL_BIT(static_cast<unsigned>(signal)); }
  int64_t Kill(int signal) {
    return Status(kInit, {PROC_KILL, Pid(child), static_cast<uint64_t>(signal)});
  }
  bool Lives() { return world->spaces.count(child) == 1; }

  uint32_t child;
  volatile signal_page &page;
};

using Strings = std::vector<std::string>;

TEST_F(ProcessesSignals, HandledOnesInterruptWhoRuns) {
  page.handled = Bit(SIGTERM);
  EXPECT_EQ(Kill(SIGTERM), 0);
  EXPECT_TRUE(Lives());
  EXPECT_EQ(page.pending, Bit(SIGTERM));
  EXPECT_EQ(page.sender[SIGTERM - 1], PID_INIT);
  EXPECT_EQ(world->interrupts, Strings{"pager"});
}

TEST_F(ProcessesSignals, WhoWaitsInACallIsLookedFor) {
  page.handled = Bit(SIGTERM);
  world->busy = -EBUSY;
  EXPECT_EQ(Kill(SIGTERM), 0);
  EXPECT_EQ(world->interrupts, (Strings{"pager", "fs", "console"}));
  // Nowhere: it is asked for again and again until it has looked, or runs.
  for (int i : {1, 2, 4, 8, 16, 32, 64, 64}) {
    world->interrupts.clear();
    EXPECT_EQ(world->timer, world->now + kTimebase / 1000 * i);
    world->now = world->timer;
    Tick();
    EXPECT_EQ(world->interrupts, (Strings{"pager", "fs", "console"}));
  }
  page.pending = 0;
  world->now = world->timer;
  Tick();
  EXPECT_EQ(world->timer, TIMER_NEVER);
  world->interrupts.clear();
  world->in_pipe = 1;
  EXPECT_EQ(Kill(SIGTERM), 0);
  EXPECT_EQ(world->interrupts, (Strings{"pager", "fs"}));
}

TEST_F(ProcessesSignals, MaskedOnesArePending) {
  for (uint64_t sets : {0u, 1u, 2u}) {
    page.pending = 0;
    page.mask = Bit(SIGTERM) | Bit(SIGCHLD);
    page.handled = sets == 1 ? ~0ull : 0;
    page.ignored = sets == 2 ? ~0ull : 0;
    EXPECT_EQ(Kill(SIGTERM), 0);
    EXPECT_EQ(Kill(SIGCHLD), 0);
    EXPECT_TRUE(Lives());
    EXPECT_EQ(page.pending, Bit(SIGTERM) | Bit(SIGCHLD));
    EXPECT_EQ(page.child_status, SIGNAL_BY_KILL);
  }
  EXPECT_TRUE(world->interrupts.empty());
}

TEST_F(ProcessesSignals, IgnoredOnesAreNothing) {
  page.ignored = Bit(SIGTERM) | Bit(SIGPIPE);
  EXPECT_EQ(Kill(SIGTERM), 0);
  EXPECT_EQ(Kill(SIGCHLD), 0);
  EXPECT_EQ(Kill(SIGTSTP), 0);
  EXPECT_EQ(Result(Send(child, VIA_FS, {PROC_SIGNAL_SELF, SIGPIPE})).status, -EPIPE);
  EXPECT_EQ(page.pending, 0u);
  EXPECT_TRUE(Lives());
}

TEST_F(ProcessesSignals, NothingKeepsSigkillAway) {
  page.handled = page.ignored = page.mask = page.pending = page.busy = ~0ull;
  EXPECT_EQ(Kill(SIGKILL), 0);
  EXPECT_FALSE(Lives());
}

TEST_F(ProcessesSignals, TheFirstSenderIsRemembered) {
  page.mask = ~0ull;
  Kill(SIGUSR1);
  uint32_t other = Fork(kInit);
  EXPECT_EQ(Status(other, {PROC_KILL, Pid(child), SIGUSR1}), 0);
  EXPECT_EQ(page.sender[SIGUSR1 - 1], PID_INIT);
}

TEST_F(ProcessesSignals, OneToOneselfIsTakenAfterTheCall) {
  page.handled = Bit(SIGUSR1) | Bit(SIGPIPE);
  EXPECT_EQ(Status(child, {PROC_KILL, Pid(child), SIGUSR1}), 0);
  EXPECT_EQ(Result(Send(child, VIA_FS, {PROC_SIGNAL_SELF, SIGPIPE})).status, -EPIPE);
  EXPECT_EQ(page.pending, Bit(SIGUSR1) | Bit(SIGPIPE));
  EXPECT_TRUE(world->interrupts.empty());
}

TEST_F(ProcessesSignals, EndsWaits) {
  page.handled = Bit(SIGTERM);
  Fork(child);
  token_t wait = Start(child, {PROC_WAIT, ~0ull, 0});
  EXPECT_FALSE(Answered(wait));
  Kill(SIGTERM);
  EXPECT_EQ(Result(wait).status, -EINTR);
  EXPECT_TRUE(world->interrupts.empty());
  // It has not taken the signal yet: it must not wait again.
  EXPECT_EQ(Status(child, {PROC_WAIT, ~0ull, 0}), -EINTR);
  EXPECT_EQ(Status(child, {PROC_WAIT, ~0ull, 1}), 0);
}

TEST_F(ProcessesSignals, EndsSleepAndSaysWhatIsLeft) {
  page.handled = Bit(SIGTERM);
  token_t sleep = Start(child, {PROC_SLEEP, 1000000});
  world->now += kTimebase / 1000 / 4;
  Kill(SIGTERM);
  EXPECT_EQ(Result(sleep).status, -EINTR);
  EXPECT_EQ(Result(sleep).word[0], 750000u);
  EXPECT_EQ(world->timer, TIMER_NEVER);
  Answer again = Call(child, {PROC_SLEEP, 5000});
  EXPECT_EQ(again.status, -EINTR);
  EXPECT_EQ(again.word[0], 5000u);
}

TEST_F(ProcessesSignals, PauseWaitsForOneThatIsNotMaskedOrIsAskedFor) {
  page.mask = Bit(SIGUSR1) | Bit(SIGUSR2);
  token_t pause = Start(child, {PROC_PAUSE, ~0ull, Bit(SIGUSR2)});
  Kill(SIGUSR1);
  EXPECT_FALSE(Answered(pause));
  Kill(SIGUSR2);
  EXPECT_EQ(Result(pause).status, 0);
  EXPECT_EQ(Status(child, {PROC_PAUSE, ~0ull, Bit(SIGUSR1)}), 0);
  EXPECT_EQ(Status(child, {PROC_PAUSE, 0, Bit(SIGINT)}), -EAGAIN);
  token_t timed = Start(child, {PROC_PAUSE, 1000, Bit(SIGINT)});
  world->now += kTimebase;
  Tick();
  EXPECT_EQ(Result(timed).status, -EAGAIN);
  page.handled = Bit(SIGINT);
  pause = Start(child, {PROC_PAUSE, ~0ull, 0});
  Kill(SIGINT);
  EXPECT_EQ(Result(pause).status, 0);
}

TEST_F(ProcessesSignals, EndOfAChildIsTold) {
  page.handled = Bit(SIGCHLD);
  uint32_t grandchild = Fork(child);
  uint64_t pid = Pid(grandchild);
  Start(grandchild, {PROC_EXIT, 3});
  EXPECT_EQ(page.pending, Bit(SIGCHLD));
  EXPECT_EQ(page.sender[SIGCHLD - 1], pid);
  EXPECT_EQ(page.child_status, 3u << 8);
  EXPECT_EQ(world->interrupts, Strings{"pager"});
  EXPECT_EQ(Status(child, {PROC_WAIT, ~0ull, 1}), static_cast<int64_t>(pid));
}

TEST_F(ProcessesSignals, AWaitingParentGetsTheChildFirst) {
  page.handled = Bit(SIGCHLD);
  uint32_t grandchild = Fork(child);
  int64_t pid = static_cast<int64_t>(Pid(grandchild));
  token_t wait = Start(child, {PROC_WAIT, ~0ull, 0});
  // But not before the signal, which it takes on its way out of the call.
  world->at_answer = [this] { EXPECT_EQ(page.pending, Bit(SIGCHLD)); };
  Start(grandchild, {PROC_EXIT, 3});
  EXPECT_EQ(Result(wait).status, pid);
  EXPECT_EQ(page.pending, Bit(SIGCHLD));
  EXPECT_TRUE(world->interrupts.empty());
}

TEST_F(ProcessesSignals, EndOfAChildThatIsNotWaitedForEndsTheWait) {
  page.handled = Bit(SIGCHLD);
  uint32_t other = Fork(child), waited = Fork(child);
  token_t wait = Start(child, {PROC_WAIT, Pid(waited), 0});
  Start(other, {PROC_EXIT, 3});
  EXPECT_EQ(Result(wait).status, -EINTR);
}

// In a call that replaced the program; there is no handler for it any more.
TEST_F(ProcessesSignals, HandledOnesEndTheProcessAfterExec) {
  page.handled = ~0ull;
  page.ignored = Bit(SIGUSR2);
  world->busy = -EBUSY;
  Kill(SIGCHLD);
  Kill(SIGUSR2);
  Kill(SIGUSR1);
  page.mask = Bit(SIGUSR1);
  page.handled = page.entry = 0;
  world->now = world->timer;
  Tick();
  EXPECT_TRUE(Lives());
  page.mask = 0;
  world->interrupts.clear();
  world->now = world->timer;
  Tick();
  EXPECT_FALSE(Lives());
  EXPECT_TRUE(world->interrupts.empty());
  EXPECT_EQ(world->timer, TIMER_NEVER);
  EXPECT_EQ(WTERMSIG(WaitAny(kInit).word[0]), SIGUSR1);
}

// That end is told while others are looked for.
TEST_F(ProcessesSignals, WhoEndsSoIsTold) {
  page.handled = Bit(SIGCHLD);
  uint32_t grandchild = Fork(child);
  uint64_t pid = Pid(grandchild);
  Page(grandchild)->handled = Bit(SIGUSR1);
  world->busy = -EBUSY;
  EXPECT_EQ(Status(kInit, {PROC_KILL, pid, SIGUSR1}), 0);
  Page(grandchild)->handled = Page(grandchild)->entry = 0;
  world->now = world->timer;
  Tick();
  EXPECT_EQ(page.pending, Bit(SIGCHLD));
  EXPECT_EQ(page.sender[SIGCHLD - 1], pid);
  world->interrupts.clear();
  world->busy = 0;
  world->now = world->timer;
  Tick();
  EXPECT_EQ(world->interrupts, Strings{"pager"});
  EXPECT_EQ(world->timer, TIMER_NEVER);
}

TEST_F(ProcessesSignals, WhoIgnoresChildrenHasNoZombies) {
  page.ignored = Bit(SIGCHLD);
  uint32_t a = Fork(child), b = Fork(child);
  Start(a, {PROC_EXIT, 1});
  token_t wait = Start(child, {PROC_WAIT, ~0ull, 0});
  EXPECT_FALSE(Answered(wait));
  Start(b, {PROC_EXIT, 1});
  EXPECT_EQ(Result(wait).status, -ECHILD);
  EXPECT_EQ(Status(kInit, {PROC_LIST, 0}), 2);
  // Init, too, whatever else it has inherited.
  Page(kInit)->ignored = Bit(SIGCHLD);
  wait = Start(kInit, {PROC_WAIT, ~0ull, 0});
  Fork(child);
  Start(child, {PROC_EXIT, 1});
  EXPECT_FALSE(Answered(wait));
}

TEST_F(ProcessesSignals, AlarmComesOnceOrInSeries) {
  page.handled = Bit(SIGALRM);
  EXPECT_EQ(Status(child, {PROC_ITIMER, 1000000}), 0);
  EXPECT_EQ(Call(child, {PROC_ITIMER, PROC_ITIMER_ASK}).word[0], 1000000u);
  world->now += kTimebase / 1000;
  Tick();
  EXPECT_EQ(page.pending, Bit(SIGALRM));
  EXPECT_EQ(page.sender[SIGALRM - 1], 0u);
  EXPECT_EQ(world->timer, TIMER_NEVER);
  EXPECT_EQ(Call(child, {PROC_ITIMER, PROC_ITIMER_ASK}).word[0], 0u);
  EXPECT_EQ(Call(child, {PROC_ITIMER, 1000000, 2000000}).word[1], 0u);
  for (int i = 0; i < 5; i++) {
    page.pending = 0;
    world->now = world->timer;
    Tick();
    EXPECT_EQ(page.pending, Bit(SIGALRM));
    EXPECT_EQ(world->timer, world->now + kTimebase / 500);
  }
  // What was missed is left out, and no interval is too short.
  world->now += 100 * kTimebase;
  page.interval = 1;
  Tick();
  EXPECT_EQ(world->timer, world->now + kTimebase / (1000000000 / SIGNAL_INTERVAL_MIN));
  EXPECT_EQ(Call(child, {PROC_ITIMER, PROC_ITIMER_ASK, 7}).word[1], 1u);
  EXPECT_EQ(Call(child, {PROC_ITIMER, 0, 0}).word[1], 1u);
  EXPECT_EQ(world->timer, TIMER_NEVER);
  EXPECT_EQ(page.interval, 0u);
}

// An alarm whose time is over and that is taken back has been one: its signal will not come.
TEST_F(ProcessesSignals, AlarmIsTakenBackOrHasCome) {
  page.handled = Bit(SIGALRM);
  Call(child, {PROC_ITIMER, 1000000});
  world->now = world->timer + 1;
  EXPECT_EQ(Call(child, {PROC_ITIMER, PROC_ITIMER_ASK}).word[0], 1u);
  EXPECT_EQ(Call(child, {PROC_ITIMER, 0}).word[0], 1u);
  Tick();
  EXPECT_EQ(page.pending, 0u);
  Call(child, {PROC_ITIMER, 1000000});
  world->now = world->timer;
  Tick();
  EXPECT_EQ(page.pending, Bit(SIGALRM));
  EXPECT_EQ(Call(child, {PROC_ITIMER, 0}).word[0], 0u);
}

TEST_F(ProcessesSignals, AlarmEndsWhoDoesNotHandleItAndEndsWithTheProcess) {
  uint32_t other = Fork(kInit);
  Call(other, {PROC_ITIMER, 1000000});
  Call(child, {PROC_ITIMER, 2000000});
  Start(other, {PROC_EXIT, 0});
  EXPECT_EQ(world->timer, world->now + kTimebase / 500);
  world->now += kTimebase;
  Tick();
  EXPECT_FALSE(Lives());
  WaitAny(kInit);
  EXPECT_EQ(WTERMSIG(WaitAny(kInit).word[0]), SIGALRM);
}

TEST_F(ProcessesSignals, SleepAndAlarmAreTwoTimers) {
  page.handled = Bit(SIGALRM);
  Call(child, {PROC_ITIMER, 1000000});
  token_t sleep = Start(child, {PROC_SLEEP, 3000000});
  world->now = world->timer;
  Tick();
  EXPECT_EQ(Result(sleep).status, -EINTR);
  EXPECT_EQ(Result(sleep).word[0], 2000000u);
  EXPECT_EQ(world->timer, TIMER_NEVER);
}

TEST_F(ProcessesSignals, ExceptionsGoToTheHandler) {
  page.handled = Bit(SIGILL) | Bit(SIGBUS);
  token_t token = Send(child, VIA_PROGRAM, {2, 0x13, 0x20}, EVENT_EXCEPTION);
  EXPECT_EQ(world->upcalls[token], kHandler);
  EXPECT_EQ(page.signal, uint64_t{SIGILL});
  EXPECT_EQ(page.code, ILL_ILLOPC);
  EXPECT_EQ(page.address, 0x20u);
  EXPECT_EQ(page.busy, 1u);
  page.busy = 0;
  token = Send(child, VIA_PROGRAM, {6, 0x1001, 0x20}, EVENT_EXCEPTION);
  EXPECT_EQ(world->upcalls[token], kHandler);
  EXPECT_EQ(page.signal, uint64_t{SIGBUS});
  EXPECT_EQ(page.address, 0x1001u);
  EXPECT_TRUE(world->messages.empty());
}

TEST_F(ProcessesSignals, ExceptionsThatNobodyHandlesEndTheProcess) {
  struct {
    uint64_t handled, mask, entry, busy;
    int64_t upcall;
  } cases[] = {{0, 0, kHandler, 0, 0},
               {Bit(SIGILL), Bit(SIGILL), kHandler, 0, 0},
               {Bit(SIGILL), 0, 0, 0, 0},
               {Bit(SIGILL), 0, kHandler, 1, 0},
               {Bit(SIGILL), 0, ~0ull, 0, -EINVAL}};
  for (auto &each : cases) {
    uint32_t other = Fork(kInit);
    volatile signal_page *of = Page(other);
    of->handled = each.handled;
    of->mask = each.mask;
    of->entry = each.entry;
    of->busy = each.busy;
    world->upcall = each.upcall;
    Send(other, VIA_PROGRAM, {2, 0, 0x20}, EVENT_EXCEPTION);
    EXPECT_EQ(world->spaces.count(other), 0u);
    EXPECT_EQ(WTERMSIG(WaitAny(kInit).word[0]), SIGILL);
    *const_cast<signal_page *>(of) = {};
  }
}

TEST_F(ProcessesSignals, OfUnknownNumbersFromFsAreNothing) {
  for (uint64_t signal : std::vector<uint64_t>{0, 65, ~0ull, 1ull << 32}) {
    EXPECT_EQ(Result(Send(child, VIA_FS, {PROC_SIGNAL_SELF, signal})).status, -EPIPE);
  }
  EXPECT_TRUE(Lives());
}

}  // namespace
}  // namespace proc_test
