extern "C" {
#include "servers/console/lines.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

std::string *screen;
void Put(const char *bytes, size_t count) { screen->append(bytes, count); }

class Lines : public testing::Test {
 protected:
  Lines() {
    screen = &shown;
    lines_init(l.get(), Put);
  }
  void Write(uint32_t writer, const std::string &text) {
    while (!lines_write(l.get(), writer, text.data(), text.size())) {
      EXPECT_FALSE(lines_have_room(l.get()));
      lines_force(l.get());
    }
  }
  void Echo(const std::string &text) { lines_echo(l.get(), text.data(), text.size()); }

  std::string shown;
  std::unique_ptr<lines> l = std::make_unique<lines>();
};

constexpr uint32_t kA = 8, kB = 9, kC = 10;

TEST_F(Lines, ShowsALoneWriterAtOnce) {
  Write(kA, "$ ");
  EXPECT_EQ(shown, "$ ");
  Write(kA, "more\n");
  Write(kA, "");
  EXPECT_EQ(shown, "$ more\n");
}

TEST_F(Lines, HoldsOthersUntilTheLineEnds) {
  Write(kA, "ab");
  Write(kB, "xyz\n");
  EXPECT_TRUE(lines_holding(l.get()));
  EXPECT_EQ(shown, "ab");
  Write(kA, "cd\n");
  EXPECT_EQ(shown, "abcd\nxyz\n");
  EXPECT_FALSE(lines_holding(l.get()));
}

TEST_F(Lines, GivesTheLineToTheFirstOfThoseHeld) {
  Write(kA, "a");
  Write(kB, "b");
  Write(kC, "c\n");
  Write(kB, "b");
  Write(kA, "a\n");
  EXPECT_EQ(shown, "aa\nbb");
  Write(kB, "b\n");
  EXPECT_EQ(shown, "aa\nbbb\nc\n");
}

TEST_F(Lines, ReleasedLineIsContinuedByOthers) {
  Write(kA, "files: ");
  Write(kB, "one\n");
  lines_release(l.get(), kB);  // is not the owner
  EXPECT_EQ(shown, "files: ");
  lines_release(l.get(), kA);
  EXPECT_EQ(shown, "files: one\n");
}

TEST_F(Lines, ForcedLineIsEndedFirst) {
  Write(kA, "50%");
  Write(kB, "b\n");
  lines_force(l.get());
  EXPECT_EQ(shown, "50%\nb\n");
  Write(kA, "100%\n");
  EXPECT_EQ(shown, "50%\nb\n100%\n");
}

TEST_F(Lines, RefusesWhatItCannotHold) {
  Write(kA, "a");
  std::string big(LINES_WRITE_MAX, 'b');
  big.back() = '\n';
  size_t held = 0;
  while (lines_write(l.get(), kB, big.data(), big.size())) held++;
  EXPECT_EQ(held, LINES_HELD_MAX / (LINES_WRITE_MAX + 8));
  EXPECT_FALSE(lines_have_room(l.get()));
  EXPECT_TRUE(lines_write(l.get(), kA, "a\n", 2));
  std::string expected = "aa\n";
  while (held-- > 0) expected += big;
  EXPECT_EQ(shown, expected);
}

TEST_F(Lines, TextBehindAPromptStartsANewLine) {
  Write(kA, "$ ");
  Write(kB, "held\n");
  lines_prompt(l.get(), kB);  // is not the owner
  EXPECT_EQ(shown, "$ ");
  lines_prompt(l.get(), kA);
  EXPECT_EQ(shown, "$ \nheld\n");
  EXPECT_TRUE(l->input_hidden);
  Write(kA, "$ ");
  lines_prompt(l.get(), kA);
  Write(kB, "done\n");
  EXPECT_EQ(shown, "$ \nheld\n$ \ndone\n");
}

TEST_F(Lines, EchoNeitherTakesNorWaitsForALine) {
  Write(kA, "a");
  Echo("x");
  Write(kB, "b\n");
  Write(kA, "a");
  EXPECT_EQ(shown, "axa");
  Echo("\n");
  EXPECT_EQ(shown, "axa\nb\n");
}

// Whole lines of several writers, written in random pieces, come out whole and each writer's in
// order, as long as nothing is forced.
TEST_F(Lines, RandomPiecesDoNotMix) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; round++) {
    std::map<uint32_t, std::string> text, rest;
    for (uint32_t writer = 8; writer < 14; writer++) {
      for (int line = 0; line < 10; line++) {
        text[writer] +=
            std::to_string(writer) + ":" + std::string(random() % 12, 'a' + line) + "\n";
      }
    }
    rest = text;
    while (!rest.empty()) {
      auto it = std::next(rest.begin(), random() % rest.size());
      size_t count = std::min<size_t>(it->second.size(), 1 + random() % 9);
      Write(it->first, it->second.substr(0, count));
      it->second.erase(0, count);
      if (it->second.empty()) rest.erase(it);
    }
    ASSERT_FALSE(lines_holding(l.get()));
    std::map<uint32_t, std::string> seen;
    size_t at = 0;
    while (at < shown.size()) {
      size_t end = shown.find('\n', at) + 1;
      seen[std::stoul(shown.substr(at, end - at))] += shown.substr(at, end - at);
      at = end;
    }
    ASSERT_EQ(seen, text);
    shown.clear();
  }
}

// Whatever happens, no byte is lost and each writer's order is kept; nothing is held for long.
TEST_F(Lines, RandomEventsLoseNothing) {
  std::mt19937 random(8);
  std::map<uint32_t, std::string> written;
  for (int step = 0; step < 100000; step++) {
    uint32_t writer = 8 + random() % 5;
    switch (random() % 12) {
      case 0:
        lines_release(l.get(), writer);
        break;
      case 1:
        if (random() % 10 == 0) lines_force(l.get());
        break;
      case 2:
        lines_prompt(l.get(), writer);
        break;
      default: {
        // Each writer has its own letters.
        std::string piece(1 + random() % 20, static_cast<char>('a' + writer));
        if (random() % 3 == 0) piece += '\n';
        written[writer] += piece;
        Write(writer, piece);
        break;
      }
    }
    ASSERT_TRUE(!lines_holding(l.get()) || (l->open && l->owner != LINES_NOBODY));
  }
  while (lines_holding(l.get())) lines_force(l.get());
  for (auto &entry : written) {
    char letter = static_cast<char>('a' + entry.first);
    EXPECT_EQ(std::count(shown.begin(), shown.end(), letter),
              std::count(entry.second.begin(), entry.second.end(), letter));
  }
}

}  // namespace
