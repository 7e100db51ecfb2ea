#include <gtest/gtest.h>

#include <string>
#include <vector>

extern "C" {
#include "lib/options/option_word.h"
}

namespace {

struct Read {
  bool ok;
  option_word word;
  std::string why;
};

Read ReadWord(const std::string &text, size_t size = OPTION_WORD_BYTES) {
  std::vector<char> why(size, 0);  // exactly as large: an overrun is seen
  Read read = {};
  read.ok = option_word_read(text.c_str(), &read.word, why.data(), size);
  read.why = why.data();
  return read;
}

std::string Written(pager_option option, uint32_t value, size_t size = OPTION_WORD_BYTES) {
  std::vector<char> text(size);
  option_word_write(option, value, text.data(), size);
  return text.data();
}

TEST(OptionWord, EveryOptionTakesItsRangeAndIsWrittenAsItIsRead) {
#define CHECK_ROW(number, name, least, greatest, initial)                                    \
  for (uint64_t value : {uint64_t{least}, uint64_t{greatest}, uint64_t{initial}}) {          \
    Read read = ReadWord(name "=" + std::to_string(value));                                  \
    EXPECT_TRUE(read.ok) << name << ": " << read.why;                                        \
    EXPECT_TRUE(read.word.has_value);                                                        \
    EXPECT_EQ(read.word.option, number);                                                     \
    EXPECT_EQ(read.word.value, value);                                                       \
    EXPECT_EQ(ReadWord(Written(number, read.word.value)).word.value, value);                 \
  }                                                                                          \
  EXPECT_FALSE(ReadWord(name "=" + std::to_string(uint64_t{greatest} + 1)).ok) << name;      \
  EXPECT_EQ(ReadWord(name "=" + std::to_string(static_cast<int64_t>(least) - 1)).ok, false); \
  EXPECT_TRUE(ReadWord(name).ok && !ReadWord(name).word.has_value) << name;
  PAGER_OPTIONS(CHECK_ROW)
#undef CHECK_ROW
}

TEST(OptionWord, PoliciesHaveNames) {
#define CHECK_POLICY(number, name)                        \
  EXPECT_EQ(ReadWord("policy=" name).word.value, number); \
  EXPECT_EQ(Written(PAGER_POLICY, number), "policy=" name);
  PAGER_POLICIES(CHECK_POLICY)
#undef CHECK_POLICY
  EXPECT_FALSE(ReadWord("batch_max=fifo").ok);
}

TEST(OptionWord, WrongNamesAreTold) {
  EXPECT_EQ(ReadWord("batch=1").why, "there is no option 'batch'");
  EXPECT_EQ(ReadWord("batch_maxx").why, "there is no option 'batch_maxx'");
  EXPECT_EQ(ReadWord("=1").why, "there is no option ''");
  EXPECT_EQ(ReadWord("").why, "there is no option ''");
}

TEST(OptionWord, WrongValuesAreTold) {
  EXPECT_EQ(ReadWord("batch_max=17").why, "batch_max takes 1 to 16, not '17'");
  EXPECT_EQ(ReadWord("policy=best").why,
            "policy takes fifo, clock, ageing, 2q, random, 0 to 4, not 'best'");
  for (const char *wrong :
       {"", "x", "7x", "-1", "+1", " 7", "0x7", "0", "4294967297", "99999999999999999999999"}) {
    EXPECT_FALSE(ReadWord(std::string("batch_max=") + wrong).ok) << wrong;
  }
}

TEST(OptionWord, TextsAreCutOff) {
  std::string longest(10000, 'x');
  EXPECT_EQ(ReadWord(longest, 8).why, "there i");
  EXPECT_EQ(ReadWord("policy=" + longest, 8).why, "policy ");
  EXPECT_EQ(Written(PAGER_POLICY, PAGER_POLICY_FIFO, 8), "policy=");
}

}  // namespace
