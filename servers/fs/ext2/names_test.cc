#include <errno.h>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

extern "C" {
#include "servers/fs/ext2/inode_priv.h"
}

namespace ext2_test {
namespace {

// Each test ends with an unmount, and e2fsck finds nothing.
class NamesTest : public testing::TestWithParam<const char *> {
 protected:
  NamesTest() : disk_(MakeImage(GetParam(), 8)), mount_(&disk_) {}

  void TearDown() override {
    EXPECT_EQ(0, mount_.Unmount());
    EXPECT_EQ(0u, mount_.damages) << mount_.last_damage;
    EXPECT_EQ("", Fsck(disk_.bytes()));
  }

  uint32_t Ino(const std::string &path) {
    struct ext2_stat stat = {};
    mount_.Stat(path, &stat);
    return stat.ino;
  }

  uint32_t Links(const std::string &path) {
    struct ext2_stat stat = {};
    mount_.Stat(path, &stat);
    return stat.links;
  }

  Disk disk_;
  Mount mount_;
};

INSTANTIATE_TEST_SUITE_P(Mke2fs, NamesTest,
                         testing::Values("-b 1024", "-b 4096", "-b 1024 -I 128 -O ^filetype"));

TEST_P(NamesTest, CreateMakesAnEmptyFile) {
  EXPECT_EQ(0, mount_.Create("/a", 04640));
  struct ext2_stat stat;
  EXPECT_EQ(0, mount_.Stat("/a", &stat));
  EXPECT_EQ(EXT2_MODE_REGULAR | 04640u, stat.mode);
  EXPECT_EQ(1u, stat.links);
  EXPECT_EQ(0u, stat.size);
  EXPECT_EQ(0u, stat.blocks);
  EXPECT_EQ(1800000000, stat.modified.seconds);
}

TEST_P(NamesTest, AddingANameTwiceIsEexist) {
  EXPECT_EQ(0, mount_.Create("/a"));
  EXPECT_EQ(-EEXIST, mount_.Create("/a"));
  EXPECT_EQ(-EEXIST, mount_.Mkdir("/a"));
  EXPECT_EQ(-EEXIST, mount_.Symlink("x", "/a"));
  EXPECT_EQ(-EEXIST, mount_.Mknod("/a", EXT2_MODE_FIFO, 0, 0));
  EXPECT_EQ(-EEXIST, mount_.Link("/a", "/a"));
  ext2_inode *root = mount_.root();
  EXPECT_EQ(-EEXIST, ext2_create(root, Name("."), &kFile, nullptr));
  EXPECT_EQ(-EEXIST, ext2_mkdir(root, Name(".."), &kDir, nullptr));
}

TEST_P(NamesTest, NamesAreChecked) {
  ext2_inode *root = mount_.root();
  EXPECT_EQ(-ENOENT, ext2_create(root, Name(""), &kFile, nullptr));
  EXPECT_EQ(-EINVAL, ext2_create(root, Name("a/b"), &kFile, nullptr));
  EXPECT_EQ(-EINVAL, ext2_create(root, Name(std::string("a\0b", 3)), &kFile, nullptr));
  EXPECT_EQ(-ENAMETOOLONG, ext2_create(root, Name(std::string(256, 'n')), &kFile, nullptr));
  EXPECT_EQ(0, ext2_create(root, Name(std::string(255, 'n')), &kFile, nullptr));
  ext2_inode *found;
  EXPECT_EQ(-ENAMETOOLONG, ext2_lookup(root, Name(std::string(256, 'n')), &found));
  EXPECT_EQ(0, ext2_lookup(root, Name(std::string(255, 'n')), &found));
  ext2_iput(found);
  EXPECT_EQ(-ENOENT, ext2_lookup(root, Name(std::string(254, 'n')), &found));
  EXPECT_EQ(-ENAMETOOLONG, ext2_unlink(root, Name(std::string(256, 'n'))));
  EXPECT_EQ(-ENAMETOOLONG, ext2_rmdir(root, Name(std::string(256, 'n'))));
  EXPECT_EQ(-ENAMETOOLONG,
            ext2_rename(root, Name("lost+found"), root, Name(std::string(256, 'n'))));
}

TEST_P(NamesTest, AFileIsNoDirectory) {
  EXPECT_EQ(0, mount_.Create("/a"));
  ext2_inode *file = mount_.Get("/a"), *found;
  EXPECT_EQ(-ENOTDIR, ext2_lookup(file, Name("b"), &found));
  EXPECT_EQ(-ENOTDIR, ext2_create(file, Name("b"), &kFile, nullptr));
  EXPECT_EQ(-ENOTDIR, ext2_mkdir(file, Name("b"), &kFile, nullptr));
  EXPECT_EQ(-ENOTDIR, ext2_unlink(file, Name("b")));
  EXPECT_EQ(-ENOTDIR, ext2_rmdir(file, Name("b")));
  EXPECT_EQ(-ENOTDIR, ext2_link(file, Name("b"), file));
  EXPECT_EQ(-ENOTDIR, ext2_rename(file, Name("b"), mount_.root(), Name("c")));
  EXPECT_EQ(-ENOTDIR, ext2_rename(mount_.root(), Name("a"), file, Name("c")));
  EXPECT_EQ(-ENOTDIR, ext2_readdir(file, 0, nullptr, nullptr));
  ext2_iput(file);
}

TEST_P(NamesTest, MkdirLinksTheParent) {
  EXPECT_EQ(3u, Links("/"));
  EXPECT_EQ(0, mount_.Mkdir("/a"));
  EXPECT_EQ(4u, Links("/"));
  EXPECT_EQ(2u, Links("/a"));
  EXPECT_EQ(Ino("/"), Ino("/a/.."));
  EXPECT_EQ(Ino("/a"), Ino("/a/."));
  EXPECT_EQ(0, mount_.Rmdir("/a"));
  EXPECT_EQ(3u, Links("/"));
}

TEST_P(NamesTest, MkdirAndRenameOfADirectoryObserveTheLinkMaximum) {
  EXPECT_EQ(0, mount_.Mkdir("/a"));
  EXPECT_EQ(0, mount_.Mkdir("/b"));
  EXPECT_EQ(0, mount_.Mkdir("/a/sub"));
  ext2_inode *dir = mount_.Get("/a");
  dir->disk.links_count = EXT2_LINK_MAX;
  EXPECT_EQ(-EMLINK, mount_.Mkdir("/a/c"));
  EXPECT_EQ(-EMLINK, mount_.Rename("/b", "/a/b"));
  EXPECT_EQ(0, mount_.Rename("/b", "/a/sub"));
  EXPECT_EQ(EXT2_LINK_MAX + 0u, Links("/a"));
  dir->disk.links_count = 3;
  EXPECT_EQ(0, ext2_inode_store(dir));
  ext2_iput(dir);
}

TEST_P(NamesTest, LinkObservesTheLinkMaximum) {
  EXPECT_EQ(0, mount_.Create("/a"));
  ext2_inode *file = mount_.Get("/a");
  file->disk.links_count = EXT2_LINK_MAX;
  EXPECT_EQ(-EMLINK, mount_.Link("/a", "/b"));
  file->disk.links_count = 1;
  EXPECT_EQ(0, ext2_inode_store(file));
  ext2_iput(file);
}

TEST_P(NamesTest, LinkedNamesAreOneFile) {
  EXPECT_EQ(0, mount_.Create("/a"));
  EXPECT_EQ(0, mount_.Link("/a", "/b"));
  EXPECT_EQ(Ino("/a"), Ino("/b"));
  EXPECT_EQ(2u, Links("/a"));
  EXPECT_EQ(0, mount_.Unlink("/a"));
  EXPECT_EQ(1u, Links("/b"));
  EXPECT_EQ(-EPERM, mount_.Link("/lost+found", "/c"));
}

TEST_P(NamesTest, AnUnlinkedFileLivesUntilItsLastReference) {
  uint64_t blocks = mount_.FreeBlocks();
  uint32_t inodes = mount_.FreeInodes();
  EXPECT_EQ(0, mount_.Create("/a"));
  EXPECT_EQ(0, mount_.WriteBlocks("/a", 0, 20, 7));
  ext2_inode *file = mount_.Get("/a");
  EXPECT_EQ(0, mount_.Unlink("/a"));
  EXPECT_EQ(7u, mount_.ReadBlock(file, 19));
  EXPECT_EQ(0, mount_.WriteBlocks(file, 20, 20, 8));
  EXPECT_EQ(8u, mount_.ReadBlock(file, 39));
  EXPECT_EQ(-ENOENT, ext2_link(mount_.root(), Name("b"), file));
  EXPECT_EQ(0u, ext2_inode_links(file));
  ext2_iref(file);
  EXPECT_EQ(0, ext2_iput(file));
  EXPECT_GT(blocks, mount_.FreeBlocks());
  EXPECT_EQ(0, ext2_iput(file));
  EXPECT_EQ(blocks, mount_.FreeBlocks());
  EXPECT_EQ(inodes, mount_.FreeInodes());
}

TEST_P(NamesTest, UnlinkErrors) {
  EXPECT_EQ(-ENOENT, mount_.Unlink("/a"));
  EXPECT_EQ(-EISDIR, mount_.Unlink("/lost+found"));
  EXPECT_EQ(-EISDIR, ext2_unlink(mount_.root(), Name(".")));
  EXPECT_EQ(-EISDIR, ext2_unlink(mount_.root(), Name("..")));
}

TEST_P(NamesTest, RmdirErrors) {
  EXPECT_EQ(0, mount_.Mkdir("/a"));
  EXPECT_EQ(0, mount_.Create("/a/b"));
  EXPECT_EQ(-ENOTEMPTY, mount_.Rmdir("/a"));
  EXPECT_EQ(-ENOTDIR, mount_.Rmdir("/a/b"));
  EXPECT_EQ(-ENOENT, mount_.Rmdir("/b"));
  EXPECT_EQ(-EINVAL, ext2_rmdir(mount_.root(), Name(".")));
  EXPECT_EQ(-ENOTEMPTY, ext2_rmdir(mount_.root(), Name("..")));
}

TEST_P(NamesTest, ARemovedDirectoryTakesNoNames) {
  EXPECT_EQ(0, mount_.Mkdir("/a"));
  EXPECT_EQ(0, mount_.Create("/b"));
  ext2_inode *dir = mount_.Get("/a"), *found;
  EXPECT_EQ(0, mount_.Rmdir("/a"));
  EXPECT_EQ(-ENOENT, ext2_create(dir, Name("b"), &kFile, nullptr));
  EXPECT_EQ(-ENOENT, ext2_mkdir(dir, Name("b"), &kDir, nullptr));
  EXPECT_EQ(-ENOENT, ext2_lookup(dir, Name("."), &found));
  EXPECT_EQ(-ENOENT, ext2_rename(mount_.root(), Name("b"), dir, Name("b")));
  EXPECT_EQ(0, ext2_readdir(dir, 0, nullptr, nullptr));
  EXPECT_EQ(0, ext2_iput(dir));
}

TEST_P(NamesTest, SymlinksOfEveryLengthAreReadBack) {
  uint32_t most = mount_.block_size() - 1;
  for (uint32_t length : {1u, 59u, 60u, 61u, 500u, most}) {
    std::string target(length, 'a'), read, path = "/l" + std::to_string(length);
    EXPECT_EQ(0, mount_.Symlink(target, path));
    EXPECT_EQ(0, mount_.Readlink(path, &read));
    EXPECT_EQ(target, read);
    struct ext2_stat stat;
    mount_.Stat(path, &stat);
    EXPECT_EQ(length, stat.size);
    EXPECT_EQ(length < 60 ? 0 : mount_.block_size() / 512, stat.blocks);
  }
  ext2_inode *link = mount_.Get("/l500");
  char few[3];
  EXPECT_EQ(3, ext2_readlink(link, few, sizeof(few)));
  EXPECT_EQ(-EINVAL, ext2_truncate(link, 0));
  ext2_iput(link);
  EXPECT_EQ(0, mount_.Unlink("/l61"));
  EXPECT_EQ(0, mount_.Unlink("/l59"));
}

TEST_P(NamesTest, SymlinkErrors) {
  EXPECT_EQ(-ENOENT, mount_.Symlink("", "/a"));
  EXPECT_EQ(-ENAMETOOLONG, mount_.Symlink(std::string(mount_.block_size(), 'a'), "/a"));
  EXPECT_EQ(-EINVAL, mount_.Symlink(std::string("a\0b", 3), "/a"));
  char text[4];
  EXPECT_EQ(-EINVAL, ext2_readlink(mount_.root(), text, sizeof(text)));
}

TEST_P(NamesTest, MknodKeepsTypeAndNumbers) {
  const uint32_t types[] = {EXT2_MODE_CHAR, EXT2_MODE_BLOCK, EXT2_MODE_FIFO, EXT2_MODE_SOCKET};
  for (uint32_t type : types) {
    for (auto [major, minor] : {std::pair(5u, 1u), std::pair(255u, 255u), std::pair(256u, 0u),
                                std::pair(4095u, 1048575u)}) {
      std::string path = "/n" + std::to_string(type) + "_" + std::to_string(major);
      EXPECT_EQ(0, mount_.Mknod(path, type | 0600, major, minor));
      struct ext2_stat stat;
      EXPECT_EQ(0, mount_.Stat(path, &stat));
      bool device = type == EXT2_MODE_CHAR || type == EXT2_MODE_BLOCK;
      EXPECT_EQ(type | 0600, stat.mode);
      EXPECT_EQ(device ? major : 0, stat.major);
      EXPECT_EQ(device ? minor : 0, stat.minor);
      EXPECT_EQ(0, mount_.Unlink(path));
    }
  }
  EXPECT_EQ(-EINVAL, mount_.Mknod("/a", EXT2_MODE_REGULAR, 0, 0));
  EXPECT_EQ(-EINVAL, mount_.Mknod("/a", EXT2_MODE_DIR, 0, 0));
  EXPECT_EQ(-EINVAL, mount_.Mknod("/a", 0, 0, 0));
  EXPECT_EQ(-EINVAL, mount_.Mknod("/a", EXT2_MODE_CHAR, 4096, 0));
  EXPECT_EQ(-EINVAL, mount_.Mknod("/a", EXT2_MODE_CHAR, 0, 1 << 20));
}

TEST_P(NamesTest, ASetgidDirectoryPassesItsGroupOn) {
  ext2_new shared = {0755, 1, 70000};
  EXPECT_EQ(0, ext2_mkdir(mount_.root(), Name("a"), &shared, nullptr));
  ext2_inode *dir = mount_.Get("/a");
  EXPECT_EQ(0, ext2_chmod(dir, 02755));
  EXPECT_EQ(0, ext2_mkdir(dir, Name("d"), &kDir, nullptr));
  EXPECT_EQ(0, ext2_create(dir, Name("f"), &kFile, nullptr));
  ext2_iput(dir);
  struct ext2_stat stat;
  mount_.Stat("/a/d", &stat);
  EXPECT_EQ(EXT2_MODE_DIR | 02755u, stat.mode);
  EXPECT_EQ(70000u, stat.gid);
  mount_.Stat("/a/f", &stat);
  EXPECT_EQ(EXT2_MODE_REGULAR | 0644u, stat.mode);
  EXPECT_EQ(70000u, stat.gid);
}

TEST_P(NamesTest, RenameMovesAFile) {
  EXPECT_EQ(0, mount_.Mkdir("/d"));
  EXPECT_EQ(0, mount_.Create("/a"));
  uint32_t ino = Ino("/a");
  EXPECT_EQ(0, mount_.Rename("/a", "/b"));
  EXPECT_EQ(ino, Ino("/b"));
  EXPECT_EQ(0, mount_.Rename("/b", "/d/c"));
  EXPECT_EQ(ino, Ino("/d/c"));
  EXPECT_EQ(0u, Ino("/b"));
  EXPECT_EQ(1u, Links("/d/c"));
}

TEST_P(NamesTest, RenameReplacesAFile) {
  uint64_t blocks = mount_.FreeBlocks();
  uint32_t inodes = mount_.FreeInodes();
  EXPECT_EQ(0, mount_.Create("/a"));
  EXPECT_EQ(0, mount_.Create("/b"));
  EXPECT_EQ(0, mount_.WriteBlocks("/b", 0, 9, 5));
  uint32_t ino = Ino("/a");
  EXPECT_EQ(0, mount_.Rename("/a", "/b"));
  EXPECT_EQ(ino, Ino("/b"));
  EXPECT_EQ(blocks, mount_.FreeBlocks());
  EXPECT_EQ(inodes - 1, mount_.FreeInodes());
}

TEST_P(NamesTest, RenameOfTwoNamesOfOneFileDoesNothing) {
  EXPECT_EQ(0, mount_.Create("/a"));
  EXPECT_EQ(0, mount_.Link("/a", "/b"));
  EXPECT_EQ(0, mount_.Rename("/a", "/b"));
  EXPECT_EQ(0, mount_.Rename("/a", "/a"));
  EXPECT_EQ(0, mount_.Rename("/lost+found", "/lost+found"));
  EXPECT_EQ(2u, Links("/a"));
  EXPECT_EQ(Ino("/a"), Ino("/b"));
}

TEST_P(NamesTest, RenameMovesADirectoryWithItsParentLink) {
  EXPECT_EQ(0, mount_.Mkdir("/a"));
  EXPECT_EQ(0, mount_.Mkdir("/b"));
  EXPECT_EQ(0, mount_.Mkdir("/a/c"));
  EXPECT_EQ(0, mount_.Create("/a/c/f"));
  EXPECT_EQ(0, mount_.Rename("/a/c", "/b/d"));
  EXPECT_EQ(2u, Links("/a"));
  EXPECT_EQ(3u, Links("/b"));
  EXPECT_EQ(Ino("/b"), Ino("/b/d/.."));
  EXPECT_NE(0u, Ino("/b/d/f"));
  EXPECT_EQ(0, mount_.Rename("/b/d", "/b/e"));
  EXPECT_EQ(3u, Links("/b"));
}

TEST_P(NamesTest, RenameReplacesAnEmptyDirectory) {
  EXPECT_EQ(0, mount_.Mkdir("/a"));
  EXPECT_EQ(0, mount_.Mkdir("/b"));
  EXPECT_EQ(0, mount_.Mkdir("/a/c"));
  uint32_t ino = Ino("/a/c");
  EXPECT_EQ(0, mount_.Rename("/a/c", "/b"));
  EXPECT_EQ(ino, Ino("/b"));
  EXPECT_EQ(Ino("/"), Ino("/b/.."));
  EXPECT_EQ(2u, Links("/a"));
  EXPECT_EQ(5u, Links("/"));
  EXPECT_EQ(0, mount_.Rename("/a", "/b"));
  EXPECT_EQ(4u, Links("/"));
}

TEST_P(NamesTest, RenameErrors) {
  EXPECT_EQ(0, mount_.Mkdir("/a"));
  EXPECT_EQ(0, mount_.Mkdir("/a/b"));
  EXPECT_EQ(0, mount_.Mkdir("/a/b/c"));
  EXPECT_EQ(0, mount_.Mkdir("/d"));
  EXPECT_EQ(0, mount_.Create("/f"));
  ext2_inode *root = mount_.root();
  EXPECT_EQ(-ENOENT, mount_.Rename("/x", "/y"));
  EXPECT_EQ(-EINVAL, mount_.Rename("/a", "/a/x"));
  EXPECT_EQ(-EINVAL, mount_.Rename("/a", "/a/b/c/x"));
  EXPECT_EQ(-EINVAL, mount_.Rename("/a", "/a/b"));
  EXPECT_EQ(-ENOTEMPTY, mount_.Rename("/a/b/c", "/a"));
  EXPECT_EQ(-ENOTEMPTY, mount_.Rename("/d", "/a"));
  EXPECT_EQ(-ENOTDIR, mount_.Rename("/d", "/f"));
  EXPECT_EQ(-EISDIR, mount_.Rename("/f", "/d"));
  EXPECT_EQ(-EINVAL, ext2_rename(root, Name("."), root, Name("y")));
  EXPECT_EQ(-EINVAL, ext2_rename(root, Name("f"), root, Name("..")));
  EXPECT_EQ(std::vector<std::string>({".", "..", "lost+found", "a", "d", "f"}), mount_.List("/"));
}

TEST_P(NamesTest, RenameWithinAFullDirectoryBlockFindsTheOldNameAgain) {
  EXPECT_EQ(0, mount_.Mkdir("/a"));
  for (int i = 0; i < 200; i++) EXPECT_EQ(0, mount_.Create("/a/file" + std::to_string(i)));
  for (int i = 0; i < 200; i++) {
    std::string longer(i, 'x');
    EXPECT_EQ(0, mount_.Rename("/a/file" + std::to_string(i), "/a/" + std::to_string(i) + longer));
  }
  EXPECT_EQ(202u, mount_.List("/a").size());
}

TEST_P(NamesTest, AFullInodeTableIsEnfile) {
  for (int i = 0; i < 70; i++) EXPECT_EQ(0, mount_.Create("/f" + std::to_string(i)));
  std::vector<ext2_inode *> held;
  for (int i = 0; i < 63; i++) held.push_back(mount_.Get("/f" + std::to_string(i)));
  ext2_inode *found;
  EXPECT_EQ(-ENFILE, ext2_lookup(mount_.root(), Name("f64"), &found));
  EXPECT_EQ(-ENFILE, ext2_create(mount_.root(), Name("new"), &kFile, nullptr));
  EXPECT_EQ(-ENFILE, ext2_unlink(mount_.root(), Name("f64")));
  EXPECT_EQ(0, ext2_lookup(mount_.root(), Name("f5"), &found));
  ext2_iput(found);
  for (ext2_inode *inode : held) ext2_iput(inode);
  EXPECT_EQ(0, mount_.Unlink("/f64"));
}

TEST_P(NamesTest, AttributesAreKept) {
  EXPECT_EQ(0, mount_.Create("/a"));
  ext2_inode *file = mount_.Get("/a");
  EXPECT_EQ(0, ext2_chmod(file, 0777777));
  EXPECT_EQ(0, ext2_chown(file, 100000, 200000));
  EXPECT_EQ(0, ext2_chown(file, EXT2_KEEP_ID, 300000));
  ext2_time accessed = {-5, 17}, modified = {int64_t{1} << 32, 999999999}, bad = {0, 1000000000};
  EXPECT_EQ(-EINVAL, ext2_utimes(file, &bad, nullptr));
  EXPECT_EQ(0, ext2_utimes(file, &accessed, nullptr));
  EXPECT_EQ(0, ext2_utimes(file, nullptr, &modified));
  ext2_inode_set_user(file, &accessed);
  EXPECT_EQ(&accessed, ext2_inode_user(file));
  ext2_iput(file);
  struct ext2_stat stat;
  EXPECT_EQ(0, mount_.Stat("/a", &stat));
  bool large = std::string(GetParam()).find("-I 128") == std::string::npos;
  EXPECT_EQ(EXT2_MODE_REGULAR | 07777u, stat.mode);
  EXPECT_EQ(100000u, stat.uid);
  EXPECT_EQ(300000u, stat.gid);
  EXPECT_EQ(-5, stat.accessed.seconds);
  EXPECT_EQ(large ? 17u : 0u, stat.accessed.nanoseconds);
  EXPECT_EQ(large ? int64_t{1} << 32 : INT32_MAX, stat.modified.seconds);
  EXPECT_EQ(large ? 999999999u : 0u, stat.modified.nanoseconds);
  EXPECT_EQ(1800000000, stat.changed.seconds);
  file = mount_.Get("/a");
  EXPECT_EQ(nullptr, ext2_inode_user(file));
  EXPECT_EQ(0, ext2_touch(file, EXT2_TOUCH_MODIFIED));
  ext2_stat(file, &stat);
  EXPECT_EQ(1800000000, stat.modified.seconds);
  EXPECT_EQ(-5, stat.accessed.seconds);
  EXPECT_EQ(0, ext2_touch(file, EXT2_TOUCH_ACCESSED));
  ext2_stat(file, &stat);
  EXPECT_EQ(1800000000, stat.accessed.seconds);
  ext2_iput(file);
}

TEST_P(NamesTest, TimesAtTheEndsOfTheRangeAreKept) {
  EXPECT_EQ(0, mount_.Create("/a"));
  ext2_inode *file = mount_.Get("/a");
  bool large = std::string(GetParam()).find("-I 128") == std::string::npos;
  int64_t most = large ? INT32_MAX + (int64_t{3} << 32) : INT32_MAX;
  for (int64_t seconds : {int64_t{INT32_MIN}, int64_t{-1}, int64_t{0}, int64_t{INT32_MAX}, most}) {
    ext2_time time = {seconds, 0};
    EXPECT_EQ(0, ext2_utimes(file, &time, nullptr));
    struct ext2_stat stat;
    ext2_stat(file, &stat);
    EXPECT_EQ(seconds, stat.accessed.seconds);
  }
  ext2_time late = {most + 1, 0}, early = {int64_t{INT32_MIN} - 1, 0};
  EXPECT_EQ(0, ext2_utimes(file, &late, &early));
  struct ext2_stat stat;
  ext2_stat(file, &stat);
  EXPECT_EQ(most, stat.accessed.seconds);
  EXPECT_EQ(INT32_MIN, stat.modified.seconds);
  ext2_iput(file);
}

TEST(InodeTest, InodesThatNoNameCanHaveAreDamage) {
  Disk disk(MakeImage("-b 1024", 8));
  Mount mount(&disk);
  ext2_inode *inode;
  for (uint32_t ino : {0u, 1u, 7u, 10u, 12u, 0xFFFFFFFFu})
    EXPECT_EQ(-EIO, ext2_iget(mount.fs(), ino, &inode)) << ino;
  EXPECT_EQ(6u, mount.damages);
}

}  // namespace
}  // namespace ext2_test
