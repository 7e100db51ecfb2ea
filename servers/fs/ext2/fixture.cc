#include "servers/fs/ext2/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "gtest/gtest.h"

extern "C" {
#include "servers/fs/ext2/fs_priv.h"
}

namespace ext2_test {

Disk::Disk(std::vector<uint8_t> image) : bytes_(std::move(image)), kept_(bytes_) {
  device_ = {Read, Write, Flush, bytes_.size() / BLOCK_DEVICE_SECTOR_SIZE, this};
}

void Disk::Restore() {
  for (uint64_t sector : dirty_sectors_)
    memcpy(&bytes_[sector * BLOCK_DEVICE_SECTOR_SIZE], &kept_[sector * BLOCK_DEVICE_SECTOR_SIZE],
           BLOCK_DEVICE_SECTOR_SIZE);
  dirty_sectors_.clear();
}

void Disk::Keep() {
  kept_ = bytes_;
  dirty_sectors_.clear();
}

bool Disk::Fails() {
  if (reads + writes > budget) ADD_FAILURE() << "more than " << budget << " transfers";
  if (fail_after < 0) return false;
  if (fail_after > 0) {
    fail_after--;
    return false;
  }
  if (!fail_for_good) fail_after = -1;
  return true;
}

int Disk::Read(void *ctx, uint64_t sector, uint32_t sectors, void *buf) {
  Disk *disk = static_cast<Disk *>(ctx);
  disk->reads++;
  EXPECT_LE(sector + sectors, disk->device_.sectors);
  if (sector + sectors > disk->device_.sectors || disk->Fails()) return -EIO;
  for (uint32_t i = 0; disk->record && i < sectors; i++) disk->read_sectors.insert(sector + i);
  memcpy(buf, &disk->bytes_[sector * BLOCK_DEVICE_SECTOR_SIZE], sectors * BLOCK_DEVICE_SECTOR_SIZE);
  return 0;
}

int Disk::Write(void *ctx, uint64_t sector, uint32_t sectors, const void *buf) {
  Disk *disk = static_cast<Disk *>(ctx);
  disk->writes++;
  EXPECT_LE(sector + sectors, disk->device_.sectors);
  if (sector + sectors > disk->device_.sectors || disk->Fails()) return -EIO;
  for (uint32_t i = 0; i < sectors; i++) {
    disk->dirty_sectors_.insert(sector + i);
    if (disk->record) disk->written_sectors.insert(sector + i);
  }
  memcpy(&disk->bytes_[sector * BLOCK_DEVICE_SECTOR_SIZE], buf, sectors * BLOCK_DEVICE_SECTOR_SIZE);
  return 0;
}

int Disk::Flush(void *ctx) {
  static_cast<Disk *>(ctx)->flushes++;
  return 0;
}

namespace {

std::string TempFile() {
  static int count = 0;
  const char *folder = getenv("TEST_TMPDIR");
  return std::string(folder ? folder : "/tmp") + "/ext2_" + std::to_string(getpid()) + "_" +
         std::to_string(count++);
}

std::vector<uint8_t> ReadAll(const std::string &path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  std::vector<uint8_t> bytes(in.tellg());
  in.seekg(0);
  in.read(reinterpret_cast<char *>(bytes.data()), bytes.size());
  return bytes;
}

void WriteAll(const std::string &path, const std::vector<uint8_t> &bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

int Run(const std::string &command, std::string *output) {
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return -1;
  char buffer[4096];
  size_t got;
  while ((got = fread(buffer, 1, sizeof(buffer), pipe)) > 0) output->append(buffer, got);
  int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

int RunOnImage(const std::string &command, std::vector<uint8_t> *image, std::string *output) {
  std::string path = TempFile(), line;
  WriteAll(path, *image);
  for (char c : command) line += c == '%' ? path : std::string(1, c);
  int status = Run(line, output);
  *image = ReadAll(path);
  unlink(path.c_str());
  return status;
}

const std::vector<uint8_t> &MakeImage(const std::string &options, uint32_t mebibytes) {
  static std::map<std::string, std::vector<uint8_t>> made;
  std::vector<uint8_t> &image = made[options + "@" + std::to_string(mebibytes)];
  if (image.empty()) {
    image.resize(mebibytes << 20);
    const std::string mke2fs = "/sbin/mke2fs -q -F -t ext2 ";
    std::string output;
    int status = RunOnImage(mke2fs + options + " %", &image, &output);
    const std::string revision = "-r 0 -O none";
    size_t at = options.find(revision);
    if (status != 0 && at != std::string::npos) {
      // Newer versions take it in another way, and without features.
      std::string newer = options;
      newer.replace(at, revision.size(), "-E revision=0");
      status = RunOnImage(mke2fs + newer + " %", &image, &output);
    }
    EXPECT_EQ(0, status) << output;
  }
  return image;
}

std::string Fsck(const std::vector<uint8_t> &image) {
  std::vector<uint8_t> copy = image;
  std::string output;
  int status = RunOnImage("/sbin/e2fsck -fn %", &copy, &output);
  return status == 0 ? "" : "e2fsck: " + std::to_string(status) + "\n" + output;
}

Mount::Mount(Disk *disk, MountOptions options)
    : now({1800000000, 123456789}),
      disk_(disk),
      memory_(EXT2_ARENA_SIZE(options.buffers, options.inodes) + 4096) {
  uintptr_t address = reinterpret_cast<uintptr_t>(memory_.data());
  void *arena = memory_.data() + (4096 - address % 4096) % 4096;
  ext2_options o = {};
  o.buffers = options.buffers;
  o.inodes = options.inodes;
  o.read_only = options.read_only;
  o.use_reserved = options.use_reserved;
  o.now = [](void *ctx) { return static_cast<Mount *>(ctx)->now; };
  o.report = [](void *ctx, const char *what, uint64_t number) {
    static_cast<Mount *>(ctx)->damages++;
    static_cast<Mount *>(ctx)->last_damage = std::string(what) + ": " + std::to_string(number);
  };
  o.ctx = this;
  error_ = ext2_mount(disk->device(), &o, arena, EXT2_ARENA_SIZE(o.buffers, o.inodes), &fs_);
  if (error_ != 0) return;
  struct ext2_statfs info;
  ext2_statfs(fs_, &info);
  block_size_ = info.block_size;
  error_ = ext2_iget(fs_, EXT2_ROOT, &root_);
}

Mount::~Mount() {
  if (fs_ != nullptr && error_ == 0) Unmount();
}

int Mount::Unmount() {
  if (root_ != nullptr) ext2_iput(root_);
  root_ = nullptr;
  if (fs_ == nullptr) return 0;
  // Between operations nothing is pinned.
  for (uint32_t i = 0; i < fs_->cache.count; i++) EXPECT_EQ(0u, fs_->cache.buffers[i].pins);
  int error = ext2_unmount(fs_);
  if (error != -EBUSY) fs_ = nullptr;
  return error;
}

ext2_inode *Mount::Get(const std::string &path, int *error, unsigned flags) {
  ext2_namei_result result;
  int e = ext2_namei(root_, root_, Name(path), flags, &result);
  if (error != nullptr) *error = e;
  return e == 0 ? result.inode : nullptr;
}

int Mount::Parent(const std::string &path, ext2_namei_result *result) {
  return ext2_namei(root_, root_, Name(path), EXT2_NAMEI_PARENT, result);
}

namespace {
ext2_name Last(const ext2_namei_result &at) { return {at.last, at.last_length}; }
}  // namespace

int Mount::Create(const std::string &path, uint32_t mode) {
  ext2_namei_result at;
  int error = Parent(path, &at);
  if (error != 0) return error;
  ext2_new attributes = {mode, 0, 0};
  error = ext2_create(at.inode, Last(at), &attributes, nullptr);
  ext2_iput(at.inode);
  return error;
}

int Mount::Mkdir(const std::string &path, uint32_t mode) {
  ext2_namei_result at;
  int error = Parent(path, &at);
  if (error != 0) return error;
  ext2_new attributes = {mode, 0, 0};
  error = ext2_mkdir(at.inode, Last(at), &attributes, nullptr);
  ext2_iput(at.inode);
  return error;
}

int Mount::Mknod(const std::string &path, uint32_t mode, uint32_t major, uint32_t minor) {
  ext2_namei_result at;
  int error = Parent(path, &at);
  if (error != 0) return error;
  ext2_new attributes = {mode, 0, 0};
  error = ext2_mknod(at.inode, Last(at), &attributes, major, minor, nullptr);
  ext2_iput(at.inode);
  return error;
}

int Mount::Symlink(const std::string &target, const std::string &path) {
  ext2_namei_result at;
  int error = Parent(path, &at);
  if (error != 0) return error;
  ext2_new attributes = {0777, 0, 0};
  error = ext2_symlink(at.inode, Last(at), Name(target), &attributes, nullptr);
  ext2_iput(at.inode);
  return error;
}

int Mount::Link(const std::string &from, const std::string &to) {
  int error;
  ext2_inode *inode = Get(from, &error);
  if (inode == nullptr) return error;
  ext2_namei_result at;
  error = Parent(to, &at);
  if (error == 0) {
    error = ext2_link(at.inode, Last(at), inode);
    ext2_iput(at.inode);
  }
  ext2_iput(inode);
  return error;
}

int Mount::Unlink(const std::string &path) {
  ext2_namei_result at;
  int error = Parent(path, &at);
  if (error != 0) return error;
  error = ext2_unlink(at.inode, Last(at));
  ext2_iput(at.inode);
  return error;
}

int Mount::Rmdir(const std::string &path) {
  ext2_namei_result at;
  int error = Parent(path, &at);
  if (error != 0) return error;
  error = ext2_rmdir(at.inode, Last(at));
  ext2_iput(at.inode);
  return error;
}

int Mount::Rename(const std::string &from, const std::string &to) {
  ext2_namei_result old_at, new_at;
  int error = Parent(from, &old_at);
  if (error != 0) return error;
  error = Parent(to, &new_at);
  if (error == 0) {
    error = ext2_rename(old_at.inode, Last(old_at), new_at.inode, Last(new_at));
    ext2_iput(new_at.inode);
  }
  ext2_iput(old_at.inode);
  return error;
}

int Mount::Readlink(const std::string &path, std::string *target) {
  int error;
  ext2_inode *inode = Get(path, &error);
  if (inode == nullptr) return error;
  char buffer[EXT2_PATH_MAX];
  int length = ext2_readlink(inode, buffer, sizeof(buffer));
  ext2_iput(inode);
  if (length < 0) return length;
  target->assign(buffer, length);
  return 0;
}

int Mount::Stat(const std::string &path, struct ext2_stat *stat) {
  int error;
  ext2_inode *inode = Get(path, &error);
  if (inode == nullptr) return error;
  ::ext2_stat(inode, stat);
  return ext2_iput(inode);
}

int Mount::Truncate(const std::string &path, uint64_t size) {
  int error;
  ext2_inode *inode = Get(path, &error);
  if (inode == nullptr) return error;
  error = ext2_truncate(inode, size);
  int freed = ext2_iput(inode);
  return error != 0 ? error : freed;
}

std::vector<std::string> Mount::List(const std::string &path) {
  std::vector<std::string> names;
  ext2_inode *inode = Get(path);
  EXPECT_NE(nullptr, inode) << path;
  if (inode == nullptr) return names;
  auto emit = [](void *ctx, const ext2_dirent *entry) {
    static_cast<std::vector<std::string> *>(ctx)->emplace_back(entry->name.text,
                                                               entry->name.length);
    return true;
  };
  EXPECT_EQ(0, ext2_readdir(inode, 0, emit, &names)) << path;
  ext2_iput(inode);
  return names;
}

int Mount::WriteBlocks(ext2_inode *inode, uint64_t first, uint64_t count, uint64_t tag) {
  int error = ext2_alloc_range(inode, first, count);
  if (error != 0) return error;
  for (uint64_t done = 0; done < count;) {
    uint64_t disk_block;
    uint32_t run;
    uint32_t max = static_cast<uint32_t>(std::min<uint64_t>(count - done, 1000));
    error = ext2_bmap(inode, first + done, max, &disk_block, &run);
    if (error != 0) return error;
    EXPECT_NE(0u, disk_block);
    for (uint32_t i = 0; i < run; i++) {
      uint64_t words[512];
      for (uint64_t &word : words) word = tag + first + done + i;
      const block_device *device = disk_->device();
      uint32_t sectors = block_size_ / BLOCK_DEVICE_SECTOR_SIZE;
      // Past the counters: this is content.
      error = device->write(device->ctx, (disk_block + i) * sectors, sectors, words);
      if (error != 0) return error;
    }
    done += run;
  }
  if ((first + count) * block_size_ <= ext2_inode_size(inode)) return 0;
  return ext2_set_size(inode, (first + count) * block_size_);
}

int Mount::WriteBlocks(const std::string &path, uint64_t first, uint64_t count, uint64_t tag) {
  int error;
  ext2_inode *inode = Get(path, &error);
  if (inode == nullptr) return error;
  error = WriteBlocks(inode, first, count, tag);
  int freed = ext2_iput(inode);
  return error != 0 ? error : freed;
}

uint64_t Mount::ReadBlock(ext2_inode *inode, uint64_t block) {
  uint64_t disk_block = 0;
  uint32_t run = 0;
  EXPECT_EQ(0, ext2_bmap(inode, block, 1, &disk_block, &run)) << last_damage;
  EXPECT_EQ(1u, run);
  if (disk_block == 0) return 0;
  uint64_t words[512];
  memcpy(words, disk_->block(disk_block, block_size_), block_size_);
  for (uint32_t i = 1; i < block_size_ / 8; i++) {
    if (words[i] == words[0]) continue;
    ADD_FAILURE() << "block " << block << " is mixed";
    break;
  }
  return words[0] == 0 ? 0 : words[0] - block;
}

uint64_t Mount::ReadBlock(const std::string &path, uint64_t block) {
  ext2_inode *inode = Get(path);
  EXPECT_NE(nullptr, inode) << path;
  if (inode == nullptr) return 0;
  uint64_t tag = ReadBlock(inode, block);
  EXPECT_EQ(0, ext2_iput(inode));
  return tag;
}

uint64_t Mount::FreeBlocks() {
  struct ext2_statfs info;
  ext2_statfs(fs_, &info);
  return info.free_blocks;
}

uint32_t Mount::FreeInodes() {
  struct ext2_statfs info;
  ext2_statfs(fs_, &info);
  return info.free_inodes;
}

}  // namespace ext2_test
