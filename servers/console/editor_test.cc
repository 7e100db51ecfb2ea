extern "C" {
#include "servers/console/editor.h"
}

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace {

// A terminal of one endless row: what the echo makes of it.
struct Row {
  std::u32string cells;
  size_t column = 0;
  std::string bytes;    // of a character that is not complete
  std::string written;  // everything
  int bells = 0;

  void Cell(char32_t c) {
    if (cells.size() <= column) cells.resize(column + 1, U' ');
    cells[column++] = c;
  }
  void Byte(char byte) {
    unsigned char c = static_cast<unsigned char>(byte);
    written += byte;
    if (byte == '\a') {
      bells++;
    } else if (byte == '\b') {
      ASSERT_GT(column, 0u);
      column--;
    } else if (byte == '\n') {
      cells.clear();
      column = 0;
    } else if ((c & 0xc0) == 0x80) {
      ASSERT_GT(column, 0u);
      cells[column - 1] = cells[column - 1] << 6 | (c & 0x3f);
    } else {
      ASSERT_GE(c, ' ');
      Cell(c >= 0xc0 ? c & 0x1f : c);
    }
  }
  std::u32string Trimmed() const {
    std::u32string text = cells;
    while (!text.empty() && text.back() == U' ') text.pop_back();
    return text;
  }
};

Row *row;
void Echo(const char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) row->Byte(bytes[i]);
}

class Editor : public testing::Test {
 protected:
  Editor() {
    row = &the_row;
    editor_init(e.get(), Echo);
  }
  enum editor_event Type(const std::string &text) {
    enum editor_event event = EDITOR_NONE;
    for (char byte : text) event = editor_input(e.get(), static_cast<uint8_t>(byte));
    return event;
  }
  std::string Line() { return std::string(e->line, e->length); }
  void Enter(const std::string &text) {
    EXPECT_EQ(Type(text + "\r"), EDITOR_LINE);
    editor_clear(e.get());
  }
  // What must be on the screen for the line.
  void CheckScreen() {
    std::u32string expected;
    size_t column = 0;
    for (uint32_t i = 0; i < e->length; i++) {
      unsigned char c = static_cast<unsigned char>(e->line[i]);
      if (i == e->cursor) column = expected.size();
      if (c == '\t') {
        expected += U' ';
      } else if (c < ' ' || c == 127) {
        expected += U'^';
        expected += static_cast<char32_t>(c ^ 0x40);
      } else if ((c & 0xc0) == 0x80) {
        if (!expected.empty()) expected.back() = expected.back() << 6 | (c & 0x3f);
      } else {
        expected += c >= 0xc0 ? c & 0x1f : c;
      }
    }
    if (e->cursor == e->length) column = expected.size();
    while (!expected.empty() && expected.back() == U' ') expected.pop_back();
    ASSERT_EQ(row->Trimmed(), expected);
    ASSERT_EQ(row->column, column);
  }

  Row the_row;
  std::unique_ptr<editor> e = std::make_unique<editor>();
};

const std::string kLeft = "\x1b[D", kRight = "\x1b[C", kUp = "\x1b[A", kDown = "\x1b[B",
                  kHome = "\x1b[H", kEnd = "\x1b[F", kDelete = "\x1b[3~";

TEST_F(Editor, EndsLinesAtReturnAndNewline) {
  EXPECT_EQ(Type("ls -l\r"), EDITOR_LINE);
  EXPECT_EQ(Line(), "ls -l\n");
  EXPECT_EQ(row->written, "ls -l\n");
  editor_clear(e.get());
  EXPECT_EQ(Type("\n"), EDITOR_LINE);
  EXPECT_EQ(Line(), "\n");
}

TEST_F(Editor, Erases) {
  Type("abc\x7f\b");
  EXPECT_EQ(Line(), "a");
  CheckScreen();
  Type("\b\b\b");
  EXPECT_EQ(Line(), "");
  EXPECT_EQ(row->Trimmed(), U"");
}

TEST_F(Editor, ErasesWordsAndLines) {
  Type("one two  \x17");
  EXPECT_EQ(Line(), "one ");
  CheckScreen();
  Type("x\x15");
  EXPECT_EQ(Line(), "");
  CheckScreen();
  Type("one two" + kLeft + kLeft + kLeft + "\x15");
  EXPECT_EQ(Line(), "two");
  CheckScreen();
  Type(kRight + "\x0b");
  EXPECT_EQ(Line(), "t");
  CheckScreen();
}

TEST_F(Editor, InsertsAndDeletesInTheMiddle) {
  Type("ad" + kLeft + "bc");
  EXPECT_EQ(Line(), "abcd");
  CheckScreen();
  Type(kHome + "\x1b[3~" + kEnd + "e\x01" + kRight + "\x1b[3~\x05!");
  EXPECT_EQ(Line(), "bde!");
  CheckScreen();
}

TEST_F(Editor, KeepsUtf8CharactersWhole) {
  Type("a\xc3\xa4\xe2\x82\xac" + kLeft + "\b");
  EXPECT_EQ(Line(), "a\xe2\x82\xac");
  CheckScreen();
  Type("\xc3\xb6" + kRight + "\x7f");
  EXPECT_EQ(Line(), "a\xc3\xb6");
  CheckScreen();
}

TEST_F(Editor, CtrlDAndCtrlC) {
  EXPECT_EQ(Type("ab\x04"), EDITOR_END);
  EXPECT_EQ(Line(), "ab");
  EXPECT_EQ(Type("\x03"), EDITOR_INTERRUPT);
  EXPECT_EQ(Line(), "");
  EXPECT_EQ(row->written, "ab^C\n");
  EXPECT_EQ(Type("\x1b[\x03"), EDITOR_INTERRUPT);
  e->signals_on = false;
  EXPECT_EQ(Type("\x03"), EDITOR_NONE);
  EXPECT_EQ(Line(), "\x03");
  CheckScreen();
}

TEST_F(Editor, ControlVInsertsAnyByte) {
  std::string all;
  for (int byte = 0; byte < 256; byte++) {
    all += static_cast<char>(byte);
    EXPECT_EQ(Type(std::string("\x16") + static_cast<char>(byte)), EDITOR_NONE);
  }
  EXPECT_EQ(Line(), all);
  EXPECT_EQ(Type("\n"), EDITOR_LINE);
  editor_clear(e.get());
  Type("\x16");
  editor_clear(e.get());
  EXPECT_EQ(Type("\x03"), EDITOR_INTERRUPT) << "a line's last byte quotes none of the next";
}

TEST_F(Editor, RecallsEarlierLines) {
  Enter("first");
  Enter("second");
  Enter("second");  // once is enough
  Enter("");
  Type("dra" + kUp);
  EXPECT_EQ(Line(), "second");
  CheckScreen();
  Type(kUp + kUp);
  EXPECT_EQ(Line(), "first");
  EXPECT_EQ(row->bells, 1);
  CheckScreen();
  Type(kDown + kDown + "ft");
  EXPECT_EQ(Line(), "draft");
  CheckScreen();
  Type(kDown);
  EXPECT_EQ(Line(), "draft");
}

TEST_F(Editor, ForgetsTheOldestLines) {
  for (int i = 0; i < 40; i++) Enter("line " + std::to_string(i));
  for (int i = 0; i < 30; i++) Type("\x10");
  EXPECT_EQ(Line(), "line " + std::to_string(40 - EDITOR_HISTORY));
  CheckScreen();
}

TEST_F(Editor, NeitherShowsNorRemembersWithoutEcho) {
  e->echo_on = false;
  Enter("secret");
  e->echo_on = true;
  Type(kUp);
  EXPECT_EQ(Line(), "");
  EXPECT_EQ(row->written, "\a");
}

TEST_F(Editor, FullLineRingsTheBellAndCanBeEnded) {
  Type(std::string(EDITOR_LINE_MAX + 5, 'x'));
  EXPECT_EQ(e->length, EDITOR_LINE_MAX - 1);
  EXPECT_EQ(row->bells, 6);
  EXPECT_EQ(Type("\n"), EDITOR_LINE);
  EXPECT_EQ(e->length, EDITOR_LINE_MAX);
}

TEST_F(Editor, IgnoresUnknownKeys) {
  Type("a\x1b[5~\x1b[1;5Q\x1bOP\x1bx\x1b[200~b");
  EXPECT_EQ(Line(), "ab");
}

TEST_F(Editor, ShowsTheLineAgain) {
  Type("abc" + kLeft);
  row->Byte('\n');
  editor_show(e.get());
  CheckScreen();
}

// Random keys: the screen is always what the line says.
TEST_F(Editor, RandomKeysKeepScreenAndLineTogether) {
  std::mt19937 random(3);
  const std::vector<std::string> keys = {
      "a",   "b",    " ",     "\t",     "\xc3\xa4", "\xe2\x82\xac", "\x7f", "\x17",
      kLeft, kRight, kHome,   kEnd,     kDelete,    "\x0b",         kUp,    kDown,
      "c",   "dd",   "\x1b[", "\x1bOA", "\x01",     "\x05",         "\x02", "\x06"};
  for (int step = 0; step < 60000; step++) {
    uint32_t kind = random() % 100;
    if (kind == 0) {
      Enter("");
    } else if (kind == 1) {
      Type("\x15");
    } else {
      Type(keys[random() % keys.size()]);
    }
    ASSERT_LE(e->cursor, e->length);
    ASSERT_LT(e->length, EDITOR_LINE_MAX);
    // In the middle of a character or of a key there may be anything.
    if (e->escape == 0) CheckScreen();
    if (HasFatalFailure()) FAIL() << "step " << step;
  }
}

// Random bytes: nothing breaks.
TEST_F(Editor, RandomBytesDoNoHarm) {
  std::mt19937 random(4);
  editor_init(e.get(), [](const char *, size_t) {});
  for (int step = 0; step < 300000; step++) {
    enum editor_event event = editor_input(e.get(), static_cast<uint8_t>(random()));
    ASSERT_LE(e->cursor, e->length);
    ASSERT_LE(e->length, EDITOR_LINE_MAX);
    if (event == EDITOR_LINE || event == EDITOR_END) editor_clear(e.get());
  }
}

}  // namespace
