// Walks life_of_a_page_fault.md: every function that a step names, with its file, is there.
// Usage: life_test, in the runfiles of this workspace.

#include <gtest/gtest.h>
#include <regex.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr char kDocument[] = "docs/life_of_a_page_fault.md";

std::string Read(const std::string &path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// All matches of a POSIX extended expression with two groups.
std::vector<std::pair<std::string, std::string>> Matches(const std::string &text,
                                                         const std::string &pattern) {
  std::vector<std::pair<std::string, std::string>> found;
  regex_t regex;
  EXPECT_EQ(regcomp(&regex, pattern.c_str(), REG_EXTENDED | REG_NEWLINE), 0) << pattern;
  regmatch_t match[3];
  for (const char *at = text.c_str(); !regexec(&regex, at, 3, match, 0); at += match[0].rm_eo) {
    auto group = [&](int i) {
      return std::string(at + match[i].rm_so, static_cast<size_t>(match[i].rm_eo - match[i].rm_so));
    };
    found.emplace_back(group(1), group(2));
  }
  regfree(&regex);
  return found;
}

// A definition or declaration in C, or a label in assembly.
bool Defines(const std::string &source, const std::string &name) {
  return !Matches(source, "^([A-Za-z_].*[ *])(" + name + ")\\(").empty() ||
         !Matches(source, "^(" + name + ")(:)").empty();
}

TEST(LifeOfAPageFault, EveryFunctionNamedInAStepIsThere) {
  auto steps = Matches(Read(kDocument), "`([a-z_0-9]+)`[[:space:]]+\\(([a-z0-9_/]+\\.[chS])\\)");
  // If the way of writing steps changes, this test must not pass for want of matches.
  EXPECT_GE(steps.size(), 30u);
  for (const auto &[name, file] : steps) {
    std::string source = Read(file);
    EXPECT_FALSE(source.empty()) << "a step names " << file << ", which is not there";
    EXPECT_TRUE(Defines(source, name)) << file << " has no " << name;
  }
}

TEST(LifeOfAPageFault, StepsAreNumberedWithoutAGap) {
  auto steps = Matches(Read(kDocument), "^([0-9]+)\\.( )");
  EXPECT_GT(steps.size(), 10u);
  for (size_t i = 0; i < steps.size(); i++) EXPECT_EQ(std::stoul(steps[i].first), i + 1);
}

}  // namespace
