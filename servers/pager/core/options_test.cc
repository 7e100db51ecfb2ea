// Options: their table, as calls and as words of the command line.
#include "servers/pager/core/fake_machine.h"

namespace {

class OptionsTest : public testing::Test {
 protected:
  int64_t Ask(uint64_t option) { return pager_option(machine_.pager, option, PAGER_OPTION_ASK); }
  int64_t Set(uint64_t option, uint64_t value) {
    return pager_option(machine_.pager, option, value);
  }
  bool Word(const char *name, const char *value) {
    return pager_option_word(machine_.pager, name, value);
  }

  FakeMachine machine_;
};

TEST_F(OptionsTest, HaveTheirDefaultsAndRanges) {
#define CHECK_ROW(number, name, least, greatest, initial)                               \
  EXPECT_EQ(Ask(number), (int64_t)(initial)) << name;                                   \
  EXPECT_EQ(Set(number, (uint64_t)(greatest) + 1), -EINVAL) << name;                    \
  EXPECT_EQ((least) > 0 ? Set(number, (uint64_t)(least)-1) : -EINVAL, -EINVAL) << name; \
  EXPECT_EQ(Ask(number), (int64_t)(initial)) << name;                                   \
  EXPECT_EQ(Set(number, greatest), (int64_t)(initial)) << name;                         \
  EXPECT_EQ(Ask(number), (int64_t)(greatest)) << name;                                  \
  EXPECT_EQ(Set(number, least), (int64_t)(greatest)) << name;                           \
  EXPECT_EQ(Ask(number), (int64_t)(least)) << name;
  PAGER_OPTIONS(CHECK_ROW)
#undef CHECK_ROW
}

TEST_F(OptionsTest, UnknownOnesAreRefused) {
  EXPECT_EQ(Ask(PAGER_OPTION_COUNT), -EINVAL);
  EXPECT_EQ(Ask(UINT64_MAX), -EINVAL);
  EXPECT_EQ(Set(PAGER_OPTION_COUNT, 1), -EINVAL);
}

TEST_F(OptionsTest, FaultAroundIsAPowerOfTwo) {
  EXPECT_EQ(Set(PAGER_FAULT_AROUND, 15), 16);
  EXPECT_EQ(Ask(PAGER_FAULT_AROUND), 8);
}

TEST_F(OptionsTest, GhostsComeAndGoWithThePolicy) {
  uint32_t free = machine_.pager->free.count;
  EXPECT_GE(Set(PAGER_POLICY, PAGER_POLICY_2Q), 0);
  EXPECT_GE(machine_.pager->replacement.ghost_pages * GHOSTS_PER_PAGE, free);
  EXPECT_EQ(machine_.pager->free.count, free - machine_.pager->replacement.ghost_pages);
  EXPECT_GE(Set(PAGER_POLICY, PAGER_POLICY_RANDOM), 0);
  EXPECT_EQ(machine_.pager->free.count, free);
  machine_.kernel.Check();
}

TEST_F(OptionsTest, DropCachesDropsWhatIsClean) {
  struct space *space = machine_.Start(8);
  uint32_t file = machine_.MakeFile(1, 4);
  uint64_t va = machine_.MapFile(space, file, 4, PROT_R | PROT_W, PAGER_SHARED);
  for (uint32_t i = 0; i < 4; i++) machine_.Read(space, va + i * PAGE_SIZE);
  machine_.Write(space, va + PAGE_SIZE, 77);
  EXPECT_EQ(machine_.pager->frames_cache, 4u);
  EXPECT_EQ(Set(PAGER_DROP_CACHES, 1), 0);
  EXPECT_EQ(machine_.pager->frames_cache, 1u) << "the one that is dirty";
  EXPECT_EQ(machine_.Read(space, va + PAGE_SIZE), 77);
  machine_.kernel.Check();
}

TEST_F(OptionsTest, WordsSetThem) {
  EXPECT_TRUE(Word("batch_max", "7"));
  EXPECT_EQ(Ask(PAGER_BATCH_MAX), 7);
  EXPECT_TRUE(Word("policy", "2q"));
  EXPECT_EQ(Ask(PAGER_POLICY), PAGER_POLICY_2Q);
  EXPECT_TRUE(Word("policy", "0"));
  EXPECT_EQ(Ask(PAGER_POLICY), PAGER_POLICY_FIFO);
  for (const char *wrong : {"", "x", "7x", "-1", "17", "0", "99999999999999999999999", " 7"}) {
    EXPECT_FALSE(Word("batch_max", wrong)) << wrong;
  }
  EXPECT_FALSE(Word("policy", "best"));
  EXPECT_FALSE(Word("batch", "7"));
  EXPECT_FALSE(Word("", "7"));
  EXPECT_EQ(Ask(PAGER_BATCH_MAX), 7);
}

}  // namespace
