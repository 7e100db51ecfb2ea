#include <errno.h>
#include <string.h>

#include <algorithm>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

extern "C" {
#include "servers/fs/ext2/inode_priv.h"
}

namespace ext2_test {
namespace {

std::string Numbered(int i) { return "name_" + std::to_string(i) + std::string(i % 40, 'x'); }

// Reads a directory in portions of a few entries, with something done between them.
template <typename Between>
std::vector<std::string> ReadInPortions(ext2_inode *dir, int portion, Between between) {
  struct State {
    std::vector<std::string> names;
    uint64_t cookie = 0;
    int left = 0;
  } state;
  auto emit = [](void *ctx, const ext2_dirent *entry) {
    State *s = static_cast<State *>(ctx);
    if (s->left-- == 0) return false;
    s->names.emplace_back(entry->name.text, entry->name.length);
    s->cookie = entry->next;
    return true;
  };
  int more = 1;
  while (more == 1) {
    state.left = portion;
    more = ext2_readdir(dir, state.cookie, emit, &state);
    between();
  }
  EXPECT_EQ(0, more);
  return state.names;
}

class DirTest : public testing::TestWithParam<const char *> {
 protected:
  DirTest() : disk_(MakeImage(GetParam(), 8)), mount_(&disk_) {
    EXPECT_EQ(0, mount_.Mkdir("/d"));
    for (int i = 0; i < kCount; i++) EXPECT_EQ(0, mount_.Create("/d/" + Numbered(i)));
  }

  void TearDown() override {
    EXPECT_EQ(0, mount_.Unmount());
    EXPECT_EQ("", Fsck(disk_.bytes()));
  }

  static constexpr int kCount = 300;
  Disk disk_;
  Mount mount_;
};

INSTANTIATE_TEST_SUITE_P(Mke2fs, DirTest, testing::Values("-b 1024", "-b 4096"));

TEST_P(DirTest, EveryEntryIsSeenOnceWhateverThePortion) {
  std::vector<std::string> whole = mount_.List("/d");
  EXPECT_EQ(kCount + 2u, whole.size());
  ext2_inode *dir = mount_.Get("/d");
  for (int portion : {1, 2, 7, 1000}) EXPECT_EQ(whole, ReadInPortions(dir, portion, [] {}));
  ext2_iput(dir);
}

TEST_P(DirTest, EntriesThatStayAreSeenOnceWhileOthersComeAndGo) {
  ext2_inode *dir = mount_.Get("/d");
  int step = 0;
  std::vector<std::string> seen = ReadInPortions(dir, 3, [&] {
    // Remove odd ones everywhere, add others in their room.
    int odd = (step * 14 + 1) % kCount;
    mount_.Unlink("/d/" + Numbered(odd));
    mount_.Create("/d/new" + std::to_string(step++));
  });
  for (int i = 0; i < kCount; i += 2)
    EXPECT_EQ(1, std::count(seen.begin(), seen.end(), Numbered(i))) << i;
  ext2_iput(dir);
}

TEST_P(DirTest, TypesAreTold) {
  EXPECT_EQ(0, mount_.Mkdir("/t"));
  EXPECT_EQ(0, mount_.Mkdir("/t/dir"));
  EXPECT_EQ(0, mount_.Create("/t/file"));
  EXPECT_EQ(0, mount_.Symlink("x", "/t/link"));
  EXPECT_EQ(0, mount_.Mknod("/t/fifo", EXT2_MODE_FIFO, 0, 0));
  EXPECT_EQ(0, mount_.Mknod("/t/char", EXT2_MODE_CHAR, 1, 2));
  EXPECT_EQ(0, mount_.Mknod("/t/block", EXT2_MODE_BLOCK, 1, 2));
  EXPECT_EQ(0, mount_.Mknod("/t/socket", EXT2_MODE_SOCKET, 0, 0));
  EXPECT_EQ(0, mount_.Rename("/t/file", "/t/dir/moved"));
  EXPECT_EQ(0, mount_.Rename("/t/dir/moved", "/t/file"));
  std::vector<uint32_t> types;
  ext2_inode *dir = mount_.Get("/t");
  auto emit = [](void *ctx, const ext2_dirent *entry) {
    static_cast<std::vector<uint32_t> *>(ctx)->push_back(entry->type);
    return true;
  };
  EXPECT_EQ(0, ext2_readdir(dir, 0, emit, &types));
  std::sort(types.begin(), types.end());
  EXPECT_EQ(std::vector<uint32_t>({EXT2_MODE_FIFO, EXT2_MODE_CHAR, EXT2_MODE_DIR, EXT2_MODE_DIR,
                                   EXT2_MODE_DIR, EXT2_MODE_BLOCK, EXT2_MODE_REGULAR,
                                   EXT2_MODE_SYMLINK, EXT2_MODE_SOCKET}),
            types);
  EXPECT_EQ(0, ext2_readdir(dir, 1 << 30, emit, &types));
  ext2_iput(dir);
}

TEST_P(DirTest, TheRoomOfRemovedNamesIsUsedAgain) {
  struct ext2_stat before, after;
  mount_.Stat("/d", &before);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < kCount; i++) EXPECT_EQ(0, mount_.Unlink("/d/" + Numbered(i)));
    for (int i = 0; i < kCount; i++) EXPECT_EQ(0, mount_.Create("/d/" + Numbered(i)));
  }
  mount_.Stat("/d", &after);
  EXPECT_EQ(before.size, after.size);
}

TEST_P(DirTest, ALargeDirectoryIsRemovedWithAllItsBlocks) {
  uint64_t free = mount_.FreeBlocks();
  struct ext2_stat stat;
  mount_.Stat("/d", &stat);
  for (int i = 0; i < kCount; i++) EXPECT_EQ(0, mount_.Unlink("/d/" + Numbered(i)));
  EXPECT_EQ(0, mount_.Rmdir("/d"));
  EXPECT_EQ(free + stat.blocks * 512 / mount_.block_size(), mount_.FreeBlocks());
}

TEST_P(DirTest, AnIndexedDirectoryIsReadAndBecomesPlainWhenChanged) {
  EXPECT_EQ(0, mount_.Unmount());
  std::vector<uint8_t> indexed = disk_.bytes();
  std::string output;
  // Rebuilds directories with a hash tree.
  RunOnImage("/sbin/e2fsck -fyD %", &indexed, &output);
  ASSERT_EQ("", Fsck(indexed));
  for (int change = 0; change < 4; change++) {
    Disk disk(indexed);
    Mount mount(&disk);
    ext2_inode *dir = mount.Get("/d");
    if (mount.block_size() == 1024) {
      EXPECT_TRUE(dir->disk.flags & EXT2_FLAG_INDEX);
    }
    EXPECT_EQ(kCount + 2u, mount.List("/d").size());
    if (change == 0) {
      EXPECT_EQ(0, mount.Create("/d/" + std::string(200, 'n')));
    } else if (change == 1) {
      EXPECT_EQ(0, mount.Unlink("/d/" + Numbered(17)));
    } else if (change == 2) {
      EXPECT_EQ(0, mount.Rename("/d/" + Numbered(5), "/d/" + Numbered(6)));
    } else {
      EXPECT_EQ(0, mount.Mkdir("/e"));
      EXPECT_EQ(0, mount.Rename("/d", "/e/d"));
    }
    EXPECT_FALSE(dir->disk.flags & EXT2_FLAG_INDEX);
    ext2_iput(dir);
    EXPECT_EQ(0, mount.Unmount());
    EXPECT_EQ("", Fsck(disk.bytes()));
  }
}

}  // namespace
}  // namespace ext2_test
