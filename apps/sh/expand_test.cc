#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "apps/sh/arithmetic.h"
#include "apps/sh/expand.h"
#include "apps/sh/lexer.h"
}

namespace {

// The command in angle brackets stands for its output.
char *Substitute(const char *command, void *) {
  return strdup(("<" + std::string(command) + ">\n\n").c_str());
}

// "*.c" matches two files, everything else none.
void Glob(const char *pattern, word ***end, arena *memory) {
  if (strcmp(pattern, "*.c") != 0) return;
  for (const char *name : {"a.c", "b c.c"}) {
    word *w = static_cast<word *>(arena_allocate(memory, sizeof *w));
    w->text = name;
    **end = w;
    *end = &w->next;
  }
}

class Expand : public testing::Test {
 protected:
  Expand() {
    variables_.arguments = arguments_;
    variables_.count = 2;
    expansion_.variables = &variables_;
    expansion_.arena = &memory_;
    expansion_.status = 7;
    expansion_.shell = 42;
    expansion_.substitute = Substitute;
    expansion_.glob = Glob;
    Set("x", "one");
    Set("two", "a  b");
    Set("empty", "");
    Set("HOME", "/home");
  }
  ~Expand() override {
    variables_free(&variables_);
    arena_free(&memory_);
  }

  void Set(const char *name, const char *value) { variables_set(&variables_, name, value); }

  // The arguments of a command line, each in brackets.
  std::string Words(const char *line) {
    word *first = nullptr, **end = &first;
    for (;;) {
      token t = lexer_next(&line, &memory_);
      if (t.kind != TOKEN_WORD) break;
      word *w = static_cast<word *>(arena_allocate(&memory_, sizeof *w));
      w->text = t.text;
      *end = w;
      end = &w->next;
    }
    word *expanded = expand_words(&expansion_, first);
    if (expansion_.error) return "error";
    std::string out;
    for (; expanded; expanded = expanded->next) out += "[" + std::string(expanded->text) + "]";
    return out;
  }

  char zero_[3] = "sh", first_[4] = "p q", second_[2] = "r";
  char *arguments_[4] = {zero_, first_, second_, nullptr};
  variables variables_{};
  arena memory_{};
  expansion expansion_{};
};

TEST_F(Expand, TakesQuotesAway) {
  EXPECT_EQ(Words("a 'b c' \"d e\" f\\ g"), "[a][b c][d e][f g]");
  EXPECT_EQ(Words("'a'b\"c\" '' \"\""), "[abc][][]");
  EXPECT_EQ(Words("\"a\\$x\\\"\\\\\\n\" '\\n'"), "[a$x\"\\\\n][\\n]");
}

TEST_F(Expand, ReplacesVariables) {
  EXPECT_EQ(Words("$x ${x}y $xy \"$x $two\""), "[one][oney][one a  b]");
  EXPECT_EQ(Words("$two a$two"), "[a][b][aa][b]");
  EXPECT_EQ(Words("$empty \"$empty\" $none '$x'"), "[][$x]");
  EXPECT_EQ(Words("$? $$ $# $1 $0 ${2} $9"), "[7][42][2][p][q][sh][r]");
  EXPECT_EQ(Words("$ a$ \"$\""), "[$][a$][$]");
}

TEST_F(Expand, KnowsAllArguments) {
  EXPECT_EQ(Words("\"$@\" \"$*\" $@ a\"$@\"b"), "[p q][r][p q r][p][q][r][ap q][rb]");
  variables_.count = 0;
  EXPECT_EQ(Words("\"$@\" $* \"$*\""), "[]");
}

TEST_F(Expand, ChoosesByParameter) {
  EXPECT_EQ(Words("${x:-d} ${none:-d e} \"${none:-d e}\" ${empty-d} ${empty:-d}"),
            "[one][d][e][d e][d]");
  EXPECT_EQ(Words("${x:+s} ${none:+s} ${#x} ${new:=v} $new"), "[s][3][v][v]");
  EXPECT_EQ(Words("${none?}"), "error");
  EXPECT_EQ(Words("${x!}"), "error");
  EXPECT_EQ(Words("${}"), "error");
}

TEST_F(Expand, SubstitutesCommands) {
  EXPECT_EQ(Words("$(a b) \"$(a b)\" `c \\`d\\``"), "[<a][b>][<a b>][<c][`d`>]");
  EXPECT_EQ(Words("$(echo ')' \"$(x)\")"), "[<echo][')'][\"$(x)\">]");
}

TEST_F(Expand, Calculates) {
  EXPECT_EQ(Words("$((1 + 2 * 3)) $(( (1+2)*3 - -4 )) $((7/2)) $((7 % 4))"), "[7][13][3][3]");
  Set("n", "5");
  EXPECT_EQ(Words("$((n+1)) $(($n*2)) $((n == 5 && !0)) $((none))"), "[6][10][1][0]");
  EXPECT_EQ(Words("$((1/0))"), "error");
  EXPECT_EQ(Words("$((1+))"), "error");
}

TEST_F(Expand, MatchesFiles) {
  EXPECT_EQ(Words("*.c '*.c' \\*.c *.d"), "[a.c][b c.c][*.c][*.c][*.d]");
  EXPECT_EQ(Words("a\\\\b 'a\\b' \"a\\b\""), "[a\\b][a\\b][a\\b]");
}

TEST_F(Expand, KnowsHome) { EXPECT_EQ(Words("~ ~/x a~ '~'"), "[/home][/home/x][a~][~]"); }

TEST_F(Expand, KeepsOneTextWhole) {
  EXPECT_STREQ(expand_text(&expansion_, "$two*.c'q'"), "a  b*.cq");
  EXPECT_STREQ(expand_text(&expansion_, ""), "");
}

TEST_F(Expand, SurvivesNoise) {
  static const char *const pieces[] = {"$", "${", "}",  "(", ")", "$(", "$((", "))", "'", "\"",
                                       "`", "\\", ":-", "x", "#", "@",  "*",   "1",  "+", " "};
  std::mt19937 random(2);
  for (int round = 0; round < 50000; ++round) {
    std::string text;
    for (unsigned i = random() % 12; i > 0; --i) {
      text += pieces[random() % (sizeof pieces / sizeof *pieces)];
    }
    Words(text.c_str());
  }
}

TEST(Arithmetic, WrapsAround) {
  variables none{};
  long value;
  EXPECT_TRUE(arithmetic("9223372036854775807 + 1", &none, &value));
  EXPECT_EQ(value, INT64_MIN);
  EXPECT_TRUE(arithmetic("(0-9223372036854775807-1) / -1", &none, &value));
  EXPECT_EQ(value, INT64_MIN);
  EXPECT_FALSE(arithmetic(std::string(10000, '(').c_str(), &none, &value));
  EXPECT_FALSE(arithmetic(std::string(10000, '-').c_str(), &none, &value));
}

}  // namespace
