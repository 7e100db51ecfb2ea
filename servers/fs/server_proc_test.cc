// The files in /proc.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "servers/fs/server_fixture.h"

extern "C" {
#include "abi/syscall.h"
#include "servers/fs/process.h"
}

namespace fs_test {
namespace {

using Names = std::vector<std::string>;

// The whole of a file, in pieces of `piece` bytes; "error N" if it cannot be read.
std::string Slurp(World *w, Client *c, const std::string &path, uint64_t piece = 4096) {
  int64_t fd = Open(w, c, path, O_RDONLY);
  if (fd < 0) return "error " + std::to_string(-fd);
  EXPECT_EQ(fd >> 32, FS_KIND_MESSAGE);
  std::string text;
  for (;;) {
    int64_t bytes = w->Call(c, {FS_READ, uint64_t(Fd(fd)), 0, piece, FS_AT_POSITION});
    if (bytes < 0) text = "error " + std::to_string(-bytes);
    if (bytes <= 0) break;
    text.append(reinterpret_cast<char *>(c->page.data()), bytes);
  }
  w->Call(c, {FS_CLOSE, uint64_t(Fd(fd))});
  return text;
}

TEST(ServerProc, TellsOfTheSystem) {
  WithShm([](World *w, Client *c) {
    w->counts.frames_total = 1000;
    w->counts.faults = 77;
    EXPECT_EQ(Slurp(w, c, "/proc/meminfo").find("MemTotal:           4000 kB\n"), 0u);
    EXPECT_EQ(Slurp(w, c, "/proc/meminfo", 7), Slurp(w, c, "/proc/meminfo"));
    EXPECT_NE(Slurp(w, c, "/proc/vmstat").find("\npgfault 77\n"), std::string::npos);
    EXPECT_EQ(Slurp(w, c, "/proc/swaps"), "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    uint64_t fd = MakeSwapFile(w, c, "/swap", 20);
    ASSERT_EQ(w->Call(c, {FS_SWAPON, fd, 0}), 0);
    std::string swaps = Slurp(w, c, "/proc/swaps");
    EXPECT_NE(swaps.find("\n/swap                                   file\t\t76\t\t12\t\t-2\n"),
              std::string::npos)
        << swaps;
    EXPECT_EQ(w->Call(c, {FS_SWAPOFF, fd}), 0);
    EXPECT_EQ(List(w, c, "/proc"),
              (Names{".", "..", "1", "meminfo", "self", "swaps", "uptime", "vmstat"}));
  });
}

TEST(ServerProc, TellsOfProcesses) {
  WithShm([](World *w, Client *c) {
    uint64_t file = Fd(Open(w, c, "/mapped", O_RDWR | O_CREAT));
    OnPath(w, c, FS_MKDIR, "/dir", 0755);
    Write(w, c, file, "x");
    Client *child = w->NewClient(c);
    std::string directory = "/proc/" + std::to_string(child->pid);
    uint64_t cookie = process_file(process_find(c->badge), file)->vnode->cookie;
    std::vector<pager_region> regions;
    for (uint64_t i = 0; i < 200; i++) {
      pager_region region = {};
      region.start = (i + 1) << 16;
      region.end = region.start + 4096;
      region.prot = 3;
      region.flags = PAGER_PRIVATE;
      region.backing = i == 100 ? BACKING_FILE : i == 199 ? BACKING_STACK : BACKING_ANONYMOUS;
      region.cookie = i == 100 ? cookie : 0;
      region.resident = 1;
      region.anonymous = i != 100;
      regions.push_back(region);
    }
    w->regions[badge_slot(child->badge)] = regions;
    EXPECT_EQ(Slurp(w, c, directory + "/comm"), "init\n");
    EXPECT_EQ(Slurp(w, c, directory + "/stat").find(std::to_string(child->pid) + " (init) S 1 "),
              0u);
    EXPECT_EQ(Slurp(w, c, directory + "/statm"), "200 200 1 0 0 200 0\n");
    std::string maps = Slurp(w, c, directory + "/maps");
    EXPECT_EQ(std::count(maps.begin(), maps.end(), '\n'), 200);
    EXPECT_NE(maps.find(" /mapped\n"), std::string::npos);
    EXPECT_NE(maps.find(" [stack]\n"), std::string::npos);
    for (uint64_t piece : {1, 100, 1000}) {
      EXPECT_EQ(Slurp(w, c, directory + "/maps", piece), maps) << piece;
    }
    // Names follow, and go.
    OnPaths(w, c, FS_RENAME, "/mapped", "/dir/moved");
    EXPECT_NE(Slurp(w, c, directory + "/maps").find(" /dir/moved\n"), std::string::npos);
    OnPath(w, c, FS_UNLINK, "/dir/moved");
    EXPECT_NE(Slurp(w, c, directory + "/maps").find(" (deleted)\n"), std::string::npos);
    std::string smaps = Slurp(w, c, directory + "/smaps");
    EXPECT_EQ(std::count(smaps.begin(), smaps.end(), '\n'), 200 * 11);
    // Itself.
    EXPECT_EQ(Slurp(w, child, "/proc/self/statm"), "200 200 1 0 0 200 0\n");
    EXPECT_EQ(OnPath(w, child, FS_READLINK, "/proc/self"), 3);
    EXPECT_EQ(memcmp(child->page.data(), std::to_string(child->pid).data(), 3), 0);
    EXPECT_EQ(OnPath(w, child, FS_CHDIR, "/proc/self"), 0);
    EXPECT_EQ(Slurp(w, child, "comm"), "init\n");
    EXPECT_EQ(List(w, child, "."),
              (Names{".", "..", "comm", "faults", "maps", "smaps", "stat", "statm", "status"}));
    // It ends while it is read.
    uint64_t fd = Fd(Open(w, c, directory + "/maps", O_RDONLY));
    EXPECT_GT(w->Call(c, {FS_READ, fd, 0, 100, FS_AT_POSITION}), 0);
    w->Exit(child);
    EXPECT_EQ(w->Call(c, {FS_READ, fd, 0, 4096, 8192}), -ESRCH);
    EXPECT_EQ(Open(w, c, directory + "/maps", O_RDONLY), -ENOENT);
    EXPECT_EQ(OnPath(w, c, FS_STAT, directory), -ENOENT);
  });
}

TEST(ServerProc, CannotBeChanged) {
  WithShm([](World *w, Client *c) {
    EXPECT_EQ(Open(w, c, "/proc/meminfo", O_RDWR), -EACCES);
    EXPECT_EQ(Open(w, c, "/proc/new", O_RDWR | O_CREAT), -ENOENT);
    EXPECT_EQ(Open(w, c, "/proc/1/maps/x", O_RDONLY), -ENOENT);
    EXPECT_EQ(Open(w, c, "/proc/99999", O_RDONLY), -ENOENT);
    EXPECT_EQ(Open(w, c, "/proc/1", O_RDWR), -EISDIR);
    EXPECT_EQ(Open(w, c, "/proc/self", O_RDONLY | O_NOFOLLOW), -ELOOP);
    EXPECT_EQ(OnPath(w, c, FS_UNLINK, "/proc/meminfo"), -EPERM);
    EXPECT_EQ(OnPath(w, c, FS_RMDIR, "/proc/1"), -EPERM);
    EXPECT_EQ(OnPath(w, c, FS_MKDIR, "/proc/new", 0755), -ENOENT);
    EXPECT_EQ(OnPath(w, c, FS_TRUNCATE, "/proc/meminfo", 0), -EACCES);
    EXPECT_EQ(OnPath(w, c, FS_CHMOD, "/proc/meminfo", 0777), -EPERM);
    EXPECT_EQ(OnPath(w, c, FS_ACCESS, "/proc/meminfo", W_OK), -EACCES);
    EXPECT_EQ(OnPath(w, c, FS_ACCESS, "/proc/meminfo", R_OK), 0);
    uint64_t fd = Fd(Open(w, c, "/proc/meminfo", O_RDONLY));
    EXPECT_EQ(w->Call(c, {FS_WRITE, fd, 0, 1, FS_AT_POSITION}), -EBADF);
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, fd, 0}), -EINVAL);
    EXPECT_EQ(w->Call(c, {FS_MAP, fd, 0, 4096, 0, 1 | PAGER_PRIVATE << 8}), -ENODEV);
    EXPECT_EQ(Fstat(w, c, fd).mode, uint32_t{S_IFREG | 0444});
    EXPECT_EQ(w->Call(c, {FS_READ, fd, 0, 1, uint64_t{1} << 63}), -EINVAL);
    // As many as there may be, and one that ends gives its place back.
    int opened = 0;
    Client *child = w->NewClient(c);
    while (Open(w, child, "/proc/meminfo", O_RDONLY) >= 0) opened++;
    EXPECT_GT(opened, 30);
    w->Exit(child);
    EXPECT_GE(Open(w, c, "/proc/meminfo", O_RDONLY), 0);
  });
}

}  // namespace
}  // namespace fs_test
