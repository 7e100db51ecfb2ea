#include <errno.h>
#include <string.h>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

extern "C" {
#include "servers/fs/ext2/inode_priv.h"
}

namespace ext2_test {
namespace {

constexpr uint64_t kTag = 1 << 20;

// Each test ends with an unmount, and e2fsck finds nothing.
class FileTest : public testing::TestWithParam<const char *> {
 protected:
  FileTest() : disk_(MakeImage(GetParam(), 16)), mount_(&disk_) {
    EXPECT_EQ(0, mount_.Create("/f"));
    file_ = mount_.Get("/f");
    pointers_ = mount_.block_size() / 4;
    sectors_ = mount_.block_size() / 512;
    free_ = mount_.FreeBlocks();
  }

  void TearDown() override {
    EXPECT_EQ(0, ext2_iput(file_));
    EXPECT_EQ(0, mount_.Unmount());
    EXPECT_EQ(0u, mount_.damages) << mount_.last_damage;
    EXPECT_EQ("", Fsck(disk_.bytes()));
  }

  uint64_t Sectors() {
    struct ext2_stat stat;
    ext2_stat(file_, &stat);
    return stat.blocks;
  }

  Disk disk_;
  Mount mount_;
  ext2_inode *file_;
  uint64_t pointers_;
  uint64_t sectors_;
  uint64_t free_;
};

INSTANTIATE_TEST_SUITE_P(Mke2fs, FileTest,
                         testing::Values("-b 1024", "-b 2048", "-b 4096",
                                         "-b 1024 -g 2048 -O ^large_file"));

TEST_P(FileTest, AnEmptyFileIsAHole) {
  uint64_t block = 1;
  uint32_t run = 0;
  EXPECT_EQ(0, ext2_bmap(file_, 0, 5, &block, &run));
  EXPECT_EQ(0u, block);
  EXPECT_EQ(5u, run);
  EXPECT_EQ(0, ext2_bmap(file_, 0, 1000, &block, &run));
  EXPECT_EQ(12u, run);
  EXPECT_EQ(0, ext2_bmap(file_, 13, 100000, &block, &run));
  EXPECT_EQ(pointers_ - 1, run);
  EXPECT_EQ(0, ext2_bmap(file_, 12 + pointers_ + 5, 1000000000, &block, &run));
  EXPECT_EQ(pointers_ * pointers_ - 5, run);
}

TEST_P(FileTest, ARangeIsConsecutiveOnAnEmptyDisk) {
  EXPECT_EQ(0, ext2_alloc_range(file_, 0, 200));
  uint64_t block, next;
  uint32_t run;
  EXPECT_EQ(0, ext2_bmap(file_, 0, 1000, &block, &run));
  EXPECT_EQ(12u, run);
  EXPECT_EQ(0, ext2_bmap(file_, 12, 1000, &next, &run));
  EXPECT_EQ(188u, run);
  // One indirect block lies between.
  EXPECT_EQ(block + 13, next);
  EXPECT_EQ(201 * sectors_, Sectors());
  EXPECT_EQ(free_ - 201, mount_.FreeBlocks());
  EXPECT_EQ(0, ext2_set_size(file_, 200 * mount_.block_size()));
}

TEST_P(FileTest, AppendingBlockByBlockStaysConsecutive) {
  for (uint64_t i = 0; i < 12; i++) EXPECT_EQ(0, mount_.WriteBlocks(file_, i, 1, kTag));
  uint64_t block;
  uint32_t run;
  EXPECT_EQ(0, ext2_bmap(file_, 0, 1000, &block, &run));
  EXPECT_EQ(12u, run);
}

TEST_P(FileTest, EveryLevelOfIndirectBlocksHoldsContent) {
  const uint64_t starts[] = {0, 12, 12 + pointers_, 12 + pointers_ + pointers_ * pointers_};
  for (uint64_t start : starts) {
    EXPECT_EQ(0, mount_.WriteBlocks(file_, start, 2, kTag));
    if (start > 0) {
      EXPECT_EQ(0, mount_.WriteBlocks(file_, start - 1, 1, kTag));
    }
  }
  for (uint64_t start : starts) {
    EXPECT_EQ(kTag, mount_.ReadBlock(file_, start));
    EXPECT_EQ(kTag, mount_.ReadBlock(file_, start + 1));
    if (start > 0) {
      EXPECT_EQ(kTag, mount_.ReadBlock(file_, start - 1));
    }
    EXPECT_EQ(0u, mount_.ReadBlock(file_, start + 2));
  }
  // 11 blocks; 1 + 1 indirect, 1 + 2 under double, 1 + 1 + 1 under triple (the last of the double's
  // is one of 2).
  EXPECT_EQ((11 + 1 + 3 + 3) * sectors_, Sectors());
  EXPECT_EQ(0, ext2_truncate(file_, 0));
  EXPECT_EQ(0u, Sectors());
  EXPECT_EQ(free_, mount_.FreeBlocks());
}

TEST_P(FileTest, TruncateFreesWhatIsBehindAtEveryBoundary) {
  const uint64_t n = pointers_;
  for (uint64_t keep :
       {uint64_t{0}, uint64_t{1}, uint64_t{11}, uint64_t{12}, uint64_t{13}, 12 + n - 1, 12 + n,
        12 + n + 1, 12 + 2 * n - 1, 12 + 2 * n, 12 + 2 * n + 1}) {
    EXPECT_EQ(0, mount_.WriteBlocks(file_, 0, 12 + 2 * n + 30, kTag));
    EXPECT_EQ(0, ext2_truncate(file_, keep * mount_.block_size()));
    uint64_t indirect = (keep > 12) + (keep > 12 + n) * 2 + (keep > 12 + 2 * n);
    EXPECT_EQ((keep + indirect) * sectors_, Sectors()) << keep;
    EXPECT_EQ(free_ - keep - indirect, mount_.FreeBlocks()) << keep;
    if (keep > 0) {
      EXPECT_EQ(kTag, mount_.ReadBlock(file_, keep - 1));
    }
    EXPECT_EQ(0u, mount_.ReadBlock(file_, keep));
  }
}

TEST_P(FileTest, TruncateWithinABlockKeepsIt) {
  EXPECT_EQ(0, mount_.WriteBlocks(file_, 0, 3, kTag));
  EXPECT_EQ(0, ext2_truncate(file_, mount_.block_size() + 1));
  EXPECT_EQ(2 * sectors_, Sectors());
  EXPECT_EQ(mount_.block_size() + 1, ext2_inode_size(file_));
  EXPECT_EQ(kTag, mount_.ReadBlock(file_, 1));
}

TEST_P(FileTest, TruncateUpwardsLeavesAHole) {
  EXPECT_EQ(0, mount_.WriteBlocks(file_, 0, 1, kTag));
  EXPECT_EQ(0, ext2_truncate(file_, 1000000));
  EXPECT_EQ(1000000u, ext2_inode_size(file_));
  EXPECT_EQ(sectors_, Sectors());
  EXPECT_EQ(0u, mount_.ReadBlock(file_, 5));
}

TEST_P(FileTest, HolesWithinARangeAreFilledAndTheRestIsKept) {
  EXPECT_EQ(0, mount_.WriteBlocks(file_, 5, 2, kTag));
  EXPECT_EQ(0, mount_.WriteBlocks(file_, 20, 1, 2 * kTag));
  EXPECT_EQ(0, ext2_alloc_range(file_, 0, 30));
  EXPECT_EQ(0, ext2_set_size(file_, 30 * mount_.block_size()));
  EXPECT_EQ(31 * sectors_, Sectors());
  EXPECT_EQ(kTag, mount_.ReadBlock(file_, 6));
  EXPECT_EQ(2 * kTag, mount_.ReadBlock(file_, 20));
  EXPECT_EQ(0, ext2_alloc_range(file_, 0, 30));
  EXPECT_EQ(31 * sectors_, Sectors());
}

TEST_P(FileTest, SetSizeOnlyGrows) {
  EXPECT_EQ(0, ext2_set_size(file_, 100));
  EXPECT_EQ(0, ext2_set_size(file_, 50));
  EXPECT_EQ(100u, ext2_inode_size(file_));
  mount_.now.seconds++;
  EXPECT_EQ(0, ext2_set_size(file_, 100));
  struct ext2_stat stat;
  ext2_stat(file_, &stat);
  EXPECT_EQ(mount_.now.seconds, stat.modified.seconds);
  EXPECT_EQ(mount_.now.seconds, stat.changed.seconds);
}

TEST_P(FileTest, BlocksBehindTheEndGoWithTheLastReference) {
  EXPECT_EQ(0, mount_.WriteBlocks(file_, 0, 1, kTag));
  EXPECT_EQ(0, ext2_alloc_range(file_, 1, 40));
  EXPECT_EQ(0, ext2_iput(file_));
  file_ = mount_.Get("/f");
  EXPECT_EQ(sectors_, Sectors());
  EXPECT_EQ(free_ - 1, mount_.FreeBlocks());
}

TEST_P(FileTest, TheSizeLimitIsObserved) {
  uint64_t most = ext2_max_file_size(mount_.fs());
  uint64_t block;
  uint32_t run;
  EXPECT_EQ(0, ext2_truncate(file_, most));
  EXPECT_EQ(-EFBIG, ext2_truncate(file_, most + 1));
  EXPECT_EQ(-EFBIG, ext2_truncate(file_, UINT64_MAX));
  EXPECT_EQ(-EFBIG, ext2_set_size(file_, most + 1));
  EXPECT_EQ(most, ext2_inode_size(file_));
  EXPECT_EQ(0, ext2_alloc_range(file_, most / mount_.block_size() - 1, 1));
  EXPECT_EQ(-EFBIG, ext2_alloc_range(file_, most / mount_.block_size() - 1, 2));
  EXPECT_EQ(-EFBIG, ext2_alloc_range(file_, UINT64_MAX, 1));
  EXPECT_EQ(-EFBIG, ext2_alloc_range(file_, 1, UINT64_MAX));
  EXPECT_EQ(-EFBIG, ext2_bmap(file_, UINT64_MAX, 1, &block, &run));
  EXPECT_EQ(-EFBIG, ext2_bmap(file_, 12 + pointers_ + pointers_ * pointers_ * (1 + pointers_), 1,
                              &block, &run));
  EXPECT_EQ(4 * sectors_, Sectors());
  EXPECT_EQ(0, ext2_alloc_range(file_, 0, 0));
  if (mount_.block_size() == 1024) {
    EXPECT_EQ((12 + 256 + 65536 + 16777216) * uint64_t{1024}, most);
  }
}

TEST_P(FileTest, TheLargeFileFeatureComesWithTheFirstLargeFile) {
  uint32_t *ro_compat =
      reinterpret_cast<uint32_t *>(&disk_.bytes()[1024 + offsetof(ext2_disk_super, ro_compat)]);
  bool before = *ro_compat & EXT2_RO_COMPAT_LARGE_FILE;
  EXPECT_EQ(0, ext2_truncate(file_, INT32_MAX));
  EXPECT_EQ(0, ext2_sync(mount_.fs()));
  EXPECT_EQ(before, !!(*ro_compat & EXT2_RO_COMPAT_LARGE_FILE));
  EXPECT_EQ(0, ext2_truncate(file_, INT32_MAX + uint64_t{1}));
  EXPECT_EQ(0, ext2_sync(mount_.fs()));
  EXPECT_TRUE(*ro_compat & EXT2_RO_COMPAT_LARGE_FILE);
}

TEST_P(FileTest, ThirtyTwoBitsOfSectorsAreNotExceeded) {
  uint32_t real = file_->disk.sectors;
  file_->disk.sectors = UINT32_MAX - sectors_;
  EXPECT_EQ(-EFBIG, ext2_alloc_range(file_, 0, 2));
  EXPECT_EQ(0, ext2_alloc_range(file_, 0, 1));
  file_->disk.sectors = real + sectors_;
  EXPECT_EQ(0, ext2_truncate(file_, 0));
}

TEST_P(FileTest, OnlyRegularFilesHaveContent) {
  uint64_t block;
  uint32_t run;
  EXPECT_EQ(-EINVAL, ext2_bmap(mount_.root(), 0, 1, &block, &run));
  EXPECT_EQ(-EINVAL, ext2_bmap(file_, 0, 0, &block, &run));
  EXPECT_EQ(-EINVAL, ext2_alloc_range(mount_.root(), 5, 1));
  EXPECT_EQ(-EINVAL, ext2_truncate(mount_.root(), 0));
  EXPECT_EQ(-EINVAL, ext2_set_size(mount_.root(), 1 << 20));
}

TEST_P(FileTest, NoSpaceLeavesNothingHalfAllocated) {
  uint64_t free = mount_.FreeBlocks();
  EXPECT_EQ(-ENOSPC, ext2_alloc_range(file_, 0, free));
  EXPECT_EQ(free, mount_.FreeBlocks());
  EXPECT_EQ(0u, Sectors());
  EXPECT_EQ(-ENOSPC, ext2_alloc_range(file_, 100, free * 10));
  EXPECT_EQ(free, mount_.FreeBlocks());
  // All but the indirect blocks that they need.
  uint64_t content = free;
  auto indirect = [&](uint64_t n) {
    if (n <= 12) return uint64_t{0};
    if (n <= 12 + pointers_) return uint64_t{1};
    return 2 + (n - 12 - pointers_ + pointers_ - 1) / pointers_;
  };
  while (content + indirect(content) > free) content--;
  EXPECT_EQ(-ENOSPC, ext2_alloc_range(file_, 0, content + 1));
  EXPECT_EQ(free, mount_.FreeBlocks());
  EXPECT_EQ(0, mount_.WriteBlocks(file_, 0, content, kTag));
  EXPECT_EQ(free - content - indirect(content), mount_.FreeBlocks());
  EXPECT_EQ(kTag, mount_.ReadBlock(file_, content - 1));
}

TEST_P(FileTest, MetadataMayBecomeContentAndBack) {
  // The buffers of freed directories and indirect blocks must not be written over what has their
  // blocks now.
  for (int round = 0; round < 4; round++) {
    EXPECT_EQ(0, mount_.Mkdir("/d"));
    for (int i = 0; i < 60; i++)
      EXPECT_EQ(0, mount_.Symlink(std::string(100, 's'), "/d/" + std::to_string(i)));
    EXPECT_EQ(0, mount_.WriteBlocks(file_, 0, 12 + pointers_ + 20, kTag));
    for (int i = 0; i < 60; i++) EXPECT_EQ(0, mount_.Unlink("/d/" + std::to_string(i)));
    EXPECT_EQ(0, mount_.Rmdir("/d"));
    EXPECT_EQ(0, mount_.Create("/g"));
    EXPECT_EQ(0, mount_.WriteBlocks("/g", 0, 200, 3 * kTag));
    EXPECT_EQ(0, ext2_sync(mount_.fs()));
    for (uint64_t i = 0; i < 200; i++) EXPECT_EQ(3 * kTag, mount_.ReadBlock("/g", i));
    EXPECT_EQ(0, ext2_truncate(file_, 0));
    EXPECT_EQ(0, mount_.Unlink("/g"));
    EXPECT_EQ(free_, mount_.FreeBlocks());
  }
}

TEST(ReservedTest, ReservedBlocksAreKept) {
  Disk disk(MakeImage("-b 1024 -m 20", 4));
  MountOptions options;
  options.use_reserved = false;
  Mount mount(&disk, options);
  EXPECT_EQ(0, mount.Create("/f"));
  struct ext2_statfs info;
  ext2_statfs(mount.fs(), &info);
  EXPECT_EQ(-ENOSPC, mount.WriteBlocks("/f", 0, info.available_blocks, kTag));
  EXPECT_EQ(0, mount.WriteBlocks("/f", 0, info.available_blocks - 20, kTag));
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ("", Fsck(disk.bytes()));
}

TEST(RevisionTest, RevisionZeroHasNoLargeFiles) {
  Disk disk(MakeImage("-b 1024 -r 0 -O none -I 128", 4));
  Mount mount(&disk);
  EXPECT_EQ(0, mount.Create("/f"));
  EXPECT_EQ(0, mount.Truncate("/f", INT32_MAX));
  EXPECT_EQ(-EFBIG, mount.Truncate("/f", INT32_MAX + uint64_t{1}));
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ("", Fsck(disk.bytes()));
}

}  // namespace
}  // namespace ext2_test
