// What the tests of the file system share: a disk in memory, images made by mke2fs and judged by
// e2fsck, a mounted file system.
#ifndef SERVERS_FS_EXT2_FIXTURE_H_
#define SERVERS_FS_EXT2_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "servers/fs/ext2/ext2.h"
#include "servers/fs/ext2/file.h"
#include "servers/fs/ext2/namei.h"
#include "servers/fs/ext2/names.h"
}

namespace ext2_test {

// A disk that counts, can fail, and can be put back to what it was.
class Disk {
 public:
  explicit Disk(std::vector<uint8_t> image);

  const block_device *device() const { return &device_; }
  std::vector<uint8_t> &bytes() { return bytes_; }
  uint8_t *block(uint64_t number, uint32_t size) { return bytes_.data() + number * size; }

  // Undoes all writes since the disk was made or the image was last kept.
  void Restore();
  void Keep();

  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t flushes = 0;
  std::set<uint64_t> read_sectors;
  std::set<uint64_t> written_sectors;
  bool record = false;  // Fill the two sets.
  // The number of transfers until one fails, and all after it if `fail_for_good`; -1: never.
  int64_t fail_after = -1;
  bool fail_for_good = false;
  uint64_t budget = UINT64_MAX;  // Transfers allowed; more fail the test.

 private:
  static int Read(void *ctx, uint64_t sector, uint32_t sectors, void *buf);
  static int Write(void *ctx, uint64_t sector, uint32_t sectors, const void *buf);
  static int Flush(void *ctx);
  bool Fails();

  std::vector<uint8_t> bytes_;
  std::vector<uint8_t> kept_;
  std::set<uint64_t> dirty_sectors_;
  block_device device_;
};

// An image by `/sbin/mke2fs -q -t ext2 OPTIONS`, made once per process for the same arguments.
const std::vector<uint8_t> &MakeImage(const std::string &options, uint32_t mebibytes);

// Runs `e2fsck -fn`. => Empty if it finds nothing, else what it says.
std::string Fsck(const std::vector<uint8_t> &image);

// Runs `command` with the image in a file whose name replaces each "%". => The exit status.
int RunOnImage(const std::string &command, std::vector<uint8_t> *image, std::string *output);

struct MountOptions {
  uint32_t buffers = 64;
  uint32_t inodes = 64;
  bool read_only = false;
  bool use_reserved = true;
};

// A mounted file system, and its operations by path for the tests' convenience. All results are 0
// or -errno.
class Mount {
 public:
  explicit Mount(Disk *disk, MountOptions options = MountOptions());
  ~Mount();

  int error() const { return error_; }  // Of the mount.
  ext2_fs *fs() { return fs_; }
  ext2_inode *root() { return root_; }
  uint32_t block_size() const { return block_size_; }
  uint64_t damages = 0;
  std::string last_damage;
  ext2_time now;

  // Puts the root and unmounts, if that has not been done.
  int Unmount();

  // => NULL if it is not there; *error, if given, tells why.
  ext2_inode *Get(const std::string &path, int *error = nullptr,
                  unsigned flags = EXT2_NAMEI_NOFOLLOW);
  int Create(const std::string &path, uint32_t mode = 0644);
  int Mkdir(const std::string &path, uint32_t mode = 0755);
  int Mknod(const std::string &path, uint32_t mode, uint32_t major, uint32_t minor);
  int Symlink(const std::string &target, const std::string &path);
  int Link(const std::string &from, const std::string &to);
  int Unlink(const std::string &path);
  int Rmdir(const std::string &path);
  int Rename(const std::string &from, const std::string &to);
  int Readlink(const std::string &path, std::string *target);
  int Stat(const std::string &path, struct ext2_stat *stat);
  int Truncate(const std::string &path, uint64_t size);
  // The names in a directory, in its order; fails the test on an error.
  std::vector<std::string> List(const std::string &path);

  // Backs blocks, fills each with its tag, and makes the file long enough.
  int WriteBlocks(ext2_inode *inode, uint64_t first, uint64_t count, uint64_t tag);
  int WriteBlocks(const std::string &path, uint64_t first, uint64_t count, uint64_t tag);
  // => The tag of a block, 0 of a hole or a block of zeros; fails the test if the block is not all
  //    tag.
  uint64_t ReadBlock(ext2_inode *inode, uint64_t block);
  uint64_t ReadBlock(const std::string &path, uint64_t block);
  uint64_t FreeBlocks();
  uint32_t FreeInodes();

 private:
  int Parent(const std::string &path, ext2_namei_result *result);

  Disk *disk_;
  std::vector<uint8_t> memory_;
  ext2_fs *fs_ = nullptr;
  ext2_inode *root_ = nullptr;
  uint32_t block_size_ = 0;
  int error_ = 0;
};

inline ext2_name Name(const std::string &text) { return {text.data(), text.size()}; }

constexpr ext2_new kFile = {0644, 0, 0};
constexpr ext2_new kDir = {0755, 0, 0};

}  // namespace ext2_test

#endif  // SERVERS_FS_EXT2_FIXTURE_H_
