// Processes at random, against a model.
#include <errno.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "servers/proc/processes_fixture.h"

namespace proc_test {
namespace {

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
}  // namespace proc_test
