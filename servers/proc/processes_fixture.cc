#include "servers/proc/processes_fixture.h"

#include <algorithm>

using proc_test::kTimebase;
using proc_test::world;

extern "C" {

void outside_answer(token_t token, int64_t status, uint64_t word) {
  EXPECT_EQ(world->answers.count(token), 0u) << "answered twice";
  world->at_answer();
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

const struct pager_usage *outside_pager_kill(uint32_t badge) {
  EXPECT_EQ(world->spaces.erase(badge), 1u);
  return &world->usage;
}
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

namespace proc_test {

World *world;

Processes::Processes() {
  world = &the_world;
  processes_init();
}

token_t Processes::Send(uint32_t badge, via via, std::vector<uint64_t> words, event_kind kind) {
  uint64_t token = static_cast<uint64_t>(kind) << TOKEN_KIND_SHIFT | ++tokens;
  event event = {token, badge | static_cast<uint64_t>(via) << 32, {}};
  std::copy(words.begin(), words.end(), event.word);
  answer answer;
  processes_call(&event, &answer);
  if (answer.status != ANSWER_LATER) {
    EXPECT_EQ(world->answers.count(event.token), 0u) << "answered twice";
    world->answers[event.token] = {answer.status, {answer.word[0], answer.word[1], answer.word[2]}};
  }
  return event.token;
}

Answer Processes::Result(token_t token) {
  EXPECT_TRUE(Answered(token));
  return world->answers[token];
}

uint32_t Processes::Fork(uint32_t parent) {
  std::set<uint32_t> before = world->spaces;
  int64_t pid = Status(parent, {PROC_FORK});
  EXPECT_GT(pid, 0);
  for (uint32_t badge : world->spaces) {
    if (before.count(badge) == 0) return badge;
  }
  ADD_FAILURE();
  return 0;
}

void Processes::Tick() {
  world->timer = TIMER_NEVER;
  processes_tick();
}

}  // namespace proc_test
