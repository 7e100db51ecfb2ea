// proc's operations over a fake of everything else, for tests.
#ifndef SERVERS_PROC_PROCESSES_FIXTURE_H_
#define SERVERS_PROC_PROCESSES_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "abi/syscall.h"
#include "protocols/proc.h"
#include "protocols/server.h"
#include "servers/proc/outside.h"
#include "servers/proc/processes.h"
#include "servers/proc/timer_heap.h"
}

namespace proc_test {

constexpr uint64_t kTimebase = 10000000;

struct Answer {
  int64_t status;
  uint64_t word[3];
};

// What the fake outside has seen.
struct World {
  std::map<token_t, Answer> answers;
  std::function<void()> at_answer = [] {};  // to a caller that was left waiting
  std::map<token_t, std::pair<uint64_t, uint64_t>> forwarded;
  std::set<uint32_t> spaces = {SLOT_INIT}, files = {SLOT_INIT};
  std::vector<uint32_t> yields, interrupted, console_exited;
  std::map<uint32_t, std::vector<char>> pages;
  std::string messages, firmware;
  uint64_t now = 5, timer = TIMER_NEVER;
  int64_t fs_fork = 0, pager_fork = 0, fs_spawn = 77, pager_spawn = 0, forward = 0;
  int64_t oom_victim = 0;
  pager_usage usage = {};  // of who ends
  int64_t reading = 1;     // does who survived Ctrl-C read?
  int64_t taken = 1;       // or has it not read since?
  int64_t busy = 0;        // of those who are to be interrupted: 0 runs, -EBUSY waits in a call
  int64_t in_pipe = 0, at_terminal = 0;  // and there
  int64_t upcall = 0;
  std::vector<std::string> interrupts;
  std::map<token_t, uint64_t> upcalls;
  int halted = -1;
  bool flushed = false;
};
// The one that outside.h stands for in the running test.
extern World *world;

class Processes : public testing::Test {
 protected:
  Processes();

  token_t Send(uint32_t badge, via via, std::vector<uint64_t> words, event_kind kind = EVENT_CALL);

  // A program's call and its answer, if there is one by now.
  token_t Start(uint32_t badge, std::vector<uint64_t> words) {
    return Send(badge, VIA_PROGRAM, words);
  }
  bool Answered(token_t token) { return world->answers.count(token) != 0; }
  Answer Result(token_t token);
  Answer Call(uint32_t badge, std::vector<uint64_t> words) { return Result(Start(badge, words)); }
  int64_t Status(uint32_t badge, std::vector<uint64_t> words) { return Call(badge, words).status; }

  // => the badge of a new child.
  uint32_t Fork(uint32_t parent);
  // The kernel's timer goes off once.
  void Tick();
  uint64_t Pid(uint32_t badge) { return static_cast<uint64_t>(Status(badge, {PROC_GETPID})); }
  Answer WaitAny(uint32_t badge) { return Call(badge, {PROC_WAIT, ~0ull, 1}); }

  static constexpr uint32_t kInit = SLOT_INIT;
  World the_world;
  token_t tokens = 0;
};

// -value, as a word of a message.
inline uint64_t Minus(uint64_t value) { return 0 - value; }

}  // namespace proc_test

#endif  // SERVERS_PROC_PROCESSES_FIXTURE_H_
