#include <errno.h>
#include <string.h>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

extern "C" {
#include "servers/fs/ext2/format.h"
}

namespace ext2_test {
namespace {

ext2_disk_super GetSuper(Disk *disk) {
  ext2_disk_super super;
  memcpy(&super, &disk->bytes()[1024], sizeof(super));
  return super;
}

// Mounts an image whose superblock `change` has altered. => The error of the mount.
template <typename Change>
int MountChanged(Change change) {
  Disk disk(MakeImage("-b 1024", 4));
  ext2_disk_super super = GetSuper(&disk);
  change(&super);
  memcpy(&disk.bytes()[1024], &super, sizeof(super));
  int error = Mount(&disk).error();
  EXPECT_EQ(0u, disk.writes);
  return error;
}

class EveryFormat : public testing::TestWithParam<const char *> {};

INSTANTIATE_TEST_SUITE_P(Mke2fs, EveryFormat,
                         testing::Values("-b 1024", "-b 2048", "-b 4096", "-b 1024 -I 128",
                                         "-b 4096 -I 128", "-b 4096 -I 512", "-b 1024 -O ^filetype",
                                         "-b 1024 -O ^sparse_super,^resize_inode",
                                         "-b 1024 -O none -I 128", "-b 1024 -r 0 -O none -I 128",
                                         "-b 1024 -g 1024", "-b 4096 -g 512 -m 0",
                                         "-b 4096 -O ^dir_index,^ext_attr"));

TEST_P(EveryFormat, IsMountedAndStaysSoundWhenChanged) {
  Disk disk(MakeImage(GetParam(), 16));
  Mount mount(&disk);
  ASSERT_EQ(0, mount.error());
  EXPECT_EQ(std::vector<std::string>({".", "..", "lost+found"}), mount.List("/"));
  EXPECT_EQ(0, mount.Mkdir("/a"));
  EXPECT_EQ(0, mount.Create("/a/b"));
  EXPECT_EQ(0, mount.WriteBlocks("/a/b", 0, 600, 1000));
  EXPECT_EQ(0, mount.Symlink("b", "/a/c"));
  EXPECT_EQ(0, mount.Symlink(std::string(300, 'x'), "/a/d"));
  EXPECT_EQ(0, mount.Mknod("/a/e", EXT2_MODE_CHAR | 0600, 5, 1));
  EXPECT_EQ(1000u, mount.ReadBlock("/a/b", 599));
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ(0u, mount.damages);
  EXPECT_EQ("", Fsck(disk.bytes()));
}

TEST_P(EveryFormat, CountsWhatIsFreeAsMke2fsDoes) {
  Disk disk(MakeImage(GetParam(), 16));
  Mount mount(&disk);
  ext2_disk_super super = GetSuper(&disk);
  EXPECT_EQ(super.free_blocks_count, mount.FreeBlocks());
  EXPECT_EQ(super.free_inodes_count, mount.FreeInodes());
}

TEST(MountTest, DoesNotWriteUntilSomethingChanges) {
  Disk disk(MakeImage("-b 1024", 4));
  Mount mount(&disk);
  mount.List("/");
  EXPECT_EQ(0, ext2_sync(mount.fs()));
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ(0u, disk.writes);
}

TEST(MountTest, TakesTheCleanStateAwayBeforeTheFirstChangeAndPutsItBack) {
  Disk disk(MakeImage("-b 1024", 4));
  Mount mount(&disk);
  EXPECT_EQ(EXT2_STATE_CLEAN, GetSuper(&disk).state);
  EXPECT_EQ(0, mount.Create("/a"));
  EXPECT_EQ(0, GetSuper(&disk).state);
  EXPECT_EQ(1u, disk.writes);
  EXPECT_EQ(1u, disk.flushes);
  EXPECT_EQ(1, GetSuper(&disk).mount_count);
  EXPECT_EQ(1800000000u, GetSuper(&disk).mount_time);
  EXPECT_EQ(0, ext2_sync(mount.fs()));
  EXPECT_EQ(0, GetSuper(&disk).state);
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ(EXT2_STATE_CLEAN, GetSuper(&disk).state);
}

TEST(MountTest, AfterSyncOnlyTheCleanStateIsMissing) {
  Disk disk(MakeImage("-b 1024", 4));
  Mount mount(&disk);
  EXPECT_EQ(0, mount.Mkdir("/a"));
  EXPECT_EQ(0, mount.Create("/b"));
  EXPECT_EQ(0, mount.WriteBlocks("/b", 0, 20, 1));
  EXPECT_EQ(0, ext2_sync(mount.fs()));
  std::vector<uint8_t> copy = disk.bytes();
  copy[1024 + offsetof(ext2_disk_super, state)] = EXT2_STATE_CLEAN;
  EXPECT_EQ("", Fsck(copy));
}

TEST(MountTest, ADirtyFileSystemStaysDirty) {
  Disk disk(MakeImage("-b 1024", 4));
  disk.bytes()[1024 + offsetof(ext2_disk_super, state)] = 0;
  Mount mount(&disk);
  EXPECT_EQ(0, mount.Create("/a"));
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ(0, GetSuper(&disk).state);
}

TEST(MountTest, UnmountIsRefusedWhileAnInodeIsReferenced) {
  Disk disk(MakeImage("-b 1024", 4));
  Mount mount(&disk);
  ext2_inode *inode = mount.Get("/lost+found");
  EXPECT_EQ(-EBUSY, ext2_unmount(mount.fs()));
  EXPECT_EQ(0, ext2_iput(inode));
  EXPECT_EQ(0, mount.Unmount());
}

TEST(MountTest, ReadOnlyRefusesEveryChange) {
  Disk disk(MakeImage("-b 1024", 4));
  MountOptions options;
  options.read_only = true;
  Mount mount(&disk, options);
  ASSERT_EQ(0, mount.error());
  ext2_inode *root = mount.root();
  ext2_time time = {};
  EXPECT_EQ(-EROFS, mount.Create("/a"));
  EXPECT_EQ(-EROFS, mount.Mkdir("/a"));
  EXPECT_EQ(-EROFS, mount.Symlink("x", "/a"));
  EXPECT_EQ(-EROFS, mount.Mknod("/a", EXT2_MODE_FIFO, 0, 0));
  EXPECT_EQ(-EROFS, mount.Rmdir("/lost+found"));
  EXPECT_EQ(-EROFS, mount.Rename("/lost+found", "/a"));
  EXPECT_EQ(-EROFS, ext2_chmod(root, 0));
  EXPECT_EQ(-EROFS, ext2_chown(root, 1, 1));
  EXPECT_EQ(-EROFS, ext2_utimes(root, &time, &time));
  EXPECT_EQ(-EROFS, ext2_touch(root, EXT2_TOUCH_ACCESSED));
  EXPECT_EQ(-EEXIST, mount.Create("/lost+found"));
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ(0u, disk.writes);
}

TEST(MountTest, AnUnknownReadOnlyFeatureMakesItReadOnly) {
  Disk disk(MakeImage("-b 1024", 4));
  disk.bytes()[1024 + offsetof(ext2_disk_super, ro_compat)] |= 0x40;
  Mount mount(&disk);
  ASSERT_EQ(0, mount.error());
  struct ext2_statfs info;
  ext2_statfs(mount.fs(), &info);
  EXPECT_TRUE(info.read_only);
  EXPECT_EQ(-EROFS, mount.Create("/a"));
}

TEST(MountTest, RefusesWhatIsNotExt2) {
  EXPECT_EQ(-EINVAL, MountChanged([](ext2_disk_super *s) { s->magic = 0x1234; }));
  Disk empty(std::vector<uint8_t>(1024));
  EXPECT_EQ(-EINVAL, Mount(&empty).error());
}

TEST(MountTest, RefusesWhatIsNotSupported) {
  EXPECT_EQ(-ENOTSUP, MountChanged([](ext2_disk_super *s) { s->incompat |= 0x40; }));
  EXPECT_EQ(-ENOTSUP, MountChanged([](ext2_disk_super *s) { s->incompat |= 4; }));
  EXPECT_EQ(-ENOTSUP, MountChanged([](ext2_disk_super *s) { s->compat |= 0x200; }));
  EXPECT_EQ(-ENOTSUP, MountChanged([](ext2_disk_super *s) { s->revision = 2; }));
  EXPECT_EQ(-ENOTSUP, MountChanged([](ext2_disk_super *s) { s->log_block_size = 3; }));
  EXPECT_EQ(-ENOTSUP, MountChanged([](ext2_disk_super *s) { s->log_block_size = 0xFFFFFFFF; }));
}

TEST(MountTest, RefusesADamagedSuperblock) {
  using S = ext2_disk_super;
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->blocks_count *= 2; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->blocks_count = 0; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->blocks_count = 1; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->blocks_count = 0xFFFFFFFF; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->inodes_count++; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->blocks_per_group = 0; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->blocks_per_group = 8; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->blocks_per_group = 0x80000000; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->inodes_per_group = 0; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->inodes_per_group = 16384; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->inode_size = 0; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->inode_size = 192; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->inode_size = 2048; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->first_data_block = 0; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->first_ino = 0; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->log_fragment_size = 1; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->reserved_descriptor_blocks = 0xFFFF; }));
  EXPECT_EQ(-EIO, MountChanged([](S *s) { s->reserved_blocks_count = 0xFFFFFFFF; }));
}

TEST(MountTest, RefusesADeviceThatIsTooSmall) {
  std::vector<uint8_t> image = MakeImage("-b 1024", 4);
  image.resize(image.size() - 1024);
  Disk disk(image);
  EXPECT_EQ(-EIO, Mount(&disk).error());
}

TEST(MountTest, RefusesADamagedDescriptor) {
  ext2_disk_group good;
  Disk disk(MakeImage("-b 1024", 4));
  memcpy(&good, disk.block(2, 1024), sizeof(good));
  auto mount_with = [&](const ext2_disk_group &group) {
    memcpy(disk.block(2, 1024), &group, sizeof(group));
    return Mount(&disk).error();
  };
  EXPECT_EQ(0, mount_with(good));
  for (uint32_t bad : {0u, 1u, 2u, 4096u, 0xFFFFFFFFu}) {
    ext2_disk_group group = good;
    group.block_bitmap = bad;
    EXPECT_EQ(-EIO, mount_with(group)) << bad;
    group = good;
    group.inode_bitmap = bad;
    EXPECT_EQ(-EIO, mount_with(group)) << bad;
    group = good;
    group.inode_table = bad;
    EXPECT_EQ(-EIO, mount_with(group)) << bad;
  }
  ext2_disk_group group = good;
  group.inode_bitmap = group.block_bitmap;
  EXPECT_EQ(-EIO, mount_with(group));
  group = good;
  group.block_bitmap = group.inode_table + 1;
  EXPECT_EQ(-EIO, mount_with(group));
  group = good;
  group.inode_table = 4095;
  EXPECT_EQ(-EIO, mount_with(group));
  group = good;
  group.free_blocks_count = 0xFFFF;
  EXPECT_EQ(-EIO, mount_with(group));
  EXPECT_EQ(0u, disk.writes);
}

TEST(MountTest, RefusesARootThatIsNoDirectory) {
  Disk disk(MakeImage("-b 1024", 4));
  ext2_disk_group group;
  memcpy(&group, disk.block(2, 1024), sizeof(group));
  uint8_t *root = disk.block(group.inode_table, 1024) + 256;
  root[1] = 0x81;
  EXPECT_EQ(-EIO, Mount(&disk).error());
  memset(root, 0, 256);
  EXPECT_EQ(-EIO, Mount(&disk).error());
}

TEST(MountTest, RefusesOptionsOutOfRange) {
  Disk disk(MakeImage("-b 1024", 4));
  alignas(4096) static uint8_t arena[EXT2_ARENA_SIZE(64, 64)];
  ext2_options options = {};
  options.buffers = 64;
  options.inodes = 64;
  options.now = [](void *) { return ext2_time{0, 0}; };
  ext2_fs *fs;
  EXPECT_EQ(0, ext2_mount(disk.device(), &options, arena, sizeof(arena), &fs));
  EXPECT_EQ(-EINVAL, ext2_mount(disk.device(), &options, arena + 64, sizeof(arena), &fs));
  EXPECT_EQ(-ENOMEM, ext2_mount(disk.device(), &options, arena, sizeof(arena) - 1, &fs));
  options.buffers = 65;
  EXPECT_EQ(-ENOMEM, ext2_mount(disk.device(), &options, arena, sizeof(arena), &fs));
  options.buffers = EXT2_MIN_BUFFERS - 1;
  EXPECT_EQ(-EINVAL, ext2_mount(disk.device(), &options, arena, sizeof(arena), &fs));
  options.buffers = 64;
  options.inodes = EXT2_MIN_INODES - 1;
  EXPECT_EQ(-EINVAL, ext2_mount(disk.device(), &options, arena, sizeof(arena), &fs));
}

TEST(MountTest, ReportsADeviceThatFails) {
  for (int64_t good = 0; good < 4; good++) {
    Disk disk(MakeImage("-b 1024", 4));
    disk.fail_after = good;
    EXPECT_EQ(-EIO, Mount(&disk).error()) << good;
  }
}

TEST(MountTest, AFailedWriteKeepsTheCleanStateAway) {
  Disk disk(MakeImage("-b 1024", 4));
  Mount mount(&disk);
  EXPECT_EQ(0, mount.Create("/a"));
  disk.fail_after = 0;
  EXPECT_EQ(-EIO, ext2_sync(mount.fs()));
  EXPECT_EQ(0, mount.Unmount());
  EXPECT_EQ(0, GetSuper(&disk).state & EXT2_STATE_CLEAN);
  EXPECT_NE(0, GetSuper(&disk).state & EXT2_STATE_ERRORS);
}

TEST(MountTest, StatfsLeavesReservedBlocksOut) {
  Disk disk(MakeImage("-b 1024 -m 10", 4));
  MountOptions options;
  options.use_reserved = false;
  Mount mount(&disk, options);
  struct ext2_statfs info;
  ext2_statfs(mount.fs(), &info);
  EXPECT_EQ(4096u, info.blocks + 1 + 1 + 1 + GetSuper(&disk).reserved_descriptor_blocks + 2 +
                       info.inodes / 4);
  EXPECT_EQ(info.free_blocks - GetSuper(&disk).reserved_blocks_count, info.available_blocks);
  EXPECT_EQ(1024u, info.block_size);
  EXPECT_FALSE(info.damaged);
}

}  // namespace
}  // namespace ext2_test
