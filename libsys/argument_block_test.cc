#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "libsys/argument_block.h"
}

namespace {

constexpr uint64_t kAddress = 0x3fffff0000;

std::vector<char *> List(std::vector<std::string> &strings) {
  std::vector<char *> list;
  for (std::string &string : strings) list.push_back(string.data());
  list.push_back(nullptr);
  return list;
}

TEST(ArgumentBlock, HoldsPointersAndStrings) {
  std::vector<std::string> arguments = {"ls", "-l", ""}, environment = {"PATH=/bin"};
  auto argv = List(arguments), envp = List(environment);
  argument_block_size size;
  ASSERT_EQ(argument_block_measure(argv.data(), envp.data(), 4096, &size), 0);
  EXPECT_EQ(size.arguments, 3u);
  EXPECT_EQ(size.environment, 1u);
  EXPECT_EQ(size.bytes % 16, 0u);
  std::vector<uint64_t> block(size.bytes / 8);
  argument_block_write(block.data(), kAddress, argv.data(), envp.data(), &size);
  auto text = [&](uint64_t address) {
    EXPECT_LT(address - kAddress, size.bytes);
    return std::string(reinterpret_cast<char *>(block.data()) + (address - kAddress));
  };
  EXPECT_EQ(block[0], 3u);
  EXPECT_EQ(text(block[1]), "ls");
  EXPECT_EQ(text(block[2]), "-l");
  EXPECT_EQ(text(block[3]), "");
  EXPECT_EQ(block[4], 0u);
  EXPECT_EQ(text(block[5]), "PATH=/bin");
  EXPECT_EQ(block[6], 0u);
}

TEST(ArgumentBlock, MayBeEmpty) {
  argument_block_size size;
  ASSERT_EQ(argument_block_measure(nullptr, nullptr, 4096, &size), 0);
  std::vector<uint64_t> block(size.bytes / 8, 1);
  argument_block_write(block.data(), kAddress, nullptr, nullptr, &size);
  EXPECT_EQ(block[0], 0u);
  EXPECT_EQ(block[1], 0u);
  EXPECT_EQ(block[2], 0u);
}

TEST(ArgumentBlock, HasALimit) {
  std::vector<std::string> arguments = {std::string(5000, 'x')};
  auto argv = List(arguments);
  argument_block_size size;
  EXPECT_EQ(argument_block_measure(argv.data(), nullptr, 4096, &size), -E2BIG);
  EXPECT_EQ(argument_block_measure(nullptr, argv.data(), 4096, &size), -E2BIG);
  EXPECT_EQ(argument_block_measure(nullptr, nullptr, 8, &size), -E2BIG);
  EXPECT_EQ(argument_block_measure(argv.data(), nullptr, 5100, &size), 0);
}

// Never writes beyond what it measured, whatever the lengths.
TEST(ArgumentBlock, FitsExactly) {
  for (size_t count = 0; count < 40; ++count) {
    std::vector<std::string> arguments;
    for (size_t i = 0; i < count; ++i) arguments.push_back(std::string(i * 7 % 13, 'a'));
    auto argv = List(arguments);
    argument_block_size size;
    ASSERT_EQ(argument_block_measure(argv.data(), argv.data(), 1 << 16, &size), 0);
    std::vector<uint64_t> block(size.bytes / 8);
    argument_block_write(block.data(), kAddress, argv.data(), argv.data(), &size);
    EXPECT_EQ(block[0], count);
  }
}

}  // namespace
