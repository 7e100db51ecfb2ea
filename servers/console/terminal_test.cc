extern "C" {
#include "servers/console/terminal.h"

#include "abi/layout.h"
#include "protocols/console.h"
#include "protocols/signal.h"
#include "servers/console/input_queue.h"
#include "servers/console/outside.h"
}

#include <errno.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

struct World {
  std::string screen;
  std::map<token_t, int64_t> answers;
  std::map<uint32_t, std::vector<char>> pages;
  size_t backlog = 0;
  int interrupts = 0;
  bool ticking = false, drained = false;
};
World *world;

}  // namespace

extern "C" {

void outside_put(const char *bytes, size_t count) { world->screen.append(bytes, count); }
size_t outside_backlog(void) { return world->backlog; }
void outside_drain(void) { world->drained = true; }
void outside_answer(token_t token, int64_t status) {
  EXPECT_EQ(world->answers.count(token), 0u) << "answered twice";
  world->answers[token] = status;
}
char *outside_page(uint32_t badge) {
  std::vector<char> &page = world->pages[badge];
  page.resize(4096);
  return page.data();
}
void outside_tick_after(uint32_t milliseconds) {
  EXPECT_GT(milliseconds, 0u);
  world->ticking = true;
}
void outside_interrupt(void) { world->interrupts++; }

}  // extern "C"

namespace {

class Terminal : public testing::Test {
 protected:
  Terminal() {
    world = &the_world;
    terminal_init();
  }
  void Type(const std::string &text) {
    for (char byte : text) {
      if (terminal_takes_input()) terminal_input(static_cast<uint8_t>(byte));
    }
  }
  token_t Write(uint32_t writer, const std::string &text) {
    memcpy(outside_page(writer), text.data(), text.size());
    return Track(terminal_write(++tokens, writer, text.size()));
  }
  token_t Read(uint32_t reader, uint64_t length) {
    return Track(terminal_read(++tokens, reader, length));
  }
  token_t Track(int64_t status) {
    if (status != TERMINAL_LATER) outside_answer(tokens, status);
    return tokens;
  }
  bool Answered(token_t token) { return world->answers.count(token) != 0; }
  int64_t Result(token_t token) {
    EXPECT_TRUE(Answered(token));
    return world->answers[token];
  }
  // What a read that has been answered got.
  std::string Text(token_t token, uint32_t reader) {
    return std::string(outside_page(reader), static_cast<size_t>(Result(token)));
  }
  void Tick() {
    ASSERT_TRUE(world->ticking);
    world->ticking = false;
    terminal_tick();
  }

  World the_world;
  token_t tokens = 0;
};

constexpr uint32_t kA = 8, kB = 9, kC = 10;

// --- Reading ---

TEST_F(Terminal, LineGoesToTheWaitingReader) {
  token_t read = Read(kA, 100);
  Type("hel");
  EXPECT_FALSE(Answered(read));
  Type("lo\r");
  EXPECT_EQ(Text(read, kA), "hello\n");
  EXPECT_EQ(world->screen, "hello\n");
}

TEST_F(Terminal, TypedAheadIsKept) {
  Type("one\rtwo\rthr");
  EXPECT_EQ(Text(Read(kA, 100), kA), "one\n");
  EXPECT_EQ(Text(Read(kB, 100), kB), "two\n");
  token_t read = Read(kA, 100);
  EXPECT_FALSE(Answered(read));
  Type("ee\r");
  EXPECT_EQ(Text(read, kA), "three\n");
}

TEST_F(Terminal, ReadersAreServedInOrder) {
  token_t first = Read(kA, 100), second = Read(kB, 100);
  Type("1\r2\r");
  EXPECT_EQ(Text(first, kA), "1\n");
  EXPECT_EQ(Text(second, kB), "2\n");
}

TEST_F(Terminal, ShortReadsGetTheLineInParts) {
  Type("abcdef\r");
  EXPECT_EQ(Text(Read(kA, 4), kA), "abcd");
  EXPECT_EQ(Text(Read(kA, 2), kA), "ef");
  EXPECT_EQ(Text(Read(kA, 9), kA), "\n");
  EXPECT_EQ(Result(Read(kA, 0)), 0);
}

TEST_F(Terminal, CtrlDEndsInput) {
  token_t read = Read(kA, 100);
  Type("\x04");
  EXPECT_EQ(Result(read), 0);
  Type("ab\x04");
  EXPECT_EQ(Text(Read(kA, 2), kA), "ab");
  Type("c\r");
  EXPECT_EQ(Text(Read(kA, 100), kA), "c\n");
}

TEST_F(Terminal, HugeReadsAreCut) {
  token_t read = Read(kA, ~0ull);
  Type("x\r");
  EXPECT_EQ(Text(read, kA), "x\n");
  Type("y\r");
  EXPECT_EQ(Text(Read(kA, ~0ull), kA), "y\n");
}

TEST_F(Terminal, ReadsOfTheDeadAreForgotten) {
  token_t dead = Read(kA, 100), living = Read(kB, 100);
  terminal_ended(kA);
  Type("x\r");
  EXPECT_FALSE(Answered(dead));
  EXPECT_EQ(Text(living, kB), "x\n");
}

TEST_F(Terminal, TakesNoInputThatItCannotKeep) {
  std::string line(1000, 'x');
  size_t taken = 0, lines = 0;
  while (terminal_takes_input()) {
    terminal_input(taken % 1001 == 1000 ? '\r' : 'x');
    taken++;
  }
  EXPECT_GT(taken, 7000u);
  for (token_t read; Answered(read = Read(kA, 4096)); lines++) {
    EXPECT_EQ(Text(read, kA), line + "\n");
    EXPECT_TRUE(terminal_takes_input());
  }
  EXPECT_EQ(lines, taken / 1001);
}

// --- Signals ---

TEST_F(Terminal, SignalsEndReadsAndWrites) {
  volatile uint64_t *pending = &signal_page_in(outside_page(kA))->pending;
  *pending = 1;
  EXPECT_EQ(terminal_interrupt(kA), 0);
  *pending = 0;
  token_t read = Read(kA, 100), other = Read(kB, 100);
  EXPECT_EQ(terminal_interrupt(kA), 0) << "it has taken the signal, and waits for something else";
  EXPECT_FALSE(Answered(read));
  *pending = 1;
  EXPECT_EQ(terminal_interrupt(kA), 1);
  EXPECT_EQ(Result(read), -EINTR);
  EXPECT_FALSE(Answered(other));
  Type("x\r");
  EXPECT_EQ(Text(other, kB), "x\n");
  world->backlog = 10000;
  *pending = 0;
  token_t write = Write(kA, "1\n");
  EXPECT_EQ(terminal_interrupt(kA), 0);
  EXPECT_FALSE(Answered(write));
  *pending = 1;
  EXPECT_EQ(terminal_interrupt(kA), 1);
  EXPECT_EQ(Result(write), -EINTR);
}

TEST_F(Terminal, WhoHasASignalToTakeDoesNotWait) {
  auto *page = signal_page_in(outside_page(kA));
  page->pending = 1;
  EXPECT_EQ(Result(Read(kA, 100)), -EINTR);
  world->backlog = 10000;
  EXPECT_EQ(Result(Write(kA, "1\n")), -EINTR);
  world->backlog = 0;
  Type("x\r");
  EXPECT_EQ(Text(Read(kA, 100), kA), "x\n");
  page->mask = 1;
  EXPECT_FALSE(Answered(Read(kA, 100)));
}

// --- Ctrl-C ---

TEST_F(Terminal, CtrlCTellsProcAndDropsInput) {
  Type("ahead\rlin\x03");
  EXPECT_EQ(world->interrupts, 1);
  EXPECT_EQ(world->screen, "ahead\nlin^C\n");
  token_t read = Read(kA, 100);
  EXPECT_FALSE(Answered(read));
  EXPECT_EQ(terminal_interrupted(kA), 1);
  EXPECT_EQ(Result(read), -EINTR);
}

TEST_F(Terminal, CtrlCBeforeAReadEndsIt) {
  EXPECT_EQ(terminal_interrupted(kA), 0);
  Type("x\r");
  EXPECT_EQ(Text(Read(kB, 100), kB), "x\n");
  EXPECT_EQ(Result(Read(kA, 100)), -EINTR);
  EXPECT_FALSE(Answered(Read(kA, 100)));
}

TEST_F(Terminal, CtrlCBeforeAReadCanBeTakenBack) {
  EXPECT_EQ(terminal_take_interrupt(kA), 0);
  terminal_interrupted(kA);
  EXPECT_EQ(terminal_take_interrupt(kB), 0);
  EXPECT_EQ(terminal_take_interrupt(kA), 1);
  EXPECT_EQ(terminal_take_interrupt(kA), 0);
  EXPECT_FALSE(Answered(Read(kA, 100)));
  terminal_interrupted(kB);
  terminal_ended(kB);
  EXPECT_EQ(terminal_take_interrupt(kB), 0);
}

// --- Writing ---

TEST_F(Terminal, WritesComeOut) {
  EXPECT_EQ(Result(Write(kA, "hi\n")), 3);
  EXPECT_EQ(Result(Write(kA, "")), 0);
  EXPECT_EQ(world->screen, "hi\n");
  EXPECT_EQ(terminal_write(++tokens, kA, MESSAGE_BYTES + 1), -EINVAL);
  EXPECT_EQ(terminal_write(++tokens, kA, ~0ull), -EINVAL);
}

TEST_F(Terminal, WritersDoNotMix) {
  Write(kA, "a");
  EXPECT_EQ(Result(Write(kB, "b\n")), 2);
  Write(kA, "a\n");
  EXPECT_EQ(world->screen, "aa\nb\n");
}

TEST_F(Terminal, LineOfTheDeadIsFree) {
  Write(kA, "a");
  Write(kB, "b\n");
  terminal_ended(kA);
  EXPECT_EQ(world->screen, "ab\n");
}

TEST_F(Terminal, LineOfAWaitingParentIsFree) {
  Write(kA, "files: ");
  Write(kB, "one\n");
  terminal_yield(kA);
  EXPECT_EQ(world->screen, "files: one\n");
}

TEST_F(Terminal, ReadingGivesTheLineUp) {
  Write(kA, "name? ");
  Write(kB, "b\n");
  Read(kA, 10);
  EXPECT_EQ(world->screen, "name? \nb\n");
}

TEST_F(Terminal, TypedAheadGoesOnBehindThePrompt) {
  Type("x\r");
  Write(kA, "name? ");
  Read(kA, 10);
  Write(kB, "b\n");
  EXPECT_EQ(world->screen, "x\nname? b\n");
}

TEST_F(Terminal, IdleOwnerLosesItsLine) {
  Write(kA, "a");
  EXPECT_FALSE(world->ticking);
  Write(kB, "b\n");
  Tick();
  EXPECT_EQ(world->screen, "a\nb\n");
  EXPECT_FALSE(world->ticking);
}

TEST_F(Terminal, BusyOwnerKeepsItsLineForSomeTime) {
  Write(kA, "a");
  Write(kB, "b\n");
  int ticks = 0;
  while (world->ticking && ticks < 100) {
    Write(kA, ".");
    Tick();
    ticks++;
  }
  EXPECT_GT(ticks, 1);
  EXPECT_LT(ticks, 20);
  EXPECT_NE(world->screen.find("\nb\n"), std::string::npos);
}

TEST_F(Terminal, OutputGoesAboveWhatIsTyped) {
  Write(kA, "$ ");
  token_t read = Read(kA, 100);
  Type("ec");
  Write(kB, "done\n");
  EXPECT_EQ(world->screen, "$ ec\ndone\nec");
  Type("ho\r");
  EXPECT_EQ(world->screen, "$ ec\ndone\necho\n");
  EXPECT_EQ(Text(read, kA), "echo\n");
}

TEST_F(Terminal, TypedAheadIsShownAgainBehindThePrompt) {
  Type("ec");
  Write(kA, "out\n");
  Write(kA, "$ ");
  Read(kA, 100);
  EXPECT_EQ(world->screen, "ec\nout\n$ ec");
}

TEST_F(Terminal, WritersWaitWhileTheUartIsBehind) {
  world->backlog = 10000;
  token_t first = Write(kA, "1\n"), second = Write(kB, "2\n"), dead = Write(kC, "3\n");
  EXPECT_FALSE(Answered(first));
  terminal_ended(kC);
  terminal_drained();
  EXPECT_FALSE(Answered(first));
  world->backlog = 0;
  terminal_drained();
  EXPECT_EQ(Result(first), 2);
  EXPECT_EQ(Result(second), 2);
  EXPECT_FALSE(Answered(dead));
  EXPECT_EQ(world->screen, "1\n2\n");
}

TEST_F(Terminal, WritersWaitForALongLineOfAnother) {
  Write(kA, "a");
  std::string big(MESSAGE_BYTES, 'b');
  big.back() = '\n';
  token_t last;
  int writes = 0;
  while (Answered(last = Write(kB, big))) writes++;
  token_t other = Write(kC, big);
  EXPECT_FALSE(Answered(other));
  EXPECT_TRUE(Answered(Write(kA, "a")));  // the owner goes on
  EXPECT_FALSE(Answered(last));
  Write(kA, "a\n");
  EXPECT_EQ(Result(last), MESSAGE_BYTES);
  EXPECT_EQ(Result(other), MESSAGE_BYTES);
  EXPECT_EQ(world->screen.size(), 4u + (writes + 2) * MESSAGE_BYTES);
}

TEST_F(Terminal, MessagesNeverWait) {
  world->backlog = 10000;
  terminal_message(3, "oops\n", 5);
  EXPECT_EQ(world->screen, "oops\n");
}

TEST_F(Terminal, FlushShowsEverything) {
  Write(kA, "a");
  Write(kB, "b");
  Write(kC, "c");
  terminal_flush();
  EXPECT_EQ(world->screen, "a\nb\nc");
  EXPECT_TRUE(world->drained);
}

// --- Modes ---

TEST_F(Terminal, ModesAreCheckedAndAsked) {
  EXPECT_EQ(terminal_mode(~0ull), CONSOLE_CANONICAL | CONSOLE_ECHO | CONSOLE_SIGNALS);
  EXPECT_EQ(terminal_mode(8), -EINVAL);
  EXPECT_EQ(terminal_mode(1ull << 32), -EINVAL);
  EXPECT_EQ(terminal_mode(0), 0);
  EXPECT_EQ(terminal_mode(~0ull), 0);
}

TEST_F(Terminal, RawModeGivesBytesAtOnce) {
  Type("ab");
  terminal_mode(0);
  EXPECT_EQ(Text(Read(kA, 100), kA), "ab");
  token_t read = Read(kA, 100);
  Type("\x1b");
  EXPECT_EQ(Text(read, kA), "\x1b");
  Type("[A\x03\x04\r");
  EXPECT_EQ(Text(Read(kA, 100), kA), "[A\x03\x04\r");
  EXPECT_EQ(world->screen, "ab");
  EXPECT_EQ(world->interrupts, 0);
}

TEST_F(Terminal, RawModeWithSignalsInterrupts) {
  terminal_mode(CONSOLE_SIGNALS);
  Type("x\x03");
  EXPECT_EQ(world->interrupts, 1);
  EXPECT_FALSE(Answered(Read(kA, 100)));
}

// --- Anything ---

TEST_F(Terminal, RandomEventsAnswerEverybodyOnce) {
  std::mt19937 random(5);
  std::map<uint32_t, token_t> waiting;  // by badge, as a program makes one call at a time
  for (int step = 0; step < 100000; step++) {
    uint32_t badge = 8 + random() % 12;
    auto call = waiting.find(badge);
    if (call != waiting.end() && Answered(call->second)) waiting.erase(call);
    bool free = waiting.count(badge) == 0;
    switch (random() % 10) {
      case 0:
      case 1:
        if (free) waiting[badge] = Read(badge, 1 + random() % 30);
        break;
      case 2:
      case 3:
        if (free) {
          waiting[badge] =
              Write(badge, std::string(random() % 40, 'o') + (random() % 2 ? "\n" : ""));
        }
        break;
      case 4:
        terminal_ended(badge);
        waiting.erase(badge);
        break;
      case 5:
        world->backlog = random() % 3 * 6000;
        terminal_drained();
        break;
      case 6:
        if (world->ticking) Tick();
        break;
      case 7:
        if (random() % 20 == 0) terminal_mode(random() % 8);
        if (random() % 2 == 0) terminal_interrupted(badge);
        break;
      default:
        Type(std::string(1, "ab \r\n\x03\x04\x7f\x1b[AB"[random() % 13]));
        break;
    }
  }
  world->backlog = 0;
  terminal_drained();
  terminal_mode(CONSOLE_CANONICAL);
  Type(std::string(40, '\n'));
  for (auto &entry : waiting) EXPECT_TRUE(Answered(entry.second));
}

}  // namespace
