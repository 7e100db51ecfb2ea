extern "C" {
#include "servers/fs/page_plan.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace {

constexpr uint64_t kFiller = 0x9000000;

struct Plan {
  std::vector<uint32_t> frames;
  page_plan plan = {};

  explicit Plan(std::vector<uint32_t> f, uint32_t valid) : frames(f) {
    plan.frame = frames.data();
    plan.valid = valid;
    plan.filler = kFiller;
  }

  std::vector<disk_transfer> Transfers(unsigned segments_max) {
    std::vector<disk_transfer> all;
    page_plan_cursor cursor = {};
    disk_transfer transfer = {};
    while (page_plan_next(&plan, &cursor, segments_max, &transfer)) all.push_back(transfer);
    return all;
  }
};

uint32_t Bytes(const disk_transfer &transfer) {
  uint32_t bytes = 0;
  for (unsigned i = 0; i < transfer.count; i++) bytes += transfer.segment[i].bytes;
  return bytes;
}

TEST(PagePlan, JoinsBlocksThatFollowEachOther) {
  Plan p({5, 9}, 8192);
  for (uint32_t i = 0; i < 8; i++) page_plan_add(&p.plan, 100 + i * 2, i * 1024, 1024);
  EXPECT_EQ(p.plan.count, 1u);
  auto transfers = p.Transfers(18);
  ASSERT_EQ(transfers.size(), 1u);
  EXPECT_EQ(transfers[0].sector, 100u);
  ASSERT_EQ(transfers[0].count, 2u);
  EXPECT_EQ(transfers[0].segment[0].physical, 5u * 4096);
  EXPECT_EQ(transfers[0].segment[1].physical, 9u * 4096);
}

TEST(PagePlan, KeepsWhatLiesApartApart) {
  Plan p({5}, 4096);
  page_plan_add(&p.plan, 100, 0, 1024);
  page_plan_add(&p.plan, 102, 2048, 1024);  // a hole between
  page_plan_add(&p.plan, 200, 3072, 1024);  // elsewhere on the disk
  EXPECT_EQ(p.Transfers(18).size(), 3u);
}

TEST(PagePlan, PutsTheFillerBehindTheEndOfTheFile) {
  Plan p({5}, 700);
  page_plan_add(&p.plan, 100, 0, 1024);
  auto transfers = p.Transfers(18);
  ASSERT_EQ(transfers.size(), 1u);
  ASSERT_EQ(transfers[0].count, 2u);
  EXPECT_EQ(transfers[0].segment[0].bytes, 700u);
  EXPECT_EQ(transfers[0].segment[1].physical, kFiller + 700);
  EXPECT_EQ(transfers[0].segment[1].bytes, 324u);
}

TEST(PagePlan, HasNothingToDoWithoutRuns) {
  Plan p({5}, 4096);
  EXPECT_TRUE(p.Transfers(18).empty());
}

// Random layouts: each byte of the file comes from where the layout says, in whole sectors and
// within the limit of segments.
TEST(PagePlan, MovesEachByteOnce) {
  for (unsigned seed = 1; seed <= 500; seed++) {
    std::mt19937 random(seed);
    uint32_t pages = 1 + random() % OBJECT_REQUEST_PAGES;
    uint32_t valid = 1 + random() % (pages * 4096);
    std::vector<uint32_t> frames;
    for (uint32_t i = 0; i < pages; i++) frames.push_back(1000 + i * 2 + random() % 2);
    Plan p(frames, valid);
    uint32_t unit = 1024u << random() % 3;
    std::map<uint32_t, uint64_t> sector_of;  // by offset
    uint64_t sector = 64;
    for (uint32_t offset = 0; offset < valid; offset += unit) {
      if (random() % 4 == 0) sector += 8 * (1 + random() % 5);
      if (random() % 5 == 0) continue;
      uint32_t bytes = std::min(unit, (valid - offset + 511) / 512 * 512);
      page_plan_add(&p.plan, sector, offset, bytes);
      for (uint32_t i = 0; i < bytes; i += 512) sector_of[offset + i] = sector + i / 512;
      sector += unit / 512;
    }
    unsigned limit = 2 + random() % (DISK_SEGMENTS_MAX - 1);
    std::map<uint64_t, uint64_t> memory_of;  // byte on the disk -> physical address
    for (const disk_transfer &transfer : p.Transfers(limit)) {
      ASSERT_LE(transfer.count, limit);
      ASSERT_EQ(Bytes(transfer) % 512, 0u);
      uint64_t at = transfer.sector * 512;
      for (unsigned i = 0; i < transfer.count; i++) {
        for (uint32_t b = 0; b < transfer.segment[i].bytes; b++) {
          ASSERT_TRUE(memory_of.emplace(at++, transfer.segment[i].physical + b).second);
        }
      }
    }
    ASSERT_EQ(memory_of.size(), sector_of.size() * 512);
    for (auto [offset, where] : sector_of) {
      for (uint32_t b = 0; b < 512; b++) {
        uint32_t byte = offset + b;
        uint64_t want = uint64_t{frames[byte >> 12]} * 4096 + (byte & 4095);
        if (byte >= valid) want = kFiller + (byte & 4095);
        ASSERT_EQ(memory_of[where * 512 + b], want) << "seed " << seed;
      }
    }
  }
}

}  // namespace
