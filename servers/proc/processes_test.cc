// Processes from fork to wait, what they ask for, and the end of the system.
#include <errno.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstring>
#include <string>
#include <vector>

#include "servers/proc/processes_fixture.h"

extern "C" {
#include "protocols/fs.h"
#include "protocols/spawn.h"
#include "servers/proc/process_table.h"
}

namespace proc_test {
namespace {

// --- Who may call ---

TEST_F(Processes, RefuseUnknownOperationsAndCallers) {
  for (uint64_t op : {0ull, 12ull, 31ull, 32ull, 33ull, 34ull, 1000ull, ~0ull, 1ull << 32 | 1}) {
    EXPECT_EQ(Status(kInit, {op}), -ENOSYS) << op;
  }
  EXPECT_EQ(Status(SLOT_INIT + 1, {PROC_FORK}), -ESRCH);
  EXPECT_EQ(Status(SLOT_INIT | 1u << SLOT_BITS, {PROC_FORK}), -ESRCH);
  EXPECT_EQ(Status(SLOT_FS, {PROC_FORK}), -ESRCH);
  EXPECT_EQ(Result(Send(kInit, VIA_CONSOLE, {PROC_FORK})).status, -EPERM);
  EXPECT_EQ(Result(Send(kInit, VIA_FS, {PROC_FORK})).status, -ENOSYS);
  EXPECT_EQ(Result(Send(kInit, VIA_PAGER, {PROC_FORK})).status, -ENOSYS);
  EXPECT_EQ(Result(Send(kInit, VIA_FS, {PROC_UNMOUNTED, 0})).status, -EPERM);
  EXPECT_EQ(world->halted, -1);
}

// --- Fork, exit, wait ---

TEST_F(Processes, ChildKnowsItsParent) {
  uint32_t child = Fork(kInit);
  Answer ids = Call(child, {PROC_GETPID});
  EXPECT_EQ(ids.status, 2);
  EXPECT_EQ(ids.word[0], PID_INIT);
  EXPECT_EQ(ids.word[1], PID_INIT);
  EXPECT_EQ(ids.word[2], PID_INIT);
}

TEST_F(Processes, ForkIsUndoneWhenFsRefuses) {
  world->fs_fork = -ENOMEM;
  EXPECT_EQ(Status(kInit, {PROC_FORK}), -ENOMEM);
  EXPECT_EQ(world->spaces.size(), 1u);
  EXPECT_EQ(Status(kInit, {PROC_WAIT, ~0ull, 0}), -ECHILD);
}

TEST_F(Processes, ForkIsUndoneWhenThePagerRefuses) {
  world->pager_fork = -ENOMEM;
  EXPECT_EQ(Status(kInit, {PROC_FORK}), -ENOMEM);
  EXPECT_EQ(world->files.size(), 1u);
  EXPECT_EQ(Status(kInit, {PROC_WAIT, ~0ull, 0}), -ECHILD);
  world->pager_fork = 0;
  EXPECT_GT(Status(kInit, {PROC_FORK}), 0);
}

TEST_F(Processes, ForkStopsAtTheLimitAndGoesOnBelowIt) {
  uint32_t shell = Fork(kInit), bomb = Fork(shell);
  int64_t status;
  while ((status = Status(bomb, {PROC_FORK})) > 0) {
  }
  EXPECT_EQ(status, -EAGAIN);
  EXPECT_GT(Status(shell, {PROC_FORK}), 0);
  EXPECT_EQ(Status(shell, {PROC_KILL, Pid(bomb), SIGKILL}), 0);
  EXPECT_EQ(Status(shell, {PROC_KILL, ~0ull, SIGKILL}), 0);
  EXPECT_EQ(world->spaces.size(), 2u);  // init and the shell
}

TEST_F(Processes, WaitReportsAnEarlierExit) {
  uint32_t child = Fork(kInit);
  uint64_t pid = Pid(child);
  EXPECT_FALSE(Answered(Start(child, {PROC_EXIT, 7})));
  EXPECT_EQ(world->spaces.count(child), 0u);
  EXPECT_EQ(world->console_exited, std::vector<uint32_t>{child});
  Answer answer = Call(kInit, {PROC_WAIT, ~0ull, 0});
  EXPECT_EQ(answer.status, static_cast<int64_t>(pid));
  EXPECT_TRUE(WIFEXITED(answer.word[0]));
  EXPECT_EQ(WEXITSTATUS(answer.word[0]), 7);
  EXPECT_EQ(Status(kInit, {PROC_WAIT, ~0ull, 0}), -ECHILD);
}

TEST_F(Processes, WaitIsAnsweredByALaterExit) {
  uint32_t child = Fork(kInit);
  uint64_t pid = Pid(child);
  token_t wait = Start(kInit, {PROC_WAIT, pid, 0});
  EXPECT_FALSE(Answered(wait));
  EXPECT_EQ(world->yields, std::vector<uint32_t>{kInit});
  Start(child, {PROC_EXIT, 300});
  EXPECT_EQ(Result(wait).status, static_cast<int64_t>(pid));
  EXPECT_EQ(WEXITSTATUS(Result(wait).word[0]), 300 & 255);
}

TEST_F(Processes, WaitRefusesUnknownOptions) {
  Fork(kInit);
  for (uint64_t options : {4ull, 8ull, 1ull << 32, ~0ull}) {
    EXPECT_EQ(Status(kInit, {PROC_WAIT, ~0ull, options}), -EINVAL);
  }
}

TEST_F(Processes, WaitWithoutHangingSaysZero) {
  Fork(kInit);
  EXPECT_EQ(Status(kInit, {PROC_WAIT, ~0ull, 1}), 0);
  EXPECT_EQ(Status(kInit, {PROC_WAIT, 0, 3}), 0);
}

TEST_F(Processes, WaitIsForOwnChildrenOnly) {
  uint32_t child = Fork(kInit), grandchild = Fork(child);
  EXPECT_EQ(Status(kInit, {PROC_WAIT, Pid(grandchild), 0}), -ECHILD);
  EXPECT_EQ(Status(grandchild, {PROC_WAIT, Pid(child), 0}), -ECHILD);
  EXPECT_EQ(Status(child, {PROC_WAIT, Pid(child), 0}), -ECHILD);
}

TEST_F(Processes, WaitForAGroupEndsWhenTheLastChildLeavesIt) {
  uint32_t child = Fork(kInit);
  token_t wait = Start(kInit, {PROC_WAIT, 0, 0});
  EXPECT_FALSE(Answered(wait));
  EXPECT_EQ(Status(child, {PROC_SETPGID, 0, 0}), 0);
  EXPECT_EQ(Result(wait).status, -ECHILD);
}

TEST_F(Processes, InitInheritsOrphans) {
  uint32_t parent = Fork(kInit), child = Fork(parent);
  uint64_t pid = Pid(child), parent_pid = Pid(parent);
  Start(parent, {PROC_EXIT, 0});
  EXPECT_EQ(Call(child, {PROC_GETPID}).word[0], PID_INIT);
  EXPECT_EQ(WaitAny(kInit).status, static_cast<int64_t>(parent_pid));
  token_t wait = Start(kInit, {PROC_WAIT, ~0ull, 0});
  Start(child, {PROC_EXIT, 1});
  EXPECT_EQ(Result(wait).status, static_cast<int64_t>(pid));
}

TEST_F(Processes, InitWaitingLearnsOfInheritedZombies) {
  uint32_t parent = Fork(kInit), child = Fork(parent);
  uint64_t pid = Pid(child);
  Start(child, {PROC_EXIT, 4});
  token_t wait = Start(kInit, {PROC_WAIT, pid, 0});
  EXPECT_EQ(Result(wait).status, -ECHILD);  // not init's child yet
  wait = Start(kInit, {PROC_WAIT, ~0ull, 0});
  Start(parent, {PROC_EXIT, 0});
  EXPECT_TRUE(Answered(wait));
  EXPECT_GT(WaitAny(kInit).status, 0);
  EXPECT_EQ(WaitAny(kInit).status, -ECHILD);
}

// --- Time ---

TEST_F(Processes, SleepEndsAtItsTime) {
  uint32_t child = Fork(kInit);
  EXPECT_EQ(Status(child, {PROC_SLEEP, 0}), 0);
  token_t longer = Start(kInit, {PROC_SLEEP, 2000000000});
  token_t shorter = Start(child, {PROC_SLEEP, 101});  // rounded up to two ticks
  EXPECT_EQ(world->timer, world->now + 2);
  world->now += 2;
  Tick();
  EXPECT_EQ(Result(shorter).status, 0);
  EXPECT_FALSE(Answered(longer));
  EXPECT_EQ(world->timer, 5 + 2 * kTimebase);
  world->now = world->timer;
  Tick();
  EXPECT_EQ(Result(longer).status, 0);
  EXPECT_EQ(world->timer, TIMER_NEVER);
}

TEST_F(Processes, EndOfASleeperTurnsTheTimerOff) {
  uint32_t child = Fork(kInit);
  token_t sleep = Start(child, {PROC_SLEEP, 1000000});
  EXPECT_NE(world->timer, TIMER_NEVER);
  Status(kInit, {PROC_KILL, Pid(kInit) + 1, SIGKILL});
  EXPECT_EQ(world->timer, TIMER_NEVER);
  EXPECT_FALSE(Answered(sleep));
}

TEST_F(Processes, SleepOfAgesDoesNotOverflow) {
  token_t sleep = Start(kInit, {PROC_SLEEP, ~0ull});
  EXPECT_GT(world->timer, world->now + (1ull << 56));
  Tick();
  EXPECT_FALSE(Answered(sleep));
}

TEST_F(Processes, ClockSaysTimebaseAndEpoch) {
  Answer clock = Call(kInit, {PROC_CLOCK});
  EXPECT_EQ(clock.status, static_cast<int64_t>(kTimebase));
  EXPECT_EQ(clock.word[0], 77u);
}

// --- Exec ---

TEST_F(Processes, ExecIsForwardedAndTakesAPrintableName) {
  uint32_t child = Fork(kInit);
  auto *image = static_cast<exec_image *>(outside_page(child));
  memset(image->name, 'x', sizeof image->name);  // no end
  image->name[0] = '\n';
  token_t exec = Start(child, {PROC_EXEC, 5});
  EXPECT_FALSE(Answered(exec));
  EXPECT_EQ(world->forwarded[exec], std::make_pair(uint64_t{FS_EXEC}, uint64_t{5}));
  EXPECT_EQ(Status(kInit, {PROC_LIST, 0}), 2);
  auto *entry = static_cast<proc_entry *>(outside_page(kInit));
  EXPECT_STREQ(entry[1].name, ("?" + std::string(30, 'x')).c_str());
  world->forward = -EBADF;
  EXPECT_EQ(Status(child, {PROC_EXEC, 5}), -EBADF);
}

// --- Spawn ---

class Spawn : public Processes {
 protected:
  spawn_request &Request(uint32_t badge) {
    return *reinterpret_cast<spawn_request *>(static_cast<char *>(outside_page(badge)) +
                                              SPAWN_REQUEST);
  }
  // Nothing of a child is left.
  void ExpectNothing() {
    EXPECT_EQ(world->spaces.size(), 1u);
    EXPECT_EQ(world->files.size(), 1u);
    EXPECT_EQ(Status(kInit, {PROC_WAIT, ~0ull, 0}), -ECHILD);
  }
};

TEST_F(Spawn, MakesAChildThatRunsTheProgram) {
  auto *image = static_cast<exec_image *>(outside_page(kInit));
  strcpy(image->name, "prog\1");
  int64_t pid = Status(kInit, {PROC_SPAWN, 5});
  ASSERT_GT(pid, 0);
  EXPECT_EQ(world->spaces.size(), 2u);
  EXPECT_EQ(Status(kInit, {PROC_LIST, 0}), 2);
  auto *entry = static_cast<proc_entry *>(outside_page(kInit));
  EXPECT_STREQ(entry[1].name, "prog?");
  EXPECT_EQ(entry[1].pid, pid);
  EXPECT_EQ(entry[1].group, PID_INIT);
  EXPECT_EQ(Status(kInit, {PROC_SETPGID, static_cast<uint64_t>(pid), 0}), -EACCES);
}

TEST_F(Spawn, TakesTheGroup) {
  Request(kInit).flags = SPAWN_SET_GROUP;
  uint64_t pid = static_cast<uint64_t>(Status(kInit, {PROC_SPAWN, 5}));
  EXPECT_EQ(Status(kInit, {PROC_FOREGROUND, pid}), static_cast<int64_t>(pid));
  Request(kInit).group = static_cast<uint32_t>(pid);
  EXPECT_GT(Status(kInit, {PROC_SPAWN, 5}), 0);
  Request(kInit).group = PID_INIT;
  EXPECT_GT(Status(kInit, {PROC_SPAWN, 5}), 0);
}

TEST_F(Spawn, RefusesGroupsAndFlagsThatAreNotThere) {
  Request(kInit) = {};
  for (uint32_t group : {3000u, 1u << 16, ~0u}) {
    Request(kInit).flags = SPAWN_SET_GROUP;
    Request(kInit).group = group;
    EXPECT_EQ(Status(kInit, {PROC_SPAWN, 5}), -EPERM);
  }
  Request(kInit).flags = 1u << 31;
  EXPECT_EQ(Status(kInit, {PROC_SPAWN, 5}), -EINVAL);
  ExpectNothing();
}

TEST_F(Spawn, IsUndoneWhenSomebodyRefuses) {
  world->fs_spawn = -EACCES;
  EXPECT_EQ(Status(kInit, {PROC_SPAWN, 5}), -EACCES);
  ExpectNothing();
  world->fs_spawn = 77;
  world->pager_spawn = -ENOMEM;
  EXPECT_EQ(Status(kInit, {PROC_SPAWN, 5}), -ENOMEM);
  ExpectNothing();
}

TEST_F(Spawn, StopsAtTheLimit) {
  uint32_t shell = Fork(kInit), bomb = Fork(shell);
  int64_t status;
  while ((status = Status(bomb, {PROC_SPAWN, 5})) > 0) {
  }
  EXPECT_EQ(status, -EAGAIN);
  EXPECT_GT(Status(shell, {PROC_SPAWN, 5}), 0);
}

// --- List ---

TEST_F(Processes, ListComesInPages) {
  uint32_t shell = Fork(kInit);
  for (int i = 0; i < 150; i++) Fork(shell);
  std::set<uint32_t> pids;
  uint64_t slot = 0;
  for (;;) {
    Answer answer = Call(kInit, {PROC_LIST, slot});
    if (answer.status == 0) break;
    auto *entry = static_cast<proc_entry *>(outside_page(kInit));
    for (int64_t i = 0; i < answer.status; i++) {
      EXPECT_TRUE(pids.insert(entry[i].pid).second);
      EXPECT_GE(entry[i].slot, slot);
    }
    slot = answer.word[0];
  }
  EXPECT_EQ(pids.size(), 152u);
  EXPECT_EQ(Status(kInit, {PROC_LIST, ~0ull}), 0);
  EXPECT_EQ(Status(kInit, {PROC_LIST, SLOTS_MAX}), 0);
}

// --- Deaths ---

TEST_F(Processes, FaultEndsTheProgramWithAMessage) {
  uint32_t child = Fork(kInit);
  token_t fault = Send(
      child, VIA_PAGER,
      {PROC_FAULT, PROC_FAULT_WHAT(SIGSEGV, FAULT_WRITE, FAULT_UNMAPPED), 0x10, 0x20}, EVENT_FAULT);
  EXPECT_FALSE(Answered(fault));
  EXPECT_EQ(world->messages,
            "init[2]: segmentation fault at 0x10, pc 0x20, write to unmapped memory\n");
  EXPECT_EQ(WTERMSIG(WaitAny(kInit).word[0]), SIGSEGV);
}

TEST_F(Processes, ExceptionEndsTheProgramWithItsSignal) {
  uint32_t child = Fork(kInit);
  Send(child, VIA_PROGRAM, {2, 0, 0x20}, EVENT_EXCEPTION);
  EXPECT_EQ(WTERMSIG(WaitAny(kInit).word[0]), SIGILL);
}

TEST_F(Processes, BrokenPipeEndsTheWriter) {
  uint32_t child = Fork(kInit);
  token_t write = Send(child, VIA_FS, {PROC_SIGNAL_SELF, SIGPIPE});
  EXPECT_FALSE(Answered(write));
  EXPECT_EQ(WTERMSIG(WaitAny(kInit).word[0]), SIGPIPE);
  EXPECT_EQ(Result(Send(kInit, VIA_FS, {PROC_SIGNAL_SELF, SIGPIPE})).status, -EPIPE);
}

TEST_F(Processes, DeathOfAServerEndsTheSystem) {
  Send(SLOT_FS, VIA_FS, {2, 0x13, 0x20}, EVENT_EXCEPTION);
  EXPECT_EQ(world->firmware, "\nfs[0]: illegal instruction 0x13, pc 0x20\n");
  EXPECT_EQ(world->halted, static_cast<int>(STATUS_SERVER_DIED));
  EXPECT_FALSE(world->flushed);  // the console may be the dead one
  EXPECT_TRUE(world->messages.empty());
}

TEST_F(Processes, FaultOfAServerEndsTheSystem) {
  Send(SLOT_CONSOLE, VIA_PAGER,
       {PROC_FAULT, PROC_FAULT_WHAT(SIGSEGV, FAULT_READ, FAULT_UNMAPPED), 0x10, 0x20});
  EXPECT_EQ(world->halted, static_cast<int>(STATUS_SERVER_DIED));
}

// --- Power ---

TEST_F(Processes, PoweroffByInitUnmountsThenHalts) {
  Fork(Fork(kInit));
  token_t poweroff = Start(kInit, {PROC_POWEROFF, 3});
  EXPECT_EQ(world->forwarded[poweroff].first, uint64_t{FS_UNMOUNT});
  EXPECT_EQ(world->spaces, std::set<uint32_t>{kInit});
  EXPECT_EQ(world->halted, -1);
  Send(kInit, VIA_FS, {PROC_UNMOUNTED, 0});
  EXPECT_EQ(world->halted, 3);
  EXPECT_TRUE(world->flushed);
}

TEST_F(Processes, PoweroffByAnotherEndsInitUnasked) {
  uint32_t shell = Fork(kInit);
  token_t wait = Start(kInit, {PROC_WAIT, ~0ull, 0});
  uint32_t command = Fork(shell);
  token_t poweroff = Start(command, {PROC_POWEROFF, 0});
  EXPECT_EQ(world->spaces, std::set<uint32_t>{command});
  EXPECT_FALSE(Answered(wait));
  EXPECT_EQ(world->forwarded.count(poweroff), 1u);
  processes_interrupt();
  EXPECT_EQ(Status(command, {PROC_FORK}), -EAGAIN);
  Send(command, VIA_FS, {PROC_UNMOUNTED, 0});
  EXPECT_EQ(world->halted, 0);
}

TEST_F(Processes, DiskThatCannotBeWrittenShowsInTheStatus) {
  Start(kInit, {PROC_POWEROFF, 0});
  Send(kInit, VIA_FS, {PROC_UNMOUNTED, static_cast<uint64_t>(-EIO)});
  EXPECT_EQ(world->halted, static_cast<int>(STATUS_DISK_NOT_WRITTEN));
  EXPECT_NE(world->messages, "");
}

TEST_F(Processes, EndOfInitPowersOff) {
  token_t exit = Start(kInit, {PROC_EXIT, 9});
  EXPECT_EQ(world->forwarded.count(exit), 1u);
  Send(kInit, VIA_FS, {PROC_UNMOUNTED, 0});
  EXPECT_EQ(world->halted, 9);
}

TEST_F(Processes, FaultOfInitHaltsAtOnce) {
  Fork(kInit);
  Send(kInit, VIA_PAGER,
       {PROC_FAULT, PROC_FAULT_WHAT(SIGBUS, FAULT_READ, FAULT_IO_ERROR), 0x10, 0x20}, EVENT_FAULT);
  EXPECT_NE(world->messages, "");
  EXPECT_TRUE(world->flushed);
  EXPECT_EQ(world->halted, 128 + SIGBUS);
}

}  // namespace
TEST_F(Processes, UsageOfChildrenCountsWhenTheyAreWaitedFor) {
  const auto usage = [this](uint32_t badge) {
    const Answer answer = Call(badge, {PROC_USAGE});
    EXPECT_EQ(answer.status, 0);
    return std::vector<uint64_t>{answer.word[0], answer.word[1], answer.word[2]};
  };
  using Words = std::vector<uint64_t>;
  uint32_t parent = Fork(kInit);
  uint32_t first = Fork(parent), second = Fork(parent), lost = Fork(first);
  the_world.usage = {100, 10, 50};
  Start(lost, {PROC_EXIT, 0});
  the_world.usage = {7, 2, 30};
  Start(first, {PROC_EXIT, 0});
  EXPECT_EQ(usage(parent), (Words{0, 0, 0})) << "not yet";
  WaitAny(parent);
  EXPECT_EQ(usage(parent), (Words{7, 2, 30})) << "its own did not wait for its child";
  uint32_t third = Fork(second);
  const token_t waiting = Start(second, {PROC_WAIT, ~0ull, 0});
  the_world.usage = {5, 1, 40};
  Start(third, {PROC_EXIT, 0});
  EXPECT_TRUE(Answered(waiting));
  EXPECT_EQ(usage(second), (Words{5, 1, 40}));
  the_world.usage = {3, 0, 20};
  Start(second, {PROC_EXIT, 0});
  WaitAny(parent);
  EXPECT_EQ(usage(parent), (Words{7 + 3 + 5, 2 + 1, 40}));
  EXPECT_EQ(usage(kInit), (Words{0, 0, 0}));
  EXPECT_EQ(usage(Fork(parent)), (Words{0, 0, 0})) << "a child begins anew";
}

}  // namespace proc_test
