// Random damage and failing devices: whatever is on the disk, every operation comes to an end, with
// a plain error at worst, no reference or pin is lost, and nothing outside the device is touched.
#include <errno.h>
#include <string.h>

#include <algorithm>
#include <random>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

namespace ext2_test {
namespace {

constexpr uint64_t kTag = 1 << 20;
constexpr uint64_t kBudget =
    50000;  // Transfers allowed for one image; a sound one takes some hundreds.

// A tree with everything that the format has.
void Build(Mount *mount) {
  EXPECT_EQ(0, mount->Mkdir("/d"));
  EXPECT_EQ(0, mount->Mkdir("/d/e"));
  EXPECT_EQ(0, mount->Mkdir("/d/e/h"));
  EXPECT_EQ(0, mount->Mkdir("/many"));
  for (int i = 0; i < 80; i++)
    EXPECT_EQ(0, mount->Create("/many/some_longer_name_" + std::to_string(i)));
  EXPECT_EQ(0, mount->Create("/d/f"));
  EXPECT_EQ(0, mount->WriteBlocks("/d/f", 0, 700, kTag));
  EXPECT_EQ(0, mount->WriteBlocks("/d/f", 67000, 3, kTag));
  EXPECT_EQ(0, mount->Create("/g"));
  EXPECT_EQ(0, mount->WriteBlocks("/g", 3, 5, kTag));
  EXPECT_EQ(0, mount->Link("/g", "/d/e/g"));
  EXPECT_EQ(0, mount->Symlink("d/f", "/fast"));
  EXPECT_EQ(0, mount->Symlink("d/e/../e/h" + std::string(200, '/'), "/slow"));
  EXPECT_EQ(0, mount->Mknod("/null", EXT2_MODE_CHAR | 0666, 1, 3));
}

const char *const kPaths[] = {"/",
                              "/d",
                              "/d/e",
                              "/d/e/h",
                              "/many",
                              "/d/f",
                              "/g",
                              "/d/e/g",
                              "/fast",
                              "/slow",
                              "/null",
                              "/new",
                              "/d/x",
                              "/slow/y",
                              "/lost+found",
                              "/d/e/h/../z",
                              "/many/some_longer_name_7",
                              "/many/some_longer_name_79"};

// Visits what can be found, at most `left` files.
void Visit(Mount *mount, const std::string &path, int depth, int *left) {
  if (--*left < 0) return;
  ext2_inode *inode = mount->Get(path);
  if (inode == nullptr) return;
  uint32_t type = ext2_inode_mode(inode) & EXT2_MODE_TYPE;
  uint64_t at = 0, block;
  uint32_t run;
  for (int i = 0; i < 40 && type == EXT2_MODE_REGULAR; i++) {
    if (ext2_bmap(inode, at, 1u << 31, &block, &run) == 0) {
      EXPECT_GE(run, 1u);
      at += run;
    } else {
      at++;
    }
  }
  char target[EXT2_PATH_MAX];
  ext2_readlink(inode, target, sizeof(target));
  std::vector<std::string> names;
  auto emit = [](void *ctx, const ext2_dirent *entry) {
    auto *list = static_cast<std::vector<std::string> *>(ctx);
    if (list->size() < 200) list->emplace_back(entry->name.text, entry->name.length);
    return true;
  };
  ext2_readdir(inode, 0, emit, &names);
  ext2_iput(inode);
  for (const std::string &name : names) {
    if (depth > 0 && name != "." && name != "..") Visit(mount, path + "/" + name, depth - 1, left);
  }
}

class Chaos {
 public:
  Chaos(Mount *mount, std::mt19937 *random) : mount_(mount), random_(random) {}

  void Go(int steps) {
    for (int i = 0; i < steps; i++) Check(Step());
  }

 private:
  uint32_t Pick(uint32_t below) { return static_cast<uint32_t>((*random_)() % below); }
  std::string Path() { return kPaths[Pick(sizeof(kPaths) / sizeof(kPaths[0]))]; }

  static void Check(int error) {
    switch (-error) {
      case 0:
      case EIO:
      case ENOENT:
      case ENOTDIR:
      case EISDIR:
      case EEXIST:
      case ENOTEMPTY:
      case EINVAL:
      case ELOOP:
      case ENOSPC:
      case EPERM:
      case EMLINK:
      case EFBIG:
      case EROFS:
      case ENAMETOOLONG:
        return;
      default:
        ADD_FAILURE() << error;
    }
  }

  int Step() {
    switch (Pick(12)) {
      case 0:
        return mount_->Create(Path());
      case 1:
        return mount_->Mkdir(Path());
      case 2:
        return mount_->Unlink(Path());
      case 3:
        return mount_->Rmdir(Path());
      case 4:
      case 5:
        return mount_->Rename(Path(), Path());
      case 6:
        return mount_->Link(Path(), Path());
      case 7:
        return mount_->Symlink(std::string(1 + Pick(500), 'a'), Path());
      case 8:
        return mount_->Truncate(Path(), Pick(3) == 0 ? 0 : Pick(80000) * uint64_t{1024});
      case 9:
      case 10:
        return Allocate();
      default:
        return ext2_sync(mount_->fs());
    }
  }

  int Allocate() {
    int error;
    ext2_inode *inode = mount_->Get(Path(), &error);
    if (inode == nullptr) return error;
    error = ext2_alloc_range(inode, Pick(2) ? Pick(30) : Pick(70000), 1 + Pick(100));
    if (Pick(2)) ext2_set_size(inode, Pick(80000) * uint64_t{1024});
    int freed = ext2_iput(inode);
    return error != 0 ? error : freed;
  }

  Mount *mount_;
  std::mt19937 *random_;
};

struct Format {
  const char *options;
  uint32_t mebibytes;
  uint32_t seeds;
};

class ChaosTest : public testing::TestWithParam<Format> {
 protected:
  ChaosTest() : disk_(MakeImage(GetParam().options, GetParam().mebibytes)) {
    {
      Mount mount(&disk_);
      Build(&mount);
      EXPECT_EQ(0, mount.Unmount());
    }
    EXPECT_EQ("", Fsck(disk_.bytes()));
    disk_.Keep();
    // What is read here is metadata.
    disk_.record = true;
    {
      Mount mount(&disk_);
      int left = 1000;
      Visit(&mount, "/", 5, &left);
      EXPECT_EQ(0, mount.Mkdir("/new"));
      EXPECT_EQ(0, mount.Create("/many/new"));
      EXPECT_EQ(0u, mount.damages);
    }
    disk_.record = false;
    sectors_.assign(disk_.read_sectors.begin(), disk_.read_sectors.end());
    disk_.Restore();
  }

  uint32_t Pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

  uint8_t *AnySector() {
    uint64_t sector = sectors_[Pick(static_cast<uint32_t>(sectors_.size()))];
    touched_.push_back(sector);
    return &disk_.bytes()[sector * 512];
  }

  void DamageOnce() {
    uint8_t *sector = AnySector();
    uint32_t at = Pick(512), word = Pick(128) * 4;
    // Where something is, rather than in the zeros.
    for (int tries = 0; tries < 300 && sector[at] == 0; tries++) at = Pick(512);
    if (sector[at] != 0 && Pick(3) != 0) word = at / 4 * 4;
    uint32_t value = Pick(5) == 0 ? 0 : Pick(2) ? random_() : Pick(8192);
    switch (Pick(7)) {
      case 0:
        sector[at] = static_cast<uint8_t>(random_());
        return;
      case 1:
        sector[at] ^= static_cast<uint8_t>(1 << Pick(8));
        return;
      case 2:
      case 3:
        memcpy(sector + word, &value, 4);
        return;
      case 4:
        memcpy(sector + word + Pick(2) * 2, &value, 2);
        return;
      case 5:
        memset(sector + word, Pick(2) ? 0 : 0xFF, std::min(512 - word, 4 + Pick(60)));
        return;
      default:
        memcpy(sector, AnySector(), 512);
    }
  }

  // Puts back what DamageOnce and the device changed.
  void Restore(const std::vector<uint8_t> &good) {
    disk_.Restore();
    for (uint64_t sector : touched_) memcpy(&disk_.bytes()[sector * 512], &good[sector * 512], 512);
    touched_.clear();
  }

  Disk disk_;
  std::vector<uint64_t> sectors_;
  std::vector<uint64_t> touched_;
  std::mt19937 random_;
};

INSTANTIATE_TEST_SUITE_P(Mke2fs, ChaosTest,
                         testing::Values(Format{"-b 1024", 4, 4000},
                                         Format{"-b 4096 -N 512", 8, 2000},
                                         Format{"-b 1024 -g 512 -I 128", 4, 2000}));

TEST_P(ChaosTest, RandomDamageIsSurvived) {
  const std::vector<uint8_t> good = disk_.bytes();
  uint32_t mounted = 0, found = 0;
  uint64_t most = 0;
  for (uint32_t seed = 0; seed < GetParam().seeds && !HasFailure(); seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.seed(seed);
    for (uint32_t n = 1 + Pick(4); n > 0; n--) DamageOnce();
    disk_.reads = disk_.writes = 0;
    disk_.budget = kBudget;
    {
      MountOptions options;
      options.buffers = Pick(2) ? 32 : 128;
      Mount mount(&disk_, options);
      if (mount.error() == 0) {
        mounted++;
        int left = 300;
        Visit(&mount, "/", 6, &left);
        Chaos(&mount, &random_).Go(40);
        Visit(&mount, "/", 6, &left);
        int error = mount.Unmount();
        EXPECT_TRUE(error == 0 || error == -EIO) << error;
      }
      found += mount.damages > 0;
    }
    most = std::max(most, disk_.reads + disk_.writes);
    Restore(good);
  }
  printf("%u seeds: %u mounted, damage found in %u, at most %u transfers\n", GetParam().seeds,
         mounted, found, static_cast<uint32_t>(most));
}

TEST_P(ChaosTest, AFailingDeviceIsSurvived) {
  const std::vector<uint8_t> good = disk_.bytes();
  for (uint32_t seed = 0; seed < 400 && !HasFailure(); seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.seed(seed);
    {
      MountOptions options;
      options.buffers = 32;
      Mount mount(&disk_, options);
      disk_.fail_for_good = seed % 2;
      disk_.fail_after = Pick(150);
      Chaos(&mount, &random_).Go(60);
      int error = mount.Unmount();
      EXPECT_TRUE(error == 0 || error == -EIO) << error;
      disk_.fail_after = -1;
    }
    Restore(good);
  }
}

TEST_P(ChaosTest, ASoundImageHasNoDamage) {
  for (uint32_t seed = 0; seed < 30 && !HasFailure(); seed++) {
    random_.seed(seed);
    Mount mount(&disk_);
    Chaos(&mount, &random_).Go(100);
    EXPECT_EQ(0u, mount.damages) << mount.last_damage;
    EXPECT_EQ(0, mount.Unmount());
    EXPECT_EQ("", Fsck(disk_.bytes())) << seed;
    disk_.Restore();
  }
}

}  // namespace
}  // namespace ext2_test
