// proc's operations over a fake of everything else, by hand and against a model.
extern "C" {
#include "servers/proc/processes.h"

#include "protocols/fs.h"
#include "protocols/pager.h"
#include "protocols/proc.h"
#include "protocols/signal.h"
#include "protocols/spawn.h"
#include "servers/proc/outside.h"
#include "servers/proc/process_table.h"
#include "servers/proc/timer_heap.h"
}

#include <errno.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

constexpr uint64_t kTimebase = 10000000;

struct Answer {
  int64_t status;
  uint64_t word[3];
};

// What the fake outside has seen.
struct World {
  std::map<token_t, Answer> answers;
  std::map<token_t, std::pair<uint64_t, uint64_t>> forwarded;
  std::set<uint32_t> spaces = {SLOT_INIT}, files = {SLOT_INIT};
  std::vector<uint32_t> yields, interrupted, console_exited;
  std::map<uint32_t, std::vector<char>> pages;
  std::string messages, firmware;
  uint64_t now = 5, timer = TIMER_NEVER;
  int64_t fs_fork = 0, pager_fork = 0, fs_spawn = 77, pager_spawn = 0, forward = 0;
  int64_t oom_victim = 0;
  int64_t reading = 1;  // does who survived Ctrl-C read?
  int64_t taken = 1;    // or has it not read since?
  int64_t busy = 0;     // of those who are to be interrupted: 0 runs, -EBUSY waits in a call
  int64_t in_pipe = 0, at_terminal = 0;  // and there
  int64_t upcall = 0;
  std::vector<std::string> interrupts;
  std::map<token_t, uint64_t> upcalls;
  int halted = -1;
  bool flushed = false;
};
World *world;

uint64_t Kind(event_kind kind) { return static_cast<uint64_t>(kind) << TOKEN_KIND_SHIFT; }

}  // namespace

extern "C" {

void outside_answer(token_t token, int64_t status, uint64_t word) {
  EXPECT_EQ(world->answers.count(token), 0u) << "answered twice";
  world->answers[token] = {status, {word}};
}

int64_t outside_forward_to_fs(token_t token, uint64_t op, uint64_t word) {
  if (world->forward == 0) world->forwarded[token] = {op, word};
  return world->forward;
}

int64_t outside_fs_fork(uint32_t parent, uint32_t child, uint32_t) {
  EXPECT_EQ(world->files.count(parent), 1u);
  if (world->fs_fork == 0) {
    EXPECT_TRUE(world->files.insert(child).second);
  }
  return world->fs_fork;
}

int64_t outside_pager_fork(uint32_t parent, uint32_t child) {
  EXPECT_EQ(world->spaces.count(parent), 1u);
  EXPECT_EQ(world->files.count(child), 1u);
  if (world->pager_fork == 0) {
    EXPECT_TRUE(world->spaces.insert(child).second);
  }
  return world->pager_fork;
}

int64_t outside_fs_spawn(uint32_t parent, uint32_t child, uint64_t fd, uint32_t) {
  EXPECT_EQ(world->files.count(parent), 1u);
  EXPECT_EQ(fd, 5u);
  if (world->fs_spawn >= 0) {
    EXPECT_TRUE(world->files.insert(child).second);
  }
  return world->fs_spawn;
}

int64_t outside_pager_spawn(uint32_t object, uint32_t parent, uint32_t child) {
  EXPECT_EQ(object, 77u);
  EXPECT_EQ(world->spaces.count(parent), 1u);
  EXPECT_EQ(world->files.count(child), 1u);
  if (world->pager_spawn == 0) {
    EXPECT_TRUE(world->spaces.insert(child).second);
  }
  return world->pager_spawn;
}

void outside_fs_exited(uint32_t badge) {
  EXPECT_EQ(world->spaces.count(badge), 0u) << "still has threads";
  EXPECT_EQ(world->files.erase(badge), 1u);
}

void outside_pager_kill(uint32_t badge) { EXPECT_EQ(world->spaces.erase(badge), 1u); }
int64_t outside_pager_oom_victim(void) { return world->oom_victim; }
void outside_console_exited(uint32_t badge) { world->console_exited.push_back(badge); }
void outside_console_yield(uint32_t badge) { world->yields.push_back(badge); }
int64_t outside_console_interrupted(uint32_t badge) {
  world->interrupted.push_back(badge);
  return world->reading;
}
int64_t outside_console_take_interrupt(uint32_t badge) {
  EXPECT_EQ(world->interrupted.back(), badge);
  return world->taken;
}
int64_t outside_pager_interrupt(uint32_t badge) {
  EXPECT_EQ(world->spaces.count(badge), 1u);
  world->interrupts.push_back("pager");
  return world->busy;
}
int64_t outside_fs_interrupt(uint32_t badge) {
  EXPECT_EQ(world->spaces.count(badge), 1u);
  world->interrupts.push_back("fs");
  return world->in_pipe;
}
int64_t outside_console_interrupt(uint32_t badge) {
  EXPECT_EQ(world->spaces.count(badge), 1u);
  world->interrupts.push_back("console");
  return world->at_terminal;
}
int64_t outside_reply_upcall(token_t token, uint64_t pc) {
  if (world->upcall == 0) world->upcalls[token] = pc;
  return world->upcall;
}
void outside_message(const char *text, size_t count) { world->messages.append(text, count); }
void outside_firmware_message(const char *text, size_t count) {
  world->firmware.append(text, count);
}

void *outside_page(uint32_t badge) {
  std::vector<char> &page = world->pages[badge_slot(badge)];
  page.resize(PAGE_SIZE);
  return page.data();
}

uint64_t outside_now(void) { return world->now; }
uint64_t outside_timebase(void) { return kTimebase; }
uint64_t outside_epoch(void) { return 77; }
void outside_timer(uint64_t deadline) { world->timer = deadline; }
void outside_flush(void) { world->flushed = true; }
void outside_halt(uint32_t status) { world->halted = static_cast<int>(status); }

}  // extern "C"

namespace {

class Processes : public testing::Test {
 protected:
  Processes() {
    world = &the_world;
    processes_init();
  }

  token_t Send(uint32_t badge, via via, std::vector<uint64_t> words, event_kind kind = EVENT_CALL) {
    event event = {Kind(kind) | ++tokens, badge | static_cast<uint64_t>(via) << 32, {}};
    std::copy(words.begin(), words.end(), event.word);
    answer answer;
    processes_call(&event, &answer);
    if (answer.status != ANSWER_LATER) {
      EXPECT_EQ(world->answers.count(event.token), 0u) << "answered twice";
      world->answers[event.token] = {answer.status,
                                     {answer.word[0], answer.word[1], answer.word[2]}};
    }
    return event.token;
  }

  // A program's call and its answer, if there is one by now.
  token_t Start(uint32_t badge, std::vector<uint64_t> words) {
    return Send(badge, VIA_PROGRAM, words);
  }
  bool Answered(token_t token) { return world->answers.count(token) != 0; }
  Answer Result(token_t token) {
    EXPECT_TRUE(Answered(token));
    return world->answers[token];
  }
  Answer Call(uint32_t badge, std::vector<uint64_t> words) { return Result(Start(badge, words)); }
  int64_t Status(uint32_t badge, std::vector<uint64_t> words) { return Call(badge, words).status; }

  // The badge of a new child.
  uint32_t Fork(uint32_t parent) {
    std::set<uint32_t> before = world->spaces;
    int64_t pid = Status(parent, {PROC_FORK});
    EXPECT_GT(pid, 0);
    for (uint32_t badge : world->spaces) {
      if (before.count(badge) == 0) return badge;
    }
    ADD_FAILURE();
    return 0;
  }
  // The kernel's timer goes off once.
  void Tick() {
    world->timer = TIMER_NEVER;
    processes_tick();
  }
  uint64_t Pid(uint32_t badge) { return static_cast<uint64_t>(Status(badge, {PROC_GETPID})); }
  Answer WaitAny(uint32_t badge) { return Call(badge, {PROC_WAIT, ~0ull, 1}); }

  static constexpr uint32_t kInit = SLOT_INIT;
  World the_world;
  token_t tokens = 0;
};

uint64_t Minus(uint64_t value) { return 0 - value; }

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

// --- Signals ---

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
  Start(grandchild, {PROC_EXIT, 3});
  EXPECT_EQ(Result(wait).status, pid);
  EXPECT_EQ(page.pending, Bit(SIGCHLD));
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
  page.interval = 2000000;
  Call(child, {PROC_ITIMER, 1000000});
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
  EXPECT_EQ(Status(child, {PROC_ITIMER, 0}), 0);
  EXPECT_EQ(world->timer, TIMER_NEVER);
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

// --- Against a model ---

// Processes as a list, everything by search.
struct Model {
  struct Process {
    uint32_t badge;
    int64_t pid, parent, group;
    bool zombie = false, executed = false;
    uint64_t status = 0;
    uint64_t ended = 0;  // when, for the order of zombies
    token_t wait = 0;    // waiting if not 0
    int64_t selector = 0;
    token_t sleep = 0;
    uint64_t deadline = 0;
  };
  std::vector<Process> all = {{SLOT_INIT, 1, 0, 1}};
  std::map<token_t, Answer> answers;
  uint64_t clock = 0;

  Process *ByPid(int64_t pid) {
    for (Process &p : all) {
      if (p.pid == pid) return &p;
    }
    return nullptr;
  }
  bool GroupExists(int64_t group) {
    return std::any_of(all.begin(), all.end(), [&](Process &p) { return p.group == group; });
  }
  static bool Selects(const Process &parent, int64_t selector, const Process &child) {
    if (child.parent != parent.pid) return false;
    if (selector == -1) return true;
    if (selector > 0) return child.pid == selector;
    return child.group == (selector == 0 ? parent.group : -selector);
  }
  // The answer to a wait that can be given now, or nothing.
  bool Wait(int64_t pid, int64_t selector, Answer *answer) {
    Process *parent = ByPid(pid), *found = nullptr;
    bool any = false;
    for (Process &p : all) {
      if (!Selects(*parent, selector, p)) continue;
      any = true;
      if (p.zombie && (!found || p.ended < found->ended)) found = &p;
    }
    if (!any) *answer = {-ECHILD, {}};
    if (found) {
      *answer = {found->pid, {found->status}};
      int64_t gone = found->pid;
      all.erase(std::find_if(all.begin(), all.end(), [&](Process &p) { return p.pid == gone; }));
    }
    return !any || found;
  }
  void Check(int64_t pid) {
    Process *parent = ByPid(pid);
    Answer answer;
    if (!parent || parent->zombie || parent->wait == 0) return;
    token_t token = parent->wait;
    if (!Wait(pid, parent->selector, &answer)) return;
    answers[token] = answer;
    ByPid(pid)->wait = 0;
  }
  void End(int64_t pid, uint64_t status) {
    Process *process = ByPid(pid);
    int64_t parent = process->parent;
    process->zombie = true;
    process->status = status;
    process->ended = ++clock;
    process->wait = process->sleep = 0;
    std::vector<Process *> zombies;
    for (Process &p : all) {
      if (p.parent != pid) continue;
      p.parent = 1;
      if (p.zombie) zombies.push_back(&p);
    }
    // Inherited zombies come behind init's own, in the order of their ends.
    std::sort(zombies.begin(), zombies.end(),
              [](Process *a, Process *b) { return a->ended < b->ended; });
    for (Process *p : zombies) p->ended = ++clock;
    Check(1);
    Check(parent);
  }
};

class ProcessesRandom : public Processes, public testing::WithParamInterface<unsigned> {
 protected:
  using Process = Model::Process;

  uint64_t Random(uint64_t below) { return random() % below; }

  // A live process that waits for nothing.
  Process *Runner() {
    std::vector<Process *> ready;
    for (Process &p : model.all) {
      if (!p.zombie && p.wait == 0 && p.sleep == 0) ready.push_back(&p);
    }
    return ready.empty() ? nullptr : ready[Random(ready.size())];
  }
  int64_t SomePid() {
    return Random(8) == 0 ? static_cast<int64_t>(Random(40))
                          : model.all[Random(model.all.size())].pid;
  }
  void Expect(token_t token, Answer answer) { model.answers[token] = answer; }

  void Fork(Process *caller) {
    std::set<uint32_t> before = world->spaces;
    world->fs_fork = Random(10) == 0 ? -ENOMEM : 0;
    world->pager_fork = Random(10) == 0 ? -ENOMEM : 0;
    bool fails = world->fs_fork != 0 || world->pager_fork != 0;
    token_t token = Start(caller->badge, {PROC_FORK});
    if (fails) {
      Expect(token, {-ENOMEM, {}});
      return;
    }
    int64_t pid = Result(token).status;
    ASSERT_GT(pid, 1);
    ASSERT_EQ(model.ByPid(pid), nullptr);
    ASSERT_FALSE(model.GroupExists(pid));
    Expect(token, {pid, {}});
    std::vector<uint32_t> added;
    std::set_difference(world->spaces.begin(), world->spaces.end(), before.begin(), before.end(),
                        std::back_inserter(added));
    ASSERT_EQ(added.size(), 1u);
    model.all.push_back({added[0], pid, caller->pid, caller->group});
  }

  void Exit(Process *caller) {
    if (caller->pid == 1) return;
    uint64_t code = Random(256);
    Start(caller->badge, {PROC_EXIT, code});
    model.End(caller->pid, code << 8);
  }

  void Wait(Process *caller) {
    int64_t selectors[] = {-1, SomePid(), 0, -SomePid()};
    int64_t selector = selectors[Random(4)];
    uint64_t options = Random(2);
    int64_t pid = caller->pid;
    token_t token = Start(caller->badge, {PROC_WAIT, static_cast<uint64_t>(selector), options});
    Answer answer = {0, {}};
    if (model.Wait(pid, selector, &answer) || options != 0) {
      Expect(token, answer);
    } else {
      model.ByPid(pid)->wait = token;
      model.ByPid(pid)->selector = selector;
    }
  }

  void Kill(Process *caller) {
    int64_t pid = Random(4) == 0 ? -SomePid() : SomePid();
    if (pid == -1) return;  // too many at once
    uint64_t signals[] = {0, SIGTERM, SIGKILL, SIGCHLD};
    uint64_t signal = signals[Random(4)];
    int64_t self = caller->pid;
    std::vector<int64_t> targets;
    for (Process &p : model.all) {
      int64_t group = pid == 0 ? caller->group : -pid;
      if (pid > 0 ? p.pid == pid : p.group == group) targets.push_back(p.pid);
    }
    token_t token = Start(caller->badge, {PROC_KILL, static_cast<uint64_t>(pid), signal});
    if (targets.empty()) return Expect(token, {-ESRCH, {}});
    if (signal != 0 && targets == std::vector<int64_t>{1}) return Expect(token, {-EPERM, {}});
    bool dies = false;
    if (signal == SIGTERM || signal == SIGKILL) {
      // In the order in which proc has ended them, which the terminal's record shows.
      std::vector<uint32_t> order = world->console_exited;
      std::set<int64_t> rest(targets.begin(), targets.end());
      for (uint32_t badge : order) {
        for (size_t i = 0; i < model.all.size(); i++) {
          Process &p = model.all[i];
          if (p.badge != badge || rest.count(p.pid) == 0 || p.zombie) continue;
          dies = dies || p.pid == self;
          rest.erase(p.pid);
          model.End(p.pid, signal);
          break;
        }
      }
      for (int64_t left : rest) {
        Process *p = model.ByPid(left);
        ASSERT_TRUE(p == nullptr || left == 1 || p->zombie) << left;
      }
    }
    if (!dies) Expect(token, {0, {}});
  }

  void SetGroup(Process *caller) {
    int64_t pid = Random(2) == 0 ? 0 : SomePid(), group = Random(2) == 0 ? 0 : SomePid();
    token_t token = Start(caller->badge,
                          {PROC_SETPGID, static_cast<uint64_t>(pid), static_cast<uint64_t>(group)});
    Process *target = pid == 0 ? caller : model.ByPid(pid);
    if (!target || (target != caller && target->parent != caller->pid)) {
      return Expect(token, {-ESRCH, {}});
    }
    if (target != caller && target->executed) return Expect(token, {-EACCES, {}});
    if (target->pid == 1) return Expect(token, {-EPERM, {}});
    if (group == 0) group = target->pid;
    if (group != target->pid && !model.GroupExists(group)) return Expect(token, {-EPERM, {}});
    target->group = group;
    Expect(token, {0, {}});
    model.Check(target->parent);
  }

  void Sleep(Process *caller) {
    uint64_t ticks = 1 + Random(50);
    caller->sleep = Start(caller->badge, {PROC_SLEEP, ticks * 100});
    caller->deadline = world->now + ticks;
  }

  void Exec(Process *caller) {
    Start(caller->badge, {PROC_EXEC, 3});
    caller->executed = true;
  }

  void Time() {
    world->now += Random(20);
    uint64_t earliest = TIMER_NEVER;
    for (Process &p : model.all) {
      if (p.sleep != 0) earliest = std::min(earliest, p.deadline);
    }
    ASSERT_EQ(world->timer, earliest);
    if (world->timer > world->now) return;
    Tick();
    for (Process &p : model.all) {
      if (p.sleep == 0 || p.deadline > world->now) continue;
      Expect(p.sleep, {0, {}});
      p.sleep = 0;
    }
  }

  void Compare() {
    ASSERT_EQ(world->answers.size(), model.answers.size());
    for (auto &entry : model.answers) {
      ASSERT_EQ(world->answers.count(entry.first), 1u);
      const Answer &answer = world->answers[entry.first];
      ASSERT_EQ(answer.status, entry.second.status);
      ASSERT_EQ(answer.word[0], entry.second.word[0]);
    }
    world->answers.clear();
    model.answers.clear();
    world->console_exited.clear();
    std::set<uint32_t> live;
    for (Process &p : model.all) {
      if (!p.zombie) live.insert(p.badge);
    }
    ASSERT_EQ(world->spaces, live);
    ASSERT_EQ(world->files, live);
  }

  // The table itself, through PROC_LIST.
  void CompareList() {
    std::map<int64_t, proc_entry> entries;
    for (uint64_t slot = 0;;) {
      Answer answer = Call(kInit, {PROC_LIST, slot});
      auto *page = static_cast<proc_entry *>(outside_page(kInit));
      for (int64_t i = 0; i < answer.status; i++) entries[page[i].pid] = page[i];
      slot = answer.word[0];
      if (answer.status == 0) break;
    }
    ASSERT_EQ(entries.size(), model.all.size());
    for (Process &p : model.all) {
      const proc_entry &entry = entries[p.pid];
      ASSERT_EQ(entry.parent, p.parent);
      ASSERT_EQ(entry.group, p.group);
      ASSERT_EQ(entry.status, p.status);
      ASSERT_EQ(entry.state, p.zombie                      ? PROC_ZOMBIE
                             : p.wait != 0 || p.sleep != 0 ? PROC_WAITING
                                                           : PROC_RUNNING);
    }
    world->answers.clear();
  }

  void Step() {
    Time();
    Process *caller = Runner();
    if (!caller) return;
    switch (Random(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        if (model.all.size() < limit) Fork(caller);
        break;
      case 4:
        Exit(caller);
        break;
      case 5:
      case 6:
      case 7:
        Wait(caller);
        break;
      case 8:
        Kill(caller);
        break;
      case 9:
        SetGroup(caller);
        break;
      case 10:
        Sleep(caller);
        break;
      default:
        Exec(caller);
        break;
    }
  }

  Model model;
  std::mt19937 random;
  size_t limit = 0;
};

TEST_P(ProcessesRandom, BehaveAsTheModel) {
  random.seed(GetParam());
  limit = GetParam() % 2 == 0 ? 8 : 60;
  for (int step = 0; step < 20000; step++) {
    Step();
    Compare();
    if (step % 50 == 0) CompareList();
    if (HasFatalFailure()) FAIL() << "step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ProcessesRandom, testing::Range(1u, 9u));

}  // namespace
