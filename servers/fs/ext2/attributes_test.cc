// Extended attributes that are in a block of their own, which files may share.
#include <errno.h>
#include <string.h>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

extern "C" {
#include "servers/fs/ext2/format.h"
}

namespace ext2_test {
namespace {

constexpr uint32_t kBlock = 1024;
constexpr uint64_t kTag = 1 << 20;

class AttributesTest : public testing::Test {
 protected:
  // A file of an image with inodes of 128 bytes, with extended attributes in a block of their own.
  AttributesTest() : disk_(MakeImage("-b 1024 -I 128", 4)) {
    Mount mount(&disk_);
    EXPECT_EQ(0, mount.Create("/f"));
    EXPECT_EQ(0, mount.Create("/g"));
    EXPECT_EQ(0, mount.Unmount());
    std::string output;
    RunOnImage("/sbin/debugfs -w -R 'ea_set /f user.x value' %", &disk_.bytes(), &output);
    EXPECT_EQ("", Fsck(disk_.bytes()));
    ext2_disk_group group;
    memcpy(&group, disk_.block(2, kBlock), sizeof(group));
    table_ = disk_.block(group.inode_table, kBlock);
  }

  ext2_disk_inode *Inode(uint32_t ino) {
    return reinterpret_cast<ext2_disk_inode *>(table_ + (ino - 1) * 128);
  }

  Disk disk_;
  uint8_t *table_;
};

TEST_F(AttributesTest, TheirBlockGoesWithTheFile) {
  ASSERT_NE(0u, Inode(12)->attribute_block);
  Mount mount(&disk_);
  uint64_t free = mount.FreeBlocks();
  EXPECT_EQ(0, mount.WriteBlocks("/f", 0, 3, kTag));
  EXPECT_EQ(0, mount.Unlink("/f"));
  EXPECT_EQ(free + 1, mount.FreeBlocks());
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ("", Fsck(disk_.bytes()));
}

TEST_F(AttributesTest, ASharedBlockGoesWithTheLastFile) {
  uint32_t block = Inode(12)->attribute_block;
  Inode(13)->attribute_block = block;
  Inode(13)->sectors = 2;
  reinterpret_cast<ext2_disk_attributes *>(disk_.block(block, kBlock))->references = 2;
  ASSERT_EQ("", Fsck(disk_.bytes()));
  Mount mount(&disk_);
  uint64_t free = mount.FreeBlocks();
  EXPECT_EQ(0, mount.Unlink("/f"));
  EXPECT_EQ(free, mount.FreeBlocks());
  EXPECT_EQ(0, ext2_sync(mount.fs()));
  EXPECT_EQ(1u, reinterpret_cast<ext2_disk_attributes *>(disk_.block(block, kBlock))->references);
  EXPECT_EQ(0, mount.Unlink("/g"));
  EXPECT_EQ(free + 1, mount.FreeBlocks());
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ("", Fsck(disk_.bytes()));
}

TEST_F(AttributesTest, ADamagedBlockIsNotFreed) {
  uint32_t block = Inode(12)->attribute_block;
  disk_.block(block, kBlock)[0] ^= 1;
  Mount mount(&disk_);
  uint64_t free = mount.FreeBlocks();
  EXPECT_EQ(-EIO, mount.Unlink("/f"));
  EXPECT_EQ(free, mount.FreeBlocks());
  EXPECT_EQ(1u, mount.damages);
}

}  // namespace
}  // namespace ext2_test
