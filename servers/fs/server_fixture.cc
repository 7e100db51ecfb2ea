#include "servers/fs/server_fixture.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "servers/fs/ext2/fixture.h"

extern "C" {
#include "lib/swap/swap_header.h"
#include "protocols/proc.h"
}

namespace fs_test {

using ext2_test::Fsck;
using ext2_test::MakeImage;

void InChild(const std::function<void()> &body) {
  pid_t pid = fork();
  if (pid == 0) {
    body();
    fflush(stdout);
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

int Fd(int64_t status) { return static_cast<int>(status & 0xffffffff); }

int64_t OnPath(World *w, Client *c, fs_op op, const std::string &path, uint64_t a, uint64_t b) {
  c->PutPath(path);
  return w->Call(c, {op, a, b});
}

int64_t OnPaths(World *w, Client *c, fs_op op, const std::string &path, const std::string &second) {
  c->PutPath(path);
  c->PutPath(second, FS_SECOND_PATH);
  return w->Call(c, {op});
}

int64_t Open(World *w, Client *c, const std::string &path, int flags) {
  return OnPath(w, c, FS_OPEN, path, static_cast<uint64_t>(flags), 0644);
}

int64_t Write(World *w, Client *c, uint64_t fd, const std::string &bytes, uint64_t offset) {
  memcpy(c->memory.data(), bytes.data(), bytes.size());
  return w->Call(c, {FS_WRITE, fd, kMemory, bytes.size(), offset});
}

int64_t Read(World *w, Client *c, uint64_t fd, uint64_t length, std::string *bytes,
             uint64_t offset) {
  int64_t status = w->Call(c, {FS_READ, fd, kMemory, length, offset});
  bytes->assign(reinterpret_cast<char *>(c->memory.data()), status > 0 ? status : 0);
  return status;
}

fs_stat Fstat(World *w, Client *c, uint64_t fd) {
  fs_stat stat = {};
  EXPECT_EQ(w->Call(c, {FS_FSTAT, fd}), 0);
  memcpy(&stat, c->page.data(), sizeof(stat));
  return stat;
}

int64_t Unmount(World *w, Client *c) {
  w->Send(c, {FS_UNMOUNT}, VIA_PROC);
  for (int i = 0; c->waits && i < 2000000; i++) w->Step();
  EXPECT_FALSE(c->waits);
  EXPECT_EQ(c->answer.to, handle_t{HANDLE_PROC});
  EXPECT_EQ(c->answer.word[0], uint64_t{PROC_UNMOUNTED});
  return static_cast<int64_t>(c->answer.word[1]);
}

void WithServer(const std::function<void(World *, Client *)> &body, const std::string &options,
                unsigned mebibytes) {
  InChild([&] {
    World w(MakeImage(options, mebibytes), 1);
    w.Boot();
    body(&w, w.init());
    EXPECT_EQ(Unmount(&w, w.init()), 0);
    EXPECT_EQ(Fsck(w.image()), "");
  });
}

void WithShm(const std::function<void(World *, Client *)> &body) {
  for (bool mounted : {true, false}) {
    InChild([&] {
      std::vector<uint8_t> image = MakeImage("-b 1024", 2);
      {
        World first(image, 1);
        first.Boot();
        Client *c = first.init();
        if (mounted) {
          for (const char *path : {"/dev", "/dev/shm", "/proc"}) OnPath(&first, c, FS_MKDIR, path);
        }
        EXPECT_EQ(Unmount(&first, c), 0);
        image = first.image();
      }
      InChild([&] {
        World w(image, 1);
        w.Boot();
        body(&w, w.init());
        EXPECT_EQ(Unmount(&w, w.init()), 0);
        EXPECT_EQ(Fsck(w.image()), "");
      });
    });
  }
}

std::vector<std::string> List(World *w, Client *c, const std::string &path) {
  uint64_t fd = Fd(Open(w, c, path, O_RDONLY | O_DIRECTORY));
  std::vector<std::string> names;
  for (int64_t bytes; (bytes = w->Call(c, {FS_READDIR, fd})) > 0;) {
    for (int64_t at = 0; at < bytes;) {
      auto *entry = reinterpret_cast<fs_dirent *>(c->page.data() + at);
      names.push_back(entry->name);
      at += entry->bytes;
    }
  }
  w->Call(c, {FS_CLOSE, fd});
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<uint8_t> SwapImage(uint32_t pages) {
  std::vector<uint8_t> image(size_t{pages} * 4096);
  swap_header header = {};
  header.version = 1;
  header.last_page = pages - 1;
  memcpy(header.signature, SWAP_SIGNATURE, sizeof header.signature);
  memcpy(image.data(), &header, sizeof header);
  return image;
}

uint64_t MakeSwapFile(World *w, Client *c, const std::string &path, uint32_t pages) {
  std::vector<uint8_t> image = SwapImage(pages);
  uint64_t fd = Fd(Open(w, c, path, O_RDWR | O_CREAT));
  for (uint64_t at = 0; at < image.size(); at += 4096) {
    EXPECT_EQ(Write(w, c, fd, std::string(image.begin() + at, image.begin() + at + 4096), at),
              4096);
  }
  EXPECT_EQ(w->Call(c, {FS_FSYNC, fd}), 0);
  return fd;
}

}  // namespace fs_test
