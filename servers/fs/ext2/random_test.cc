// Random operations on the file system and on a simple model of a file tree, which says what each
// has to give. Now and then all is compared; the file system is unmounted, judged by e2fsck,
// mounted again and compared anew.
#include <errno.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

namespace ext2_test {
namespace {

struct Node {
  uint32_t type = 0;
  uint32_t mode = 0;
  uint32_t links = 0;
  uint32_t ino = 0;
  uint64_t size = 0;
  std::map<uint64_t, uint64_t> blocks;  // What was written: tag by block.
  std::string target;
  std::map<std::string, std::shared_ptr<Node>> names;
  Node *parent = nullptr;
  bool IsDir() const { return type == EXT2_MODE_DIR; }
};

using NodePtr = std::shared_ptr<Node>;

struct Handle {
  NodePtr node;
  ext2_inode *inode;
};

struct Config {
  const char *options;
  uint32_t mebibytes;
  uint32_t buffers;
  uint32_t seed;
  uint32_t steps;
};

class Comparison {
 public:
  explicit Comparison(const Config &config)
      : config_(config), random_(config.seed), disk_(MakeImage(config.options, config.mebibytes)) {
    mount_options_.buffers = config.buffers;
    Remount();
    root_ = std::make_shared<Node>();
    root_->type = EXT2_MODE_DIR;
    root_->links = 3;
    root_->parent = root_.get();
    NodePtr lost = std::make_shared<Node>();
    lost->type = EXT2_MODE_DIR;
    lost->links = 2;
    lost->parent = root_.get();
    lost->ino = 11;
    root_->names["lost+found"] = lost;
    root_->ino = EXT2_ROOT;
    dirs_ = {root_};
  }

  void Go() {
    for (uint32_t step = 1; step <= config_.steps && !testing::Test::HasFailure(); step++) {
      Step();
      if (step % 500 == 0) Compare();
      if (step % 2500 == 0) CheckAndRemount();
    }
    CheckAndRemount();
    EXPECT_EQ(0u, mount_->damages) << mount_->last_damage;
    printf("%u steps, %u without space\n", config_.steps, no_space_);
  }

 private:
  uint32_t Pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

  void Remount() {
    mount_ = std::make_unique<Mount>(&disk_, mount_options_);
    ASSERT_EQ(0, mount_->error());
  }

  NodePtr AnyDir() { return dirs_[Pick(static_cast<uint32_t>(dirs_.size()))]; }

  // A few names, so that they collide; some long.
  std::string AnyName() {
    uint32_t n = Pick(40);
    return "n" + std::to_string(n) + (n % 5 == 0 ? std::string(n * 6, 'x') : "");
  }

  ext2_inode *Get(const NodePtr &node) {
    ext2_inode *inode = nullptr;
    EXPECT_EQ(0, ext2_iget(mount_->fs(), node->ino, &inode)) << mount_->last_damage;
    return inode;
  }

  NodePtr Find(const NodePtr &dir, const std::string &name) {
    auto found = dir->names.find(name);
    return found == dir->names.end() ? nullptr : found->second;
  }

  // => Whether it was done. Running out of space is allowed where the model does not know.
  bool Done(int expected, int got, const char *what) {
    if (expected == 0 && got == -ENOSPC) {
      no_space_++;
      return false;
    }
    EXPECT_EQ(expected, got) << what << " " << mount_->last_damage;
    return expected == 0 && got == 0;
  }

  void Step() {
    uint32_t kind = Pick(100);
    if (kind < 14) return Add(EXT2_MODE_REGULAR);
    if (kind < 22) return Add(EXT2_MODE_DIR);
    if (kind < 27) return Add(EXT2_MODE_SYMLINK);
    if (kind < 29) return Add(EXT2_MODE_CHAR);
    if (kind < 35) return AddLink();
    if (kind < 45) return Unlink();
    if (kind < 50) return Rmdir();
    if (kind < 62) return Rename();
    if (kind < 80) return Write();
    if (kind < 88) return Truncate();
    if (kind < 92) return Hold();
    if (kind < 96) return LetGo();
    if (kind < 98) return Lookup();
    return Attributes();
  }

  void Add(uint32_t type) {
    NodePtr dir = AnyDir();
    std::string name = AnyName();
    ext2_inode *at = Get(dir), *made = nullptr;
    ext2_new attributes = {Pick(01000), 0, 0};
    NodePtr node = std::make_shared<Node>();
    node->type = type;
    node->mode = attributes.mode;
    int error;
    if (type == EXT2_MODE_REGULAR) {
      error = ext2_create(at, Name(name), &attributes, &made);
    } else if (type == EXT2_MODE_DIR) {
      error = ext2_mkdir(at, Name(name), &attributes, &made);
    } else if (type == EXT2_MODE_SYMLINK) {
      node->target = std::string(1 + Pick(Pick(4) == 0 ? 900 : 100), 't');
      node->size = node->target.size();
      error = ext2_symlink(at, Name(name), Name(node->target), &attributes, &made);
    } else {
      attributes.mode |= type;
      error = ext2_mknod(at, Name(name), &attributes, 5, 1, &made);
    }
    int expected = dir->links == 0 ? -ENOENT : Find(dir, name) ? -EEXIST : 0;
    if (Done(expected, error, "add")) {
      node->ino = ext2_inode_number(made);
      node->links = type == EXT2_MODE_DIR ? 2 : 1;
      node->parent = dir.get();
      dir->names[name] = node;
      if (node->IsDir()) {
        dir->links++;
        dirs_.push_back(node);
      }
      ext2_iput(made);
    }
    ext2_iput(at);
  }

  void AddLink() {
    NodePtr from_dir = AnyDir(), dir = AnyDir();
    NodePtr node = Find(from_dir, AnyName());
    if (!node) return;
    std::string name = AnyName();
    ext2_inode *at = Get(dir), *inode = Get(node);
    int expected = node->IsDir() ? -EPERM : Find(dir, name) ? -EEXIST : 0;
    if (Done(expected, ext2_link(at, Name(name), inode), "link")) {
      dir->names[name] = node;
      node->links++;
    }
    ext2_iput(inode);
    ext2_iput(at);
  }

  void Unlink() {
    NodePtr dir = AnyDir();
    std::string name = AnyName();
    NodePtr node = Find(dir, name);
    ext2_inode *at = Get(dir);
    int expected = !node ? -ENOENT : node->IsDir() ? -EISDIR : 0;
    if (Done(expected, ext2_unlink(at, Name(name)), "unlink")) {
      dir->names.erase(name);
      node->links--;
    }
    ext2_iput(at);
  }

  void DropDir(const NodePtr &dir) {
    dir->links = 0;
    dir->parent->links--;
    dirs_.erase(std::find(dirs_.begin(), dirs_.end(), dir));
  }

  void Rmdir() {
    NodePtr dir = AnyDir();
    std::string name = AnyName();
    NodePtr node = Find(dir, name);
    ext2_inode *at = Get(dir);
    int expected = !node                  ? -ENOENT
                   : !node->IsDir()       ? -ENOTDIR
                   : !node->names.empty() ? -ENOTEMPTY
                                          : 0;
    if (Done(expected, ext2_rmdir(at, Name(name)), "rmdir")) {
      dir->names.erase(name);
      DropDir(node);
    }
    ext2_iput(at);
  }

  static bool IsAbove(const Node *above, const Node *node) {
    while (node != above && node->parent != node) node = node->parent;
    return node == above;
  }

  int ExpectRename(const NodePtr &node, const NodePtr &to, const NodePtr &target) {
    if (!node) return -ENOENT;
    if (node == target) return 0;
    if (node->IsDir() && IsAbove(node.get(), to.get())) return -EINVAL;
    if (!target) return 0;
    if (node->IsDir() && !target->IsDir()) return -ENOTDIR;
    if (!node->IsDir() && target->IsDir()) return -EISDIR;
    return target->names.empty() ? 0 : -ENOTEMPTY;
  }

  void Rename() {
    NodePtr from = AnyDir(), to = Pick(2) ? AnyDir() : from;
    std::string old_name = AnyName(), new_name = AnyName();
    NodePtr node = Find(from, old_name), target = Find(to, new_name);
    ext2_inode *old_at = Get(from), *new_at = Get(to);
    int error = ext2_rename(old_at, Name(old_name), new_at, Name(new_name));
    if (Done(ExpectRename(node, to, target), error, "rename") && node != target) {
      if (target && target->IsDir()) {
        DropDir(target);
      } else if (target) {
        target->links--;
      }
      from->names.erase(old_name);
      to->names[new_name] = node;
      if (node->IsDir()) {
        from->links--;
        to->links++;
        node->parent = to.get();
      }
    }
    ext2_iput(old_at);
    ext2_iput(new_at);
  }

  NodePtr AnyFile() {
    if (!handles_.empty() && Pick(3) == 0)
      return handles_[Pick(static_cast<uint32_t>(handles_.size()))].node;
    for (int tries = 0; tries < 20; tries++) {
      NodePtr node = Find(AnyDir(), AnyName());
      if (node && node->type == EXT2_MODE_REGULAR) return node;
    }
    return nullptr;
  }

  ext2_inode *Open(const NodePtr &node) {
    for (Handle &handle : handles_) {
      if (handle.node != node) continue;
      ext2_iref(handle.inode);
      return handle.inode;
    }
    return Get(node);
  }

  uint64_t AnyPlace() {
    switch (Pick(12)) {
      case 0:
        return 12 + mount_->block_size() / 4 - 3 + Pick(6);
      case 1:
        return Pick(70000);
      case 2:
        return 12 + mount_->block_size() / 4 +
               (mount_->block_size() / 4) * (mount_->block_size() / 4) - 3 + Pick(6);
      default:
        return Pick(40);
    }
  }

  void Write() {
    NodePtr node = AnyFile();
    if (!node) return;
    uint64_t first = AnyPlace(), count = 1 + Pick(Pick(10) == 0 ? 400 : 20),
             tag = (tag_ += 1 << 24);
    ext2_inode *inode = Open(node);
    uint64_t before = mount_->FreeBlocks();
    int error = mount_->WriteBlocks(inode, first, count, tag);
    if (error == -ENOSPC) {
      EXPECT_EQ(before, mount_->FreeBlocks());
    }
    if (Done(0, error, "write")) {
      for (uint64_t i = first; i < first + count; i++) node->blocks[i] = tag;
      node->size = std::max(node->size, (first + count) * mount_->block_size());
    }
    ext2_iput(inode);
  }

  void Truncate() {
    NodePtr node = AnyFile();
    if (!node) return;
    uint64_t size = Pick(8) == 0 ? 0
                                 : AnyPlace() * mount_->block_size() +
                                       (Pick(2) ? Pick(mount_->block_size()) : 0);
    ext2_inode *inode = Open(node);
    if (Done(0, ext2_truncate(inode, size), "truncate")) {
      node->size = size;
      uint64_t end = (size + mount_->block_size() - 1) / mount_->block_size();
      node->blocks.erase(node->blocks.lower_bound(end), node->blocks.end());
    }
    ext2_iput(inode);
  }

  void Hold() {
    NodePtr node = AnyFile();
    if (!node || handles_.size() >= 8) return;
    handles_.push_back({node, Open(node)});
  }

  void LetGo() {
    if (handles_.empty()) return;
    uint32_t i = Pick(static_cast<uint32_t>(handles_.size()));
    CompareContent(handles_[i].node, handles_[i].inode);
    EXPECT_EQ(0, ext2_iput(handles_[i].inode));
    handles_.erase(handles_.begin() + i);
  }

  void Lookup() {
    NodePtr dir = AnyDir();
    std::string name = AnyName();
    NodePtr node = Find(dir, name);
    ext2_inode *at = Get(dir), *found = nullptr;
    EXPECT_EQ(node ? 0 : -ENOENT, ext2_lookup(at, Name(name), &found));
    if (found != nullptr) {
      EXPECT_EQ(node->ino, ext2_inode_number(found));
      ext2_iput(found);
    }
    ext2_iput(at);
  }

  void Attributes() {
    NodePtr node = AnyFile();
    if (!node) return;
    ext2_inode *inode = Open(node);
    node->mode = Pick(010000);
    EXPECT_EQ(0, ext2_chmod(inode, node->mode));
    ext2_iput(inode);
  }

  void CompareContent(const NodePtr &node, ext2_inode *inode) {
    EXPECT_EQ(node->size, ext2_inode_size(inode));
    for (auto [block, tag] : node->blocks) EXPECT_EQ(tag, mount_->ReadBlock(inode, block));
    // Holes: behind each block, and at the beginning.
    uint64_t end = (node->size + mount_->block_size() - 1) / mount_->block_size();
    for (auto [block, tag] : node->blocks) {
      if (block + 1 < end && node->blocks.count(block + 1) == 0) {
        EXPECT_EQ(0u, mount_->ReadBlock(inode, block + 1));
      }
    }
    if (end > 0 && node->blocks.count(0) == 0) {
      EXPECT_EQ(0u, mount_->ReadBlock(inode, 0));
    }
  }

  void CompareNode(const NodePtr &node, const std::string &path) {
    int error;
    ext2_inode *inode = mount_->Get(path, &error);
    ASSERT_NE(nullptr, inode) << path << " " << error;
    struct ext2_stat stat;
    ext2_stat(inode, &stat);
    EXPECT_EQ(node->ino, stat.ino);
    EXPECT_EQ(node->links, stat.links) << path;
    EXPECT_EQ(node->type, stat.mode & EXT2_MODE_TYPE);
    if (node->type == EXT2_MODE_REGULAR) CompareContent(node, inode);
    if (node->type == EXT2_MODE_REGULAR) {
      EXPECT_EQ(node->mode, stat.mode & EXT2_MODE_PERMISSIONS);
    }
    if (node->type == EXT2_MODE_SYMLINK) {
      std::string target;
      EXPECT_EQ(0, mount_->Readlink(path, &target));
      EXPECT_EQ(node->target, target);
    }
    ext2_iput(inode);
    if (!node->IsDir()) return;
    std::vector<std::string> names = mount_->List(path), expected = {".", ".."};
    for (auto &[name, child] : node->names) expected.push_back(name);
    std::sort(names.begin(), names.end());
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(expected, names) << path;
    for (auto &[name, child] : node->names) {
      // Deep paths are compared as far as a path can be long.
      if (path.size() + name.size() < EXT2_PATH_MAX - 2) CompareNode(child, path + "/" + name);
    }
  }

  void Compare() { CompareNode(root_, "/"); }

  void CheckAndRemount() {
    while (!handles_.empty()) LetGo();
    Compare();
    ASSERT_EQ(0, mount_->Unmount());
    EXPECT_EQ("", Fsck(disk_.bytes()));
    Remount();
    Compare();
  }

  Config config_;
  std::mt19937 random_;
  MountOptions mount_options_;
  Disk disk_;
  std::unique_ptr<Mount> mount_;
  NodePtr root_;
  std::vector<NodePtr> dirs_;  // All directories that have a name.
  std::vector<Handle> handles_;
  uint64_t tag_ = 0;
  uint32_t no_space_ = 0;
};

class RandomTest : public testing::TestWithParam<Config> {};

TEST_P(RandomTest, MatchesTheModel) {
  const Config &config = GetParam();
  printf("seed %u, mke2fs %s, %u MiB, %u buffers\n", config.seed, config.options, config.mebibytes,
         config.buffers);
  Comparison(config).Go();
}

INSTANTIATE_TEST_SUITE_P(
    Seeds, RandomTest,
    testing::Values(
        Config{"-b 1024 -m 0", 16, 32, 1, 15000}, Config{"-b 1024 -m 0", 16, 512, 2, 15000},
        Config{"-b 4096 -m 0", 48, 32, 3, 15000}, Config{"-b 4096 -m 0 -g 1024", 48, 128, 4, 15000},
        Config{"-b 2048 -m 0 -I 128", 16, 64, 5, 15000},
        Config{"-b 1024 -m 0 -g 512 -I 128 -O ^filetype,^resize_inode", 8, 32, 6, 15000},
        Config{"-b 1024 -m 0 -N 64", 4, 32, 7, 15000}));

// More steps from the environment, for soaking: EXT2_SEED, EXT2_STEPS.
TEST(SoakTest, MatchesTheModel) {
  if (getenv("EXT2_SEED") == nullptr || getenv("EXT2_STEPS") == nullptr)
    GTEST_SKIP() << "no EXT2_SEED, EXT2_STEPS";
  uint32_t seed = static_cast<uint32_t>(atoi(getenv("EXT2_SEED")));
  uint32_t steps = static_cast<uint32_t>(atoi(getenv("EXT2_STEPS")));
  Comparison(
      {seed % 2 ? "-b 1024 -m 0" : "-b 4096 -m 0 -g 1024", seed % 2 ? 16u : 48u, 32, seed, steps})
      .Go();
}

}  // namespace
}  // namespace ext2_test
