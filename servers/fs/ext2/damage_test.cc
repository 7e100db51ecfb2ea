// Damaged images: each kind of damage gives -EIO, and the damaged block is not written.
#include <errno.h>
#include <string.h>

#include <algorithm>

#include "gtest/gtest.h"
#include "servers/fs/ext2/fixture.h"

extern "C" {
#include "servers/fs/ext2/format.h"
}

namespace ext2_test {
namespace {

constexpr uint32_t kBlock = 1024;
constexpr uint32_t kPointers = kBlock / 4;
constexpr uint64_t kTag = 1 << 20;
constexpr uint32_t kReserved = 3;  // A block that nothing writes.

// An image with some files, its structures at hand.
class DamageTest : public testing::Test {
 protected:
  DamageTest() : disk_(MakeImage("-b 1024", 4)) {
    Mount mount(&disk_);
    EXPECT_EQ(0, mount.Mkdir("/d"));
    EXPECT_EQ(0, mount.Mkdir("/d/e"));
    EXPECT_EQ(0, mount.Mkdir("/d/e/h"));
    EXPECT_EQ(0, mount.Create("/d/f"));
    EXPECT_EQ(0, mount.WriteBlocks("/d/f", 0, 12 + kPointers + 300, kTag));
    EXPECT_EQ(0, mount.Create("/g"));
    EXPECT_EQ(0, mount.WriteBlocks("/g", 0, 5, kTag));
    EXPECT_EQ(0, mount.Symlink("d/f", "/fast"));
    EXPECT_EQ(0, mount.Symlink(std::string(200, 's'), "/slow"));
    for (const char *path : {"/d", "/d/e", "/d/e/h", "/d/f", "/g", "/fast", "/slow"}) {
      struct ext2_stat stat;
      EXPECT_EQ(0, mount.Stat(path, &stat));
      ino_[path] = stat.ino;
    }
    ino_["/"] = EXT2_ROOT;
    EXPECT_EQ(0, mount.Unmount());
    EXPECT_EQ("", Fsck(disk_.bytes()));
    memcpy(&group_, disk_.block(2, kBlock), sizeof(group_));
    disk_.Keep();
  }

  ext2_disk_inode GetInode(const std::string &path) {
    ext2_disk_inode inode;
    memcpy(&inode, disk_.block(group_.inode_table, kBlock) + (ino_[path] - 1) * 256, sizeof(inode));
    return inode;
  }

  void SetInode(const std::string &path, const ext2_disk_inode &inode) {
    memcpy(disk_.block(group_.inode_table, kBlock) + (ino_[path] - 1) * 256, &inode, sizeof(inode));
  }

  uint32_t InodeBlock(const std::string &path) { return group_.inode_table + (ino_[path] - 1) / 4; }

  // The only block of a small directory.
  uint8_t *DirBlock(const std::string &path) {
    return disk_.block(GetInode(path).block[0], kBlock);
  }

  ext2_disk_dirent *Entry(const std::string &dir, const std::string &name) {
    uint8_t *block = DirBlock(dir);
    for (uint32_t at = 0; at < kBlock;) {
      ext2_disk_dirent *entry = reinterpret_cast<ext2_disk_dirent *>(block + at);
      if (name == std::string(reinterpret_cast<char *>(block + at + 8), entry->name_length))
        return entry;
      at += entry->record_length;
    }
    ADD_FAILURE() << name;
    return nullptr;
  }

  uint32_t *Pointers(uint32_t block) {
    return reinterpret_cast<uint32_t *>(disk_.block(block, kBlock));
  }

  // Mounts, does what `operations` does, syncs and unmounts: damage is found, and `block` is not
  // written.
  template <typename Operations>
  void Expect(uint32_t block, Operations operations) {
    std::vector<uint8_t> before(disk_.block(block, kBlock), disk_.block(block, kBlock) + kBlock);
    disk_.written_sectors.clear();
    disk_.record = true;
    disk_.reads = disk_.writes = 0;
    disk_.budget = 10000;
    {
      Mount mount(&disk_);
      ASSERT_EQ(0, mount.error());
      operations(&mount);
      EXPECT_GT(mount.damages, 0u);
      EXPECT_EQ(0, ext2_sync(mount.fs()));
      EXPECT_EQ(0, mount.Unmount());
    }
    EXPECT_EQ(0u, disk_.written_sectors.count(block * 2)) << block;
    EXPECT_EQ(0u, disk_.written_sectors.count(block * 2 + 1)) << block;
    EXPECT_TRUE(std::equal(before.begin(), before.end(), disk_.block(block, kBlock)));
    EXPECT_EQ(0, disk_.bytes()[1024 + offsetof(ext2_disk_super, state)] & EXT2_STATE_CLEAN);
    EXPECT_NE(0, disk_.bytes()[1024 + offsetof(ext2_disk_super, state)] & EXT2_STATE_ERRORS);
    disk_.record = false;
    disk_.Restore();
  }

  // Damages a directory in one way: everything in it is -EIO, and the rest of the tree is not.
  template <typename Damage>
  void ExpectDirDamage(const char *what, Damage damage) {
    SCOPED_TRACE(what);
    std::vector<uint8_t> sound(DirBlock("/d"), DirBlock("/d") + kBlock);
    damage();
    Expect(GetInode("/d").block[0], [&](Mount *mount) {
      struct ext2_stat stat;
      EXPECT_EQ(-EIO, mount->Stat("/d/x", &stat));
      EXPECT_EQ(-EIO, mount->Create("/d/x"));
      EXPECT_EQ(-EIO, mount->Mkdir("/d/x"));
      EXPECT_EQ(-EIO, mount->Link("/g", "/d/x"));
      EXPECT_EQ(-EIO, mount->Rename("/g", "/d/x"));
      EXPECT_EQ(-EIO, mount->Rename("/d/e", "/x"));
      EXPECT_EQ(-EIO, mount->Unlink("/d/f"));
      EXPECT_EQ(-EIO, mount->Rmdir("/d"));
      ext2_inode *dir = mount->Get("/d");
      auto emit = [](void *, const ext2_dirent *) { return true; };
      EXPECT_EQ(-EIO, ext2_readdir(dir, 0, emit, nullptr));
      ext2_iput(dir);
      EXPECT_EQ(0, mount->Create("/x"));
      EXPECT_EQ(kTag, mount->ReadBlock("/g", 4));
    });
    memcpy(DirBlock("/d"), sound.data(), kBlock);
  }

  // Damages an inode in one way: it cannot be had, and its block is not written.
  template <typename Damage>
  void ExpectInodeDamage(const std::string &path, const char *what, Damage damage) {
    SCOPED_TRACE(path + " " + what);
    ext2_disk_inode sound = GetInode(path), bad = sound;
    damage(&bad);
    SetInode(path, bad);
    Expect(InodeBlock(path), [&](Mount *mount) {
      struct ext2_stat stat;
      EXPECT_EQ(-EIO, mount->Stat(path, &stat));
      EXPECT_EQ(-EIO, mount->Unlink(path));
      EXPECT_EQ(-EIO, mount->Rmdir(path));
      EXPECT_EQ(-EIO, mount->Rename(path, "/x"));
    });
    SetInode(path, sound);
  }

  Disk disk_;
  ext2_disk_group group_;
  std::map<std::string, uint32_t> ino_;
};

TEST_F(DamageTest, DirectoryRecords) {
  ExpectDirDamage("record length 0", [&] { Entry("/d", "f")->record_length = 0; });
  ExpectDirDamage("record length 8", [&] { Entry("/d", "f")->record_length = 8; });
  ExpectDirDamage("record not aligned", [&] { Entry("/d", "e")->record_length = 13; });
  ExpectDirDamage("record crosses the block", [&] { Entry("/d", "f")->record_length += 4; });
  ExpectDirDamage("record very long", [&] { Entry("/d", "f")->record_length = 0xFFFC; });
  ExpectDirDamage("record ends before the end", [&] { Entry("/d", "f")->record_length -= 4; });
  ExpectDirDamage("name longer than the record", [&] { Entry("/d", "e")->name_length = 5; });
  ExpectDirDamage("name empty", [&] { Entry("/d", "f")->name_length = 0; });
  ExpectDirDamage("inode out of range", [&] { Entry("/d", "f")->ino = 0xFFFFFFFF; });
  ExpectDirDamage("slash in the name",
                  [&] { reinterpret_cast<char *>(Entry("/d", "e") + 1)[0] = '/'; });
  ExpectDirDamage("NUL in the name",
                  [&] { reinterpret_cast<char *>(Entry("/d", "e") + 1)[0] = 0; });
  ExpectDirDamage("a second dot", [&] { reinterpret_cast<char *>(Entry("/d", "e") + 1)[0] = '.'; });
  ExpectDirDamage("dot of another", [&] { Entry("/d", ".")->ino = EXT2_ROOT; });
  ExpectDirDamage("dot missing", [&] { Entry("/d", ".")->ino = 0; });
  ExpectDirDamage("dot dot missing", [&] { Entry("/d", "..")->ino = 0; });
  ExpectDirDamage("dot dot renamed",
                  [&] { reinterpret_cast<char *>(Entry("/d", "..") + 1)[0] = 'x'; });
  ExpectDirDamage("all zero", [&] { memset(DirBlock("/d"), 0, kBlock); });
  ExpectDirDamage("all ones", [&] { memset(DirBlock("/d"), 0xFF, kBlock); });
}

TEST_F(DamageTest, RecordsThatNameWhatTheyMayNot) {
  auto names = [&](const char *what, uint32_t ino) {
    SCOPED_TRACE(what);
    uint32_t sound = Entry("/d", "f")->ino;
    Entry("/d", "f")->ino = ino;
    uint32_t block = GetInode("/d").block[0];
    Expect(block, [&](Mount *mount) {
      struct ext2_stat stat;
      EXPECT_EQ(-EIO, mount->Stat("/d/f", &stat));
      EXPECT_EQ(-EIO, mount->Unlink("/d/f"));
      EXPECT_EQ(-EIO, mount->Rmdir("/d/f"));
      EXPECT_EQ(-EIO, mount->Rename("/d/f", "/x"));
      EXPECT_EQ(-EIO, mount->Rename("/g", "/d/f"));
      EXPECT_EQ(0, mount->Stat("/d/e", &stat));
    });
    Entry("/d", "f")->ino = sound;
  };
  names("a free inode", 100);
  names("the resize inode", 7);
  names("the bad blocks inode", 1);
  names("its directory", ino_["/d"]);
  names("the root", EXT2_ROOT);
}

TEST_F(DamageTest, Inodes) {
  using I = ext2_disk_inode;
  ExpectInodeDamage("/g", "no links", [](I *i) { i->links_count = 0; });
  ExpectInodeDamage("/g", "no type", [](I *i) { i->mode = 0; });
  ExpectInodeDamage("/g", "unknown type", [](I *i) { i->mode = 0xF000; });
  ExpectInodeDamage("/g", "too large", [](I *i) { i->size_high = 0x100; });
  ExpectInodeDamage("/g", "extents", [](I *i) { i->flags |= 0x80000; });
  ExpectInodeDamage("/g", "inline data", [](I *i) { i->flags |= 0x10000000; });
  ExpectInodeDamage("/g", "extra size", [](I *i) { i->extra_isize = 132; });
  ExpectInodeDamage("/g", "extra size not aligned", [](I *i) { i->extra_isize = 30; });
  ExpectInodeDamage("/d", "directory size 0", [](I *i) { i->size = 0; });
  ExpectInodeDamage("/d", "directory size odd", [](I *i) { i->size = 1000; });
  ExpectInodeDamage("/d", "directory larger than the disk", [](I *i) { i->size = 0x7FFFFC00; });
  ExpectInodeDamage("/d", "directory size high", [](I *i) { i->size_high = 1; });
  ExpectInodeDamage("/fast", "symlink size 0", [](I *i) { i->size = 0; });
  ExpectInodeDamage("/slow", "symlink larger than a block", [](I *i) { i->size = 1024; });
}

TEST_F(DamageTest, ADirectoryWithAHole) {
  ext2_disk_inode inode = GetInode("/d");
  inode.size = 5 * kBlock;
  SetInode("/d", inode);
  Expect(inode.block[0], [&](Mount *mount) {
    EXPECT_EQ(-EIO, mount->Create("/d/x"));
    struct ext2_stat stat;
    EXPECT_EQ(0, mount->Stat("/d/f", &stat));
  });
}

TEST_F(DamageTest, BlockNumbersOutOfRangeOrInMetadata) {
  ext2_disk_inode sound = GetInode("/g");
  for (uint32_t bad : {0xFFFFFFFFu, 4096u, 1u, 2u, 10u, group_.block_bitmap, group_.inode_bitmap,
                       group_.inode_table, group_.inode_table + 5}) {
    SCOPED_TRACE(bad);
    ext2_disk_inode inode = sound;
    inode.block[2] = bad;
    SetInode("/g", inode);
    // Superblock, descriptors and bitmaps are written for other reasons, but the bits of fixed
    // metadata stay.
    uint8_t first_bits = *disk_.block(group_.block_bitmap, kBlock);
    bool never_written = bad == 10 || bad == group_.inode_table + 5;
    Expect(never_written ? bad : kReserved, [&](Mount *mount) {
      ext2_inode *file = mount->Get("/g");
      uint64_t block;
      uint32_t run;
      EXPECT_EQ(0, ext2_bmap(file, 0, 10, &block, &run));
      EXPECT_EQ(2u, run);
      EXPECT_EQ(-EIO, ext2_bmap(file, 2, 10, &block, &run));
      EXPECT_EQ(0, ext2_bmap(file, 3, 10, &block, &run));
      EXPECT_EQ(-EIO, ext2_truncate(file, 0));
      ext2_iput(file);
      EXPECT_EQ(-EIO, mount->Unlink("/g"));
      EXPECT_EQ(0, mount->Create("/x"));
    });
    EXPECT_EQ(first_bits, *disk_.block(group_.block_bitmap, kBlock));
  }
}

TEST_F(DamageTest, IndirectBlocks) {
  ext2_disk_inode inode = GetInode("/d/f");
  uint32_t single = inode.block[12], twice = inode.block[13], below = Pointers(twice)[0];
  // What, which table, what is there instead, and the file block behind it.
  struct {
    uint32_t table;
    uint32_t value;
    uint64_t file_block;
  } cases[] = {
      {single, 0xFFFFFFFF, 12},        // Out of range.
      {single, single, 12},            // A cycle of one.
      {single, twice, 12},             // Content that is an indirect block.
      {twice, twice, 12 + kPointers},  // A cycle of one, a level up.
      {twice, group_.inode_table, 12 + kPointers},
      {below, twice, 12 + kPointers},  // A cycle of two.
      {below, group_.block_bitmap, 12 + kPointers},
  };
  for (auto &c : cases) {
    SCOPED_TRACE(std::to_string(c.table) + " " + std::to_string(c.value));
    uint32_t sound = Pointers(c.table)[0];
    Pointers(c.table)[0] = c.value;
    Expect(c.table, [&](Mount *mount) {
      ext2_inode *file = mount->Get("/d/f");
      uint64_t block;
      uint32_t run;
      // Fill the cache with the indirect blocks of the whole file.
      EXPECT_EQ(0, ext2_bmap(file, 0, 1, &block, &run));
      ext2_bmap(file, 13, 1, &block, &run);
      ext2_bmap(file, 12 + kPointers + kPointers, 1, &block, &run);
      EXPECT_EQ(-EIO, ext2_bmap(file, c.file_block, 1, &block, &run));
      ext2_iput(file);
      EXPECT_EQ(-EIO, mount->Unlink("/d/f"));
      EXPECT_EQ(0, mount->Create("/x"));
    });
    Pointers(c.table)[0] = sound;
  }
}

TEST_F(DamageTest, AnIndirectBlockWithOneBadNumberIsNotFollowed) {
  uint32_t single = GetInode("/d/f").block[12];
  Pointers(single)[5] = 4096;
  Expect(single, [&](Mount *mount) {
    ext2_inode *file = mount->Get("/d/f");
    uint64_t block;
    uint32_t run;
    EXPECT_EQ(-EIO, ext2_bmap(file, 12, 1, &block, &run));
    EXPECT_EQ(-EIO, ext2_alloc_range(file, 12, 1));
    EXPECT_EQ(0, ext2_bmap(file, 12 + kPointers, 1, &block, &run));
    EXPECT_EQ(0, ext2_bmap(file, 11, 1, &block, &run));
    ext2_iput(file);
  });
}

TEST_F(DamageTest, AnIndirectBlockThatIsUsedTwice) {
  ext2_disk_inode inode = GetInode("/d/f");
  Pointers(inode.block[13])[0] = inode.block[12];
  Expect(kReserved, [&](Mount *mount) {
    uint64_t free = mount->FreeBlocks();
    EXPECT_EQ(-EIO, mount->Unlink("/d/f"));
    // All but the second table (with 256 blocks) and what is above the damage are free, once.
    EXPECT_EQ(free + 300 + 2 + 1, mount->FreeBlocks());
  });
}

TEST_F(DamageTest, ATreeWhoseBranchesAreOneBlock) {
  // 2^24 blocks that all lead to one: freeing must stop at the second.
  ext2_disk_inode inode = GetInode("/d/f");
  uint32_t single = inode.block[12], twice = inode.block[13], below = Pointers(twice)[0];
  for (uint32_t i = 0; i < kPointers; i++) {
    Pointers(single)[i] = twice;
    Pointers(twice)[i] = below;
    Pointers(below)[i] = inode.block[0];
  }
  inode.block[14] = single;
  inode.block[12] = inode.block[13] = 0;
  inode.size_high = 3;
  SetInode("/d/f", inode);
  Expect(kReserved, [&](Mount *mount) { EXPECT_EQ(-EIO, mount->Unlink("/d/f")); });
}

TEST_F(DamageTest, ContentThatIsADirectory) {
  ext2_disk_inode inode = GetInode("/g");
  inode.block[0] = GetInode("/d").block[0];
  SetInode("/g", inode);
  Expect(inode.block[0], [&](Mount *mount) {
    mount->List("/d");
    ext2_inode *file = mount->Get("/g");
    uint64_t block;
    uint32_t run;
    EXPECT_EQ(-EIO, ext2_bmap(file, 0, 1, &block, &run));
    EXPECT_EQ(-EIO, ext2_truncate(file, 0));
    ext2_iput(file);
    mount->List("/d");
  });
}

TEST_F(DamageTest, TwoDirectoriesInOneBlock) {
  ext2_disk_inode inode = GetInode("/d/e");
  inode.block[0] = GetInode("/d").block[0];
  SetInode("/d/e", inode);
  Expect(inode.block[0], [&](Mount *mount) {
    EXPECT_EQ(-EIO, mount->Create("/d/e/x"));
    EXPECT_EQ(-EIO, mount->Rmdir("/d/e"));
  });
}

TEST_F(DamageTest, ABlockBitmapThatDisagrees) {
  uint32_t bit = GetInode("/g").block[0] - 1;
  uint8_t *bitmap = disk_.block(group_.block_bitmap, kBlock);
  for (int kind = 0; kind < 4; kind++) {
    SCOPED_TRACE(kind);
    std::vector<uint8_t> sound(bitmap, bitmap + kBlock);
    if (kind == 0) bitmap[bit / 8] &= ~(1 << bit % 8);
    if (kind == 1) bitmap[500] ^= 0xFF;
    if (kind == 2) memset(bitmap, 0, kBlock);
    if (kind == 3) bitmap[0] &= ~1;
    Expect(group_.block_bitmap, [&](Mount *mount) {
      EXPECT_EQ(-EIO, mount->WriteBlocks("/g", 5, 1, kTag));
      EXPECT_EQ(-EIO, mount->Mkdir("/x"));
      EXPECT_EQ(-EIO, mount->Unlink("/g"));
      EXPECT_EQ(kTag, mount->ReadBlock("/d/f", 500));
      EXPECT_EQ(0, mount->Rename("/d/f", "/x"));
    });
    memcpy(bitmap, sound.data(), kBlock);
  }
}

TEST_F(DamageTest, FreeingWhatIsFreeIsNotDone) {
  // The count in the descriptor agrees, so only the freeing finds out.
  uint32_t bit = GetInode("/g").block[1] - 1;
  disk_.block(group_.block_bitmap, kBlock)[bit / 8] &= ~(1 << bit % 8);
  ext2_disk_group *group = reinterpret_cast<ext2_disk_group *>(disk_.block(2, kBlock));
  group->free_blocks_count++;
  Expect(kReserved, [&](Mount *mount) {
    uint64_t free = mount->FreeBlocks();
    EXPECT_EQ(-EIO, mount->Unlink("/g"));
    EXPECT_EQ(free, mount->FreeBlocks());
  });
}

TEST_F(DamageTest, AllocatingWhatIsInUseIsNotDone) {
  uint32_t block = GetInode("/d").block[0], bit = block - 1;
  disk_.block(group_.block_bitmap, kBlock)[bit / 8] &= ~(1 << bit % 8);
  ext2_disk_group *group = reinterpret_cast<ext2_disk_group *>(disk_.block(2, kBlock));
  group->free_blocks_count++;
  Expect(block, [&](Mount *mount) {
    mount->List("/d");
    // The lowest free block is the directory's.
    EXPECT_EQ(-EIO, mount->Mkdir("/x"));
    EXPECT_EQ(0, mount->Create("/y"));
    EXPECT_EQ(-EIO, mount->WriteBlocks("/y", 0, 1, kTag));
    mount->List("/d");
  });
}

TEST_F(DamageTest, AnInodeBitmapThatDisagrees) {
  uint32_t bit = ino_["/g"] - 1;
  uint8_t *bitmap = disk_.block(group_.inode_bitmap, kBlock);
  bitmap[bit / 8] &= ~(1 << bit % 8);
  ext2_disk_group *group = reinterpret_cast<ext2_disk_group *>(disk_.block(2, kBlock));
  group->free_inodes_count++;
  Expect(InodeBlock("/g"), [&](Mount *mount) {
    struct ext2_stat stat;
    EXPECT_EQ(-EIO, mount->Stat("/g", &stat));
    EXPECT_EQ(-EIO, mount->Unlink("/g"));
  });
  // With a count that does not agree not even the root can be had.
  group->free_inodes_count--;
  EXPECT_EQ(-EIO, Mount(&disk_).error());
}

TEST_F(DamageTest, DirectoriesInACircle) {
  // /d/e/h names /d/e as its child; the parents of e and h are each other.
  Entry("/d/e/h", "..")->ino = ino_["/d/e"];
  Entry("/d/e", "..")->ino = ino_["/d/e/h"];
  Expect(GetInode("/d/e").block[0], [&](Mount *mount) {
    EXPECT_EQ(-EIO, mount->Rename("/d", "/d/e/h/x"));
    EXPECT_EQ(-EIO, mount->Rename("/d/e", "/x"));
    struct ext2_stat stat;
    std::string path = "/d/e";
    for (int i = 0; i < 500; i++) path += "/h/..";
    EXPECT_EQ(0, mount->Stat(path, &stat));
  });
}

TEST_F(DamageTest, ADirectoryThatIsItsOwnGrandchild) {
  Entry("/d/e", "h")->ino = ino_["/d"];
  Expect(GetInode("/d/e").block[0], [&](Mount *mount) {
    EXPECT_EQ(-ENOTEMPTY, mount->Rmdir("/d"));
    EXPECT_EQ(-EIO, mount->Rmdir("/d/e/h"));
    EXPECT_EQ(-EIO, mount->Rename("/d/e/h", "/x"));
    EXPECT_EQ(-EINVAL, mount->Rename("/d", "/d/e/h/e/x"));
  });
}

TEST_F(DamageTest, ADirectoryWithAnotherParent) {
  Entry("/d/e/h", "..")->ino = EXT2_ROOT;
  Expect(GetInode("/d/e/h").block[0], [&](Mount *mount) {
    EXPECT_EQ(-EIO, mount->Rmdir("/d/e/h"));
    EXPECT_EQ(-EIO, mount->Rename("/d/e/h", "/x"));
  });
}

TEST_F(DamageTest, AParentThatIsNoDirectory) {
  Entry("/d/e", "..")->ino = ino_["/g"];
  Expect(GetInode("/d/e").block[0], [&](Mount *mount) {
    struct ext2_stat stat;
    EXPECT_EQ(-EIO, mount->Stat("/d/e/..", &stat));
    EXPECT_EQ(-EIO, mount->Rename("/d", "/d/e/x"));
    EXPECT_EQ(-EIO, mount->Rename("/d/e", "/x"));
  });
}

TEST_F(DamageTest, SymbolicLinks) {
  ext2_disk_inode slow = GetInode("/slow"), fast = GetInode("/fast"), inode = slow;
  std::string target;
  inode.block[0] = group_.inode_table;
  SetInode("/slow", inode);
  Expect(kReserved, [&](Mount *mount) {
    EXPECT_EQ(-EIO, mount->Readlink("/slow", &target));
    EXPECT_EQ(-EIO, mount->Unlink("/slow"));
  });
  inode.block[0] = 0;
  SetInode("/slow", inode);
  Expect(kReserved, [&](Mount *mount) { EXPECT_EQ(-EIO, mount->Readlink("/slow", &target)); });
  SetInode("/slow", slow);
  fast.size = 50;
  SetInode("/fast", fast);
  Expect(kReserved, [&](Mount *mount) {
    int error;
    EXPECT_EQ(nullptr, mount->Get("/fast", &error, 0));
    EXPECT_EQ(-EIO, error);
  });
  // The text of a short link taken for block numbers.
  fast.size = 3;
  fast.sectors = 2;
  SetInode("/fast", fast);
  Expect(kReserved, [&](Mount *mount) { EXPECT_EQ(-EIO, mount->Unlink("/fast")); });
}

}  // namespace
}  // namespace ext2_test
