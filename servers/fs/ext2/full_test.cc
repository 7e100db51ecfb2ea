// A full disk: every operation that needs room says so and changes nothing, and what needs none
// works.
#include <errno.h>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

namespace ext2_test {
namespace {

class FullTest : public testing::TestWithParam<const char *> {};

INSTANTIATE_TEST_SUITE_P(Mke2fs, FullTest,
                         testing::Values("-b 1024 -m 0", "-b 4096 -m 0", "-b 1024 -m 0 -g 512"));

TEST_P(FullTest, WithoutBlocks) {
  Disk disk(MakeImage(GetParam(), 8));
  Mount mount(&disk);
  // Fills the disk with content, the directory so that its next name needs a block.
  EXPECT_EQ(0, mount.Mkdir("/d"));
  EXPECT_EQ(0, mount.Create("/fill"));
  ext2_inode *fill = mount.Get("/fill");
  uint64_t at = 0;
  for (uint64_t count = 512; count > 0;) {
    if (mount.WriteBlocks(fill, at, count, 1 << 20) == 0) {
      at += count;
    } else {
      count /= 2;
    }
  }
  ext2_iput(fill);
  int error = 0, names = 0;
  while (error == 0 && names < 1000)
    error = mount.Create("/d/" + std::string(200, 'x') + std::to_string(names++));
  EXPECT_EQ(-ENOSPC, error);
  uint64_t blocks = mount.FreeBlocks();
  uint32_t inodes = mount.FreeInodes();
  EXPECT_LE(blocks, 1u);
  std::string name(220, 'y');
  EXPECT_EQ(-ENOSPC, mount.Create("/d/" + name));
  EXPECT_EQ(-ENOSPC, mount.Mkdir("/d/" + name));
  EXPECT_EQ(-ENOSPC, mount.Symlink("x", "/d/" + name));
  EXPECT_EQ(-ENOSPC, mount.Symlink(std::string(1000, 'x'), "/d/" + name));
  EXPECT_EQ(-ENOSPC, mount.Mknod("/d/" + name, EXT2_MODE_FIFO, 0, 0));
  EXPECT_EQ(-ENOSPC, mount.Link("/fill", "/d/" + name));
  EXPECT_EQ(-ENOSPC, mount.Rename("/fill", "/d/" + name));
  EXPECT_EQ(-ENOSPC, mount.WriteBlocks("/fill", at, 2, 1));
  EXPECT_EQ(blocks, mount.FreeBlocks());
  EXPECT_EQ(inodes, mount.FreeInodes());
  EXPECT_EQ(1u << 20, mount.ReadBlock("/fill", at - 1));
  // What needs no block works.
  EXPECT_EQ(0,
            mount.Rename("/d/" + std::string(200, 'x') + "0", "/d/" + std::string(200, 'x') + "1"));
  EXPECT_EQ(0, mount.Truncate("/fill", (at / 2) * mount.block_size()));
  EXPECT_EQ(0, mount.Create("/d/" + name));
  EXPECT_EQ(0, mount.Unlink("/fill"));
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ(0u, mount.damages) << mount.last_damage;
  EXPECT_EQ("", Fsck(disk.bytes()));
}

TEST_P(FullTest, WithoutInodes) {
  Disk disk(MakeImage(std::string(GetParam()) + " -N 64", 8));
  Mount mount(&disk);
  int error = 0;
  uint32_t made = 0;
  while (error == 0 && made < 10000) error = mount.Create("/f" + std::to_string(made++));
  EXPECT_EQ(-ENOSPC, error);
  EXPECT_EQ(0u, mount.FreeInodes());
  uint64_t blocks = mount.FreeBlocks();
  EXPECT_EQ(-ENOSPC, mount.Mkdir("/d"));
  EXPECT_EQ(-ENOSPC, mount.Symlink(std::string(100, 'x'), "/s"));
  EXPECT_EQ(blocks, mount.FreeBlocks());
  EXPECT_EQ(0, mount.Link("/f0", "/l"));
  EXPECT_EQ(0, mount.Unlink("/f1"));
  EXPECT_EQ(0, mount.Mkdir("/d"));
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ("", Fsck(disk.bytes()));
}

TEST_P(FullTest, FilledAndEmptiedItIsAsBefore) {
  Disk disk(MakeImage(GetParam(), 8));
  Mount mount(&disk);
  EXPECT_EQ(0, mount.Mkdir("/d"));
  uint64_t blocks = mount.FreeBlocks();
  uint32_t inodes = mount.FreeInodes();
  for (int round = 0; round < 3; round++) {
    int files = 0;
    while (true) {
      std::string path = "/d/" + std::to_string(files);
      if (mount.Create(path) != 0) break;
      files++;
      if (mount.WriteBlocks(path, 0, 100 + files, 1 << 20) != 0) break;
    }
    EXPECT_GT(files, 10);
    for (int i = 0; i < files; i++) EXPECT_EQ(0, mount.Unlink("/d/" + std::to_string(i)));
  }
  EXPECT_EQ(inodes, mount.FreeInodes());
  EXPECT_EQ(blocks, mount.FreeBlocks());
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ("", Fsck(disk.bytes()));
}

}  // namespace
}  // namespace ext2_test
