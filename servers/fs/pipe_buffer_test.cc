extern "C" {
#include "servers/fs/pipe_buffer.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <vector>

namespace {

TEST(PipeBuffer, TakesAllOrNothing) {
  auto buffer = std::make_unique<pipe_buffer>();
  std::vector<uint8_t> bytes(PIPE_BUFFER_BYTES, 7);
  EXPECT_TRUE(pipe_buffer_put(buffer.get(), bytes.data(), 1));
  EXPECT_FALSE(pipe_buffer_put(buffer.get(), bytes.data(), PIPE_BUFFER_BYTES));
  EXPECT_EQ(buffer->used, 1u);
  EXPECT_TRUE(pipe_buffer_put(buffer.get(), bytes.data(), PIPE_BUFFER_BYTES - 1));
  EXPECT_FALSE(pipe_buffer_put(buffer.get(), bytes.data(), 1));
}

TEST(PipeBuffer, GivesNoMoreThanThereIs) {
  auto buffer = std::make_unique<pipe_buffer>();
  uint8_t byte = 3;
  uint8_t out[8] = {};
  EXPECT_EQ(pipe_buffer_get(buffer.get(), out, 8), 0u);
  pipe_buffer_put(buffer.get(), &byte, 1);
  EXPECT_EQ(pipe_buffer_get(buffer.get(), out, 8), 1u);
  EXPECT_EQ(out[0], 3);
}

TEST(PipeBuffer, EqualsAQueueOfBytes) {
  std::mt19937 random(1);
  auto buffer = std::make_unique<pipe_buffer>();
  std::deque<uint8_t> model;
  for (int step = 0; step < 20000; step++) {
    std::vector<uint8_t> bytes(random() % PIPE_BUFFER_BYTES + 1);
    if (random() % 2 == 0) {
      for (uint8_t &byte : bytes) byte = static_cast<uint8_t>(random());
      bool fits = model.size() + bytes.size() <= PIPE_BUFFER_BYTES;
      ASSERT_EQ(pipe_buffer_put(buffer.get(), bytes.data(), bytes.size()), fits);
      if (fits) model.insert(model.end(), bytes.begin(), bytes.end());
    } else {
      uint32_t got = pipe_buffer_get(buffer.get(), bytes.data(), bytes.size());
      ASSERT_EQ(got, std::min(model.size(), bytes.size()));
      for (uint32_t i = 0; i < got; i++) {
        ASSERT_EQ(bytes[i], model.front());
        model.pop_front();
      }
    }
  }
}

}  // namespace
