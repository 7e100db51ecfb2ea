#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

extern "C" {
#define restrict
#include "lib/memory/memory.h"
}

namespace {

std::vector<uint8_t> Random(std::mt19937 *random, size_t bytes) {
  std::vector<uint8_t> data(bytes);
  for (uint8_t &byte : data) byte = static_cast<uint8_t>((*random)());
  return data;
}

// Every pair of alignments and every small length, then some larger ones.
template <typename Check>
void ForAllRanges(Check check) {
  for (size_t to = 0; to < 8; to++) {
    for (size_t from = 0; from < 8; from++) {
      for (size_t bytes = 0; bytes < 40; bytes++) check(to, from, bytes);
      for (size_t bytes : {63, 64, 65, 127, 128, 200, 1000}) check(to, from, bytes);
    }
  }
}

TEST(Memory, CopyIsMemcpy) {
  std::mt19937 random(1);
  ForAllRanges([&](size_t to, size_t from, size_t bytes) {
    const std::vector<uint8_t> source = Random(&random, from + bytes);
    std::vector<uint8_t> target = Random(&random, to + bytes + 8);
    std::vector<uint8_t> expected = target;
    if (bytes > 0) std::memcpy(expected.data() + to, source.data() + from, bytes);
    ASSERT_EQ(memory_copy(target.data() + to, source.data() + from, bytes), target.data() + to);
    ASSERT_EQ(target, expected) << to << " " << from << " " << bytes;
  });
}

TEST(Memory, MoveIsMemmove) {
  std::mt19937 random(1);
  ForAllRanges([&](size_t to, size_t from, size_t bytes) {
    for (size_t apart : {0, 1, 7, 8, 9, 24, 64, 500}) {
      for (bool up : {false, true}) {
        std::vector<uint8_t> data = Random(&random, 2600);
        std::vector<uint8_t> expected = data;
        const size_t target = to + (up ? 600 : 600 + apart);
        const size_t source = from + (up ? 600 + apart : 600);
        std::memmove(expected.data() + target, expected.data() + source, bytes);
        memory_move(data.data() + target, data.data() + source, bytes);
        ASSERT_EQ(data, expected) << to << " " << from << " " << bytes << " " << apart << up;
      }
    }
  });
}

TEST(Memory, SetIsMemset) {
  std::mt19937 random(1);
  ForAllRanges([&](size_t to, size_t, size_t bytes) {
    std::vector<uint8_t> data = Random(&random, to + bytes + 8);
    std::vector<uint8_t> expected = data;
    std::memset(expected.data() + to, 0xa5, bytes);
    ASSERT_EQ(memory_set(data.data() + to, 0x1a5, bytes), data.data() + to);
    ASSERT_EQ(data, expected) << to << " " << bytes;
  });
}

TEST(Memory, CompareIsMemcmp) {
  std::mt19937 random(1);
  ForAllRanges([&](size_t to, size_t from, size_t bytes) {
    const std::vector<uint8_t> content = Random(&random, bytes);
    std::vector<uint8_t> a(to), b(from);
    a.insert(a.end(), content.begin(), content.end());
    b.insert(b.end(), content.begin(), content.end());
    ASSERT_EQ(memory_compare(a.data() + to, b.data() + from, bytes), 0);
    if (bytes == 0) return;
    const size_t at = random() % bytes;
    a[to + at] ^= static_cast<uint8_t>(1 + random() % 255);
    const int less = a[to + at] < b[from + at] ? -1 : 1;
    ASSERT_GT(less * memory_compare(a.data() + to, b.data() + from, bytes), 0);
  });
}

}  // namespace
