// Kill, groups and Ctrl-C.
#include <errno.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <vector>

#include "servers/proc/processes_fixture.h"

extern "C" {
#include "servers/proc/process_table.h"
}

namespace proc_test {
namespace {

// --- Kill ---

TEST_F(Processes, KillEndsWithTheSignal) {
  uint32_t child = Fork(kInit);
  EXPECT_EQ(Status(kInit, {PROC_KILL, Pid(child), SIGTERM}), 0);
  Answer answer = WaitAny(kInit);
  EXPECT_TRUE(WIFSIGNALED(answer.word[0]));
  EXPECT_EQ(WTERMSIG(answer.word[0]), SIGTERM);
}

TEST_F(Processes, KillRefusesWhatIsNotThere) {
  uint32_t child = Fork(kInit);
  for (uint64_t signal : std::vector<uint64_t>{65, 1000, ~0ull, 1ull << 32, SIGSTOP}) {
    EXPECT_EQ(Status(kInit, {PROC_KILL, Pid(child), signal}), -EINVAL) << signal;
  }
  for (uint64_t pid :
       std::vector<uint64_t>{3000, 1u << 16, 1ull << 32 | 2, INT64_MAX, Minus(3000), 1ull << 63}) {
    EXPECT_EQ(Status(kInit, {PROC_KILL, pid, SIGTERM}), -ESRCH) << pid;
    EXPECT_EQ(Status(kInit, {PROC_KILL, pid, 0}), -ESRCH) << pid;
  }
  EXPECT_EQ(Status(child, {PROC_KILL, PID_INIT, SIGKILL}), -EPERM);
  EXPECT_EQ(Status(child, {PROC_KILL, PID_INIT, 0}), 0);
  EXPECT_EQ(world->spaces.size(), 2u);
}

TEST_F(Processes, KillOfOneselfIsNotAnswered) {
  uint32_t child = Fork(kInit);
  EXPECT_FALSE(Answered(Start(child, {PROC_KILL, Pid(child), SIGABRT})));
  EXPECT_EQ(WTERMSIG(WaitAny(kInit).word[0]), SIGABRT);
}

TEST_F(Processes, IgnoredSignalsAndChecksDoNothing) {
  uint32_t child = Fork(kInit);
  EXPECT_EQ(Status(kInit, {PROC_KILL, Pid(child), SIGCHLD}), 0);
  EXPECT_EQ(Status(kInit, {PROC_KILL, Pid(child), 0}), 0);
  EXPECT_EQ(world->spaces.count(child), 1u);
}

TEST_F(Processes, ZombiesCanBeSignaledToNoEffect) {
  uint32_t child = Fork(kInit);
  uint64_t pid = Pid(child);
  Start(child, {PROC_EXIT, 5});
  EXPECT_EQ(Status(kInit, {PROC_KILL, pid, SIGKILL}), 0);
  EXPECT_EQ(WEXITSTATUS(WaitAny(kInit).word[0]), 5);
}

TEST_F(Processes, KillOfTheOwnGroupReachesAllAndSparesInit) {
  uint32_t a = Fork(kInit), b = Fork(kInit), other = Fork(kInit);
  EXPECT_EQ(Status(other, {PROC_SETPGID, 0, 0}), 0);
  EXPECT_FALSE(Answered(Start(a, {PROC_KILL, 0, SIGTERM})));
  EXPECT_EQ(world->spaces, (std::set<uint32_t>{kInit, other}));
  (void)b;
  EXPECT_EQ(Status(kInit, {PROC_KILL, Minus(Pid(other)), SIGTERM}), 0);
  EXPECT_EQ(world->spaces, std::set<uint32_t>{kInit});
}

TEST_F(Processes, KillOfAllLeavesCallerAndInit) {
  uint32_t a = Fork(kInit);
  Fork(kInit);
  Fork(a);
  EXPECT_EQ(Status(a, {PROC_KILL, ~0ull, SIGTERM}), 0);
  EXPECT_EQ(world->spaces, (std::set<uint32_t>{kInit, a}));
  EXPECT_EQ(Status(kInit, {PROC_KILL, ~0ull, SIGKILL}), 0);
  while (WaitAny(kInit).status > 0) {
  }
  EXPECT_EQ(Status(kInit, {PROC_KILL, ~0ull, SIGKILL}), -ESRCH);
}

TEST_F(Processes, KilledWhileAllAreReapedByAWaitingParent) {
  uint32_t killer = Fork(kInit);
  EXPECT_EQ(Status(killer, {PROC_SETPGID, 0, 0}), 0);
  for (int i = 0; i < 10; i++) Fork(kInit);
  token_t wait = Start(kInit, {PROC_WAIT, 0, 0});
  EXPECT_EQ(Status(killer, {PROC_KILL, Minus(PID_INIT), SIGTERM}), 0);
  EXPECT_TRUE(Answered(wait));
  EXPECT_EQ(world->spaces, (std::set<uint32_t>{kInit, killer}));
}

// --- Groups and Ctrl-C ---

TEST_F(Processes, SetpgidFollowsPosix) {
  uint32_t parent = Fork(kInit), child = Fork(parent), stranger = Fork(kInit);
  uint64_t child_pid = Pid(child), parent_pid = Pid(parent);
  EXPECT_EQ(Status(parent, {PROC_SETPGID, Minus(1), 0}), -EINVAL);
  EXPECT_EQ(Status(parent, {PROC_SETPGID, 0, Minus(1)}), -EINVAL);
  EXPECT_EQ(Status(stranger, {PROC_SETPGID, child_pid, 0}), -ESRCH);
  EXPECT_EQ(Status(child, {PROC_SETPGID, parent_pid, 0}), -ESRCH);
  EXPECT_EQ(Status(parent, {PROC_SETPGID, 3000, 0}), -ESRCH);
  EXPECT_EQ(Status(parent, {PROC_SETPGID, 1ull << 40, 0}), -ESRCH);
  EXPECT_EQ(Status(parent, {PROC_SETPGID, child_pid, 3000}), -EPERM);
  EXPECT_EQ(Status(parent, {PROC_SETPGID, child_pid, 1ull << 40}), -EPERM);
  EXPECT_EQ(Status(kInit, {PROC_SETPGID, 0, 0}), -EPERM);
  EXPECT_EQ(Status(parent, {PROC_SETPGID, child_pid, child_pid}), 0);
  EXPECT_EQ(Call(child, {PROC_GETPID}).word[1], child_pid);
  EXPECT_EQ(Status(parent, {PROC_SETPGID, 0, child_pid}), 0);
  Start(child, {PROC_EXEC, 3});
  EXPECT_EQ(Status(parent, {PROC_SETPGID, child_pid, 0}), -EACCES);
  EXPECT_EQ(Status(child, {PROC_SETPGID, 0, 0}), 0);
}

TEST_F(Processes, CtrlCEndsTheForegroundGroup) {
  uint32_t shell = Fork(kInit), job = Fork(shell), background = Fork(shell);
  uint64_t job_pid = Pid(job);
  for (uint32_t badge : {shell, job, background}) Status(badge, {PROC_SETPGID, 0, 0});
  EXPECT_EQ(Status(shell, {PROC_FOREGROUND, job_pid}), static_cast<int64_t>(job_pid));
  EXPECT_EQ(Status(shell, {PROC_FOREGROUND, 0}), static_cast<int64_t>(job_pid));
  processes_interrupt();
  EXPECT_EQ(world->spaces, (std::set<uint32_t>{kInit, shell, background}));
  EXPECT_TRUE(world->interrupted.empty());
  Answer answer = WaitAny(shell);
  EXPECT_EQ(WTERMSIG(answer.word[0]), SIGINT);
}

TEST_F(Processes, CtrlCSparesTheShellAtItsPrompt) {
  uint32_t shell = Fork(kInit);
  Status(shell, {PROC_SETPGID, 0, 0});
  Status(shell, {PROC_FOREGROUND, Pid(shell)});
  processes_interrupt();
  EXPECT_EQ(world->spaces.count(shell), 1u);
  EXPECT_EQ(world->interrupted, std::vector<uint32_t>{shell});
}

TEST_F(Processes, CtrlCBeforeAJobIsInTheForegroundEndsIt) {
  uint32_t shell = Fork(kInit);
  Status(shell, {PROC_SETPGID, 0, 0});
  Status(shell, {PROC_FOREGROUND, Pid(shell)});
  world->reading = 0;
  processes_interrupt();
  uint32_t job = Fork(shell), next = Fork(shell);
  uint64_t job_pid = Pid(job), next_pid = Pid(next);
  for (uint32_t badge : {job, next}) Status(badge, {PROC_SETPGID, 0, 0});
  EXPECT_EQ(Status(shell, {PROC_FOREGROUND, job_pid}), static_cast<int64_t>(job_pid));
  EXPECT_EQ(WTERMSIG(WaitAny(shell).word[0]), SIGINT);
  EXPECT_EQ(Status(shell, {PROC_FOREGROUND, next_pid}), static_cast<int64_t>(next_pid));
  EXPECT_EQ(world->spaces.count(next), 1u);
}

TEST_F(Processes, CtrlCThatAReadHasLearntOfEndsNoJob) {
  uint32_t shell = Fork(kInit), job = Fork(shell);
  uint64_t job_pid = Pid(job);
  for (uint32_t badge : {shell, job}) Status(badge, {PROC_SETPGID, 0, 0});
  Status(shell, {PROC_FOREGROUND, Pid(shell)});
  world->reading = world->taken = 0;
  processes_interrupt();
  Status(shell, {PROC_FOREGROUND, job_pid});
  EXPECT_EQ(world->spaces.count(job), 1u);
}

TEST_F(Processes, CtrlCWithoutAShellEndsAllButInit) {
  uint32_t command = Fork(kInit);
  Fork(command);
  processes_interrupt();
  EXPECT_EQ(world->spaces, std::set<uint32_t>{kInit});
  EXPECT_TRUE(world->interrupted.empty());
}

TEST_F(Processes, ForegroundMustExist) {
  EXPECT_EQ(Status(kInit, {PROC_FOREGROUND, 3000}), -ESRCH);
  EXPECT_EQ(Status(kInit, {PROC_FOREGROUND, 1ull << 32 | 1}), -ESRCH);
  EXPECT_EQ(Status(kInit, {PROC_FOREGROUND, Minus(1)}), -EINVAL);
  EXPECT_EQ(Status(kInit, {PROC_FOREGROUND, 0}), 1);
}

}  // namespace
}  // namespace proc_test
