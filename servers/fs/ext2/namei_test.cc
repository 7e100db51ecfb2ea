#include <errno.h>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

namespace ext2_test {
namespace {

class NameiTest : public testing::Test {
 protected:
  NameiTest() : disk_(MakeImage("-b 4096", 8)), mount_(&disk_) {
    EXPECT_EQ(0, mount_.Mkdir("/a"));
    EXPECT_EQ(0, mount_.Mkdir("/a/b"));
    EXPECT_EQ(0, mount_.Create("/a/b/f"));
    EXPECT_EQ(0, mount_.Symlink("a/b", "/rel"));
    EXPECT_EQ(0, mount_.Symlink("/a/b/f", "/abs"));
    EXPECT_EQ(0, mount_.Symlink("loop", "/loop"));
    EXPECT_EQ(0, mount_.Symlink("none", "/dangling"));
    EXPECT_EQ(0, mount_.Symlink("/", "/slash"));
    EXPECT_EQ(0, mount_.Symlink("a/b/", "/trailing"));
    EXPECT_EQ(0, mount_.Symlink("../b/./../b/f", "/a/b/dots"));
  }

  void TearDown() override {
    // Every reference of every walk has been given back.
    EXPECT_EQ(0, mount_.Unmount());
    EXPECT_EQ("", Fsck(disk_.bytes()));
  }

  // => The inode's number, or -errno.
  int64_t Walk(const std::string &path, unsigned flags = 0) {
    int error;
    ext2_inode *inode = mount_.Get(path, &error, flags);
    if (inode == nullptr) return error;
    int64_t ino = ext2_inode_number(inode);
    ext2_iput(inode);
    return ino;
  }

  Disk disk_;
  Mount mount_;
};

TEST_F(NameiTest, FindsFilesBySlashesAndDots) {
  int64_t f = Walk("/a/b/f");
  EXPECT_GT(f, 10);
  for (const char *path : {"a/b/f", "//a//b///f", "/./a/./b/f", "/a/../a/b/../b/f", "/../../a/b/f"})
    EXPECT_EQ(f, Walk(path)) << path;
  EXPECT_EQ(EXT2_ROOT, Walk("/"));
  EXPECT_EQ(EXT2_ROOT, Walk("///"));
  EXPECT_EQ(EXT2_ROOT, Walk("."));
  EXPECT_EQ(EXT2_ROOT, Walk("a/.."));
  EXPECT_EQ(Walk("/a"), Walk("/a/"));
}

TEST_F(NameiTest, FollowsSymbolicLinks) {
  EXPECT_EQ(Walk("/a/b"), Walk("/rel"));
  EXPECT_EQ(Walk("/a/b/f"), Walk("/rel/f"));
  EXPECT_EQ(Walk("/a/b/f"), Walk("/abs"));
  EXPECT_EQ(Walk("/a/b/f"), Walk("/rel/dots"));
  EXPECT_EQ(Walk("/a/b"), Walk("/slash/slash/rel/../b"));
  EXPECT_EQ(EXT2_ROOT, Walk("/slash"));
  EXPECT_EQ(EXT2_ROOT, Walk("/slash/"));
  EXPECT_EQ(Walk("/a/b"), Walk("/trailing"));
  EXPECT_EQ(Walk("/a/b/f"), Walk("/trailing/f"));
}

TEST_F(NameiTest, NoFollowGivesTheLinkItselfUnlessASlashFollows) {
  EXPECT_NE(Walk("/rel"), Walk("/rel", EXT2_NAMEI_NOFOLLOW));
  EXPECT_EQ(Walk("/rel"), Walk("/rel/", EXT2_NAMEI_NOFOLLOW));
  EXPECT_EQ(Walk("/a/b/f"), Walk("/rel/f", EXT2_NAMEI_NOFOLLOW));
  EXPECT_GT(Walk("/loop", EXT2_NAMEI_NOFOLLOW), 10);
}

TEST_F(NameiTest, Errors) {
  EXPECT_EQ(-ENOENT, Walk(""));
  EXPECT_EQ(-ENOENT, Walk("/x"));
  EXPECT_EQ(-ENOENT, Walk("/x/y"));
  EXPECT_EQ(-ENOENT, Walk("/dangling"));
  EXPECT_EQ(-ENOTDIR, Walk("/a/b/f/g"));
  EXPECT_EQ(-ENOTDIR, Walk("/a/b/f/."));
  EXPECT_EQ(-ENOTDIR, Walk("/a/b/f/"));
  EXPECT_EQ(-ENOTDIR, Walk("/abs/"));
  EXPECT_EQ(-ELOOP, Walk("/loop"));
  EXPECT_EQ(-ELOOP, Walk("/loop/x"));
  EXPECT_EQ(-EINVAL, Walk(std::string("a\0b", 3)));
  EXPECT_EQ(-ENAMETOOLONG, Walk("/" + std::string(256, 'n')));
  EXPECT_EQ(-ENOENT, Walk("/" + std::string(255, 'n')));
  EXPECT_EQ(-ENAMETOOLONG, Walk(std::string(4096, '/')));
  EXPECT_EQ(EXT2_ROOT, Walk(std::string(4095, '/')));
}

TEST_F(NameiTest, FortyLinksAreFollowed) {
  EXPECT_EQ(0, mount_.Symlink("a", "/l1"));
  for (int i = 2; i <= 41; i++)
    EXPECT_EQ(0, mount_.Symlink("l" + std::to_string(i - 1), "/l" + std::to_string(i)));
  EXPECT_EQ(Walk("/a"), Walk("/l40"));
  EXPECT_EQ(-ELOOP, Walk("/l41"));
}

TEST_F(NameiTest, APathThatLinksMakeTooLongIsRefused) {
  std::string dots;
  while (dots.size() < 4000) dots += "./";
  EXPECT_EQ(0, mount_.Symlink(dots, "/long"));
  EXPECT_EQ(EXT2_ROOT, Walk("/long"));
  EXPECT_EQ(EXT2_ROOT, Walk("/long/./."));
  std::string rest;
  while (rest.size() < 200) rest += "/.";
  EXPECT_EQ(-ENAMETOOLONG, Walk("/long" + rest));
}

TEST_F(NameiTest, ParentStopsBeforeTheLastComponent) {
  auto parent = [&](const std::string &path, int64_t ino, const std::string &last, bool slash) {
    ext2_namei_result result;
    ASSERT_EQ(0, ext2_namei(mount_.root(), mount_.root(), Name(path), EXT2_NAMEI_PARENT, &result))
        << path;
    EXPECT_EQ(ino, ext2_inode_number(result.inode)) << path;
    EXPECT_EQ(last, std::string(result.last, result.last_length)) << path;
    EXPECT_EQ(slash, result.directory_wanted) << path;
    ext2_iput(result.inode);
  };
  parent("/a/b/new", Walk("/a/b"), "new", false);
  parent("new", EXT2_ROOT, "new", false);
  parent("/new/", EXT2_ROOT, "new", true);
  parent("/rel/new", Walk("/a/b"), "new", false);
  parent("/rel", EXT2_ROOT, "rel", false);
  parent("/a/..", Walk("/a"), "..", false);
  parent("/", EXT2_ROOT, ".", true);
  EXPECT_EQ(-ENOENT, Walk("/x/y", EXT2_NAMEI_PARENT));
  EXPECT_EQ(-ENOTDIR, Walk("/a/b/f/y", EXT2_NAMEI_PARENT));
}

TEST_F(NameiTest, ARootBelowTheRootIsNotLeft) {
  ext2_inode *jail = mount_.Get("/a");
  ext2_namei_result result;
  auto walk = [&](const std::string &path) {
    int error = ext2_namei(jail, jail, Name(path), 0, &result);
    if (error != 0) return static_cast<int64_t>(error);
    int64_t ino = ext2_inode_number(result.inode);
    ext2_iput(result.inode);
    return ino;
  };
  EXPECT_EQ(Walk("/a"), walk(".."));
  EXPECT_EQ(Walk("/a"), walk("/../../.."));
  EXPECT_EQ(Walk("/a/b"), walk("/b"));
  EXPECT_EQ(-ENOENT, walk("/a"));
  ext2_iput(jail);
}

TEST_F(NameiTest, TheWalkBeginsAtTheStart) {
  ext2_inode *start = mount_.Get("/a/b");
  ext2_namei_result result;
  ASSERT_EQ(0, ext2_namei(mount_.root(), start, Name("f"), 0, &result));
  EXPECT_EQ(Walk("/a/b/f"), ext2_inode_number(result.inode));
  ext2_iput(result.inode);
  ASSERT_EQ(0, ext2_namei(mount_.root(), start, Name("../.."), 0, &result));
  EXPECT_EQ(mount_.root(), result.inode);
  ext2_iput(result.inode);
  ext2_iput(start);
}

}  // namespace
}  // namespace ext2_test
