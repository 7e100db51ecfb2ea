#include <gtest/gtest.h>

#include <random>
#include <string>

extern "C" {
#include "apps/sh/lexer.h"
#include "apps/sh/parser.h"
}

namespace {

std::string Show(const node *n);

std::string ShowWords(const word *w) {
  std::string out;
  for (; w; w = w->next) out += (out.empty() ? "" : " ") + std::string(w->text);
  return out;
}

std::string ShowRedirects(const redirect *r) {
  static const char *const kinds[] = {"<", ">", ">>", "&"};
  std::string out;
  for (; r; r = r->next) out += " " + std::to_string(r->fd) + kinds[r->kind] + r->target;
  return out;
}

std::string ShowKind(const node *n) {
  switch (n->kind) {
    case NODE_SIMPLE:
      return (n->assignments ? "{" + ShowWords(n->assignments) + "}" : "") + ShowWords(n->words);
    case NODE_PIPE:
      return "(" + Show(n->first) + " | " + Show(n->second) + ")";
    case NODE_AND:
      return "(" + Show(n->first) + " && " + Show(n->second) + ")";
    case NODE_OR:
      return "(" + Show(n->first) + " || " + Show(n->second) + ")";
    case NODE_SEQUENCE:
      return Show(n->first) + "; " + Show(n->second);
    case NODE_BACKGROUND:
      return Show(n->first) + " &";
    case NODE_NOT:
      return "! " + Show(n->first);
    case NODE_SUBSHELL:
      return "sub[" + Show(n->first) + "]";
    case NODE_GROUP:
      return "group[" + Show(n->first) + "]";
    case NODE_IF:
      return "if[" + Show(n->first) + "][" + Show(n->second) + "]" +
             (n->third ? "[" + Show(n->third) + "]" : "");
    case NODE_WHILE:
      return "while[" + Show(n->first) + "][" + Show(n->second) + "]";
    case NODE_UNTIL:
      return "until[" + Show(n->first) + "][" + Show(n->second) + "]";
    case NODE_FOR:
      return "for " + std::string(n->name) +
             (n->for_arguments ? "" : " in " + ShowWords(n->words)) + "[" + Show(n->second) + "]";
  }
  return "?";
}

std::string Show(const node *n) { return ShowKind(n) + ShowRedirects(n->redirects); }

// The first complete command as text, or what is wrong.
std::string Parse(const std::string &text) {
  arena memory{};
  const char *input = text.c_str(), *message = nullptr;
  node *command = nullptr;
  std::string out;
  switch (parse(&input, &memory, &command, &message)) {
    case PARSE_OK:
      out = Show(command);
      break;
    case PARSE_END:
      out = "END";
      break;
    case PARSE_INCOMPLETE:
      out = "INCOMPLETE";
      break;
    case PARSE_ERROR:
      out = "ERROR";
      EXPECT_NE(message, nullptr);
      break;
  }
  arena_free(&memory);
  return out;
}

TEST(Parser, ReadsSimpleCommands) {
  EXPECT_EQ(Parse("ls -l /bin"), "ls -l /bin");
  EXPECT_EQ(Parse("a=1 b=2 cmd c=3"), "{a=1 b=2}cmd c=3");
  EXPECT_EQ(Parse("echo 'a b' \"c $d\" e\\ f # comment"), "echo 'a b' \"c $d\" e\\ f");
  EXPECT_EQ(Parse("echo $(ls | wc -l) ${x:-a b}"), "echo $(ls | wc -l) ${x:-a b}");
  EXPECT_EQ(Parse("echo a\\\nb"), "echo a\\\nb");
}

TEST(Parser, ReadsOperators) {
  EXPECT_EQ(Parse("a | b | c"), "((a | b) | c)");
  EXPECT_EQ(Parse("a && b || c; d & e"), "((a && b) || c); d &; e");
  EXPECT_EQ(Parse("! a | b"), "! (a | b)");
  EXPECT_EQ(Parse("a &&\n b"), "(a && b)");
}

TEST(Parser, ReadsRedirections) {
  EXPECT_EQ(Parse("a <in >out 2>>err 2>&1"), "a 0<in 1>out 2>>err 2&1");
  EXPECT_EQ(Parse("> file"), " 1>file");
  EXPECT_EQ(Parse("{ a; } > f"), "group[a] 1>f");
  EXPECT_EQ(Parse("echo 12>f"), "echo 12 1>f");
}

TEST(Parser, ReadsCompoundCommands) {
  EXPECT_EQ(Parse("if a; then b; fi"), "if[a][b]");
  EXPECT_EQ(Parse("if a\nthen b\nelif c; then d; else e; fi"), "if[a][b][if[c][d][e]]");
  EXPECT_EQ(Parse("while a; do b; c; done"), "while[a][b; c]");
  EXPECT_EQ(Parse("until a; do b & done"), "until[a][b &]");
  EXPECT_EQ(Parse("for x in 1 2; do echo $x; done"), "for x in 1 2[echo $x]");
  EXPECT_EQ(Parse("for x do a; done"), "for x[a]");
  EXPECT_EQ(Parse("(a; b) | c"), "(sub[a; b] | c)");
}

TEST(Parser, TellsIncompleteInput) {
  for (const char *text :
       {"if a", "if a; then", "while a; do b", "for x in 1", "(a", "{ a;", "a |", "a &&", "echo 'x",
        "echo \"x", "echo $(a", "echo `a", "a >", "echo \\"}) {
    EXPECT_EQ(Parse(text), "INCOMPLETE") << text;
  }
}

TEST(Parser, RefusesWhatIsNoCommand) {
  for (const char *text : {"| a", "a | | b", ")", "a )", "; a", "&& a", "then", "fi", "a > | b",
                           "for 1x in a; do b; done", "if a; fi\n", "( )", "done"}) {
    EXPECT_EQ(Parse(text), "ERROR") << text;
  }
}

TEST(Parser, StopsAtTheEndOfALine) {
  arena memory{};
  const char *input = "\n\n# nothing\na\nb\n", *message;
  node *command;
  EXPECT_EQ(parse(&input, &memory, &command, &message), PARSE_OK);
  EXPECT_STREQ(input, "b\n");
  EXPECT_EQ(parse(&input, &memory, &command, &message), PARSE_OK);
  EXPECT_EQ(parse(&input, &memory, &command, &message), PARSE_END);
  arena_free(&memory);
}

TEST(Parser, BoundsNesting) {
  EXPECT_EQ(Parse(std::string(100000, '(')), "ERROR");
  EXPECT_EQ(Parse(std::string(100000, '\'')), "'" + std::string(99998, '\'') + "'");
}

// Whatever comes in, the parser comes back, and within its memory.
TEST(Parser, SurvivesNoise) {
  static const char *const pieces[] = {"if", "then", "fi", "do", "done", "while", "for", "in",
                                       "(",  ")",    "{",  "}",  "|",    "||",    "&",   "&&",
                                       ";",  "\n",   "'",  "\"", "`",    "$(",    "${",  "\\",
                                       "<",  ">",    "2>", "a",  "b=c",  "#",     "$((", "!"};
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (unsigned i = random() % 20; i > 0; --i) {
      text += pieces[random() % (sizeof pieces / sizeof *pieces)];
      if (random() % 2) text += ' ';
    }
    Parse(text);
  }
}

}  // namespace
