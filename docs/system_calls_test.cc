// Every system call of abi/syscall.h has its section in system_calls.md, under its number.

#include <gtest/gtest.h>
#include <stdio.h>

#include <fstream>
#include <map>
#include <string>

namespace {

// The lines of a file that a scanf format with a name and a number fits.
std::map<std::string, int> Matches(const std::string &path, const char *format) {
  std::map<std::string, int> found;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    char name[64];
    int number;
    if (sscanf(line.c_str(), format, name, &number) != 2) continue;
    EXPECT_TRUE(found.emplace(name, number).second) << name << " comes twice";
  }
  return found;
}

TEST(SystemCalls, EachHasItsSection) {
  auto calls = Matches("abi/syscall.h", " SYS_%63[A-Z_] = %d");
  calls.erase("COUNT");
  EXPECT_GT(calls.size(), 25u);
  EXPECT_EQ(Matches("docs/system_calls.md", "### `SYS_%63[A-Z_]` (%d)"), calls);
}

}  // namespace
