#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

extern "C" {
#include "lib/cmdline/cmdline.h"
}

namespace {

std::optional<std::string> Value(const std::string &line, const std::string &key,
                                 size_t size = 64) {
  std::vector<char> value(size, 'x');  // exactly as large: an overrun is seen
  if (!cmdline_value(line.c_str(), key.c_str(), value.data(), size)) return std::nullopt;
  return value.data();
}

TEST(Cmdline, FindsWholeKeysOnly) {
  EXPECT_EQ(Value("cmd=ls", "cmd"), "ls");
  EXPECT_EQ(Value("  quiet xcmd=no cmds=no cmd=yes cmd=late", "cmd"), "yes");
  EXPECT_EQ(Value("a=b=c", "a"), "b=c");
  EXPECT_EQ(Value("a= b", "a"), "");
  EXPECT_EQ(Value("a=1 b=2 ", "b"), "2");
  EXPECT_EQ(Value("", "cmd"), std::nullopt);
  EXPECT_EQ(Value("cmd", "cmd"), std::nullopt);
  EXPECT_EQ(Value("cm=d", "cmd"), std::nullopt);
}

TEST(Cmdline, DecodesPercent) {
  EXPECT_EQ(Value("cmd=echo%20a%3Bexit%203%3b%25", "cmd"), "echo a;exit 3;%");
  EXPECT_EQ(Value("cmd=%ff", "cmd"), "\xff");
  for (const char *bad : {"cmd=%", "cmd=%4", "cmd=%4g", "cmd=%g4", "cmd=%00", "cmd=% 4"}) {
    EXPECT_EQ(Value(bad, "cmd"), std::nullopt) << bad;
  }
}

TEST(Cmdline, RefusesWhatDoesNotFit) {
  EXPECT_EQ(Value("a=123", "a", 4), "123");
  EXPECT_EQ(Value("a=123", "a", 3), std::nullopt);
  EXPECT_EQ(Value("a=", "a", 1), "");
  EXPECT_EQ(Value("a=", "a", 0), std::nullopt);
}

}  // namespace
