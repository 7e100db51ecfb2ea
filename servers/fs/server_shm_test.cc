// Files in /dev/shm, and memory without a name.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "servers/fs/server_fixture.h"

extern "C" {
#include "servers/fs/shm.h"
}

namespace fs_test {
namespace {

using Names = std::vector<std::string>;

TEST(ServerShm, KeepsDataUnderANameAndWithout) {
  WithShm([](World *w, Client *c) {
    int64_t opened = Open(w, c, "/dev/shm/one", O_RDWR | O_CREAT | O_EXCL);
    ASSERT_GE(opened, 0);
    EXPECT_EQ(opened >> 32, FS_KIND_FILE);
    uint64_t fd = Fd(opened);
    EXPECT_EQ(Open(w, c, "/dev/shm/one", O_RDWR | O_CREAT | O_EXCL), -EEXIST);
    EXPECT_EQ(Write(w, c, fd, "hello"), 5);
    EXPECT_EQ(Write(w, c, fd, " world"), 6);
    EXPECT_EQ(Write(w, c, fd, "!", 10000), 1);
    EXPECT_EQ(Fstat(w, c, fd).size, 10001u);
    EXPECT_EQ(Fstat(w, c, fd).mode, uint32_t{S_IFREG | 0644});
    EXPECT_EQ(Fstat(w, c, fd).kind, uint32_t{FS_KIND_FILE});
    std::string bytes;
    EXPECT_EQ(Read(w, c, fd, 100, &bytes, 0), 100);
    EXPECT_EQ(bytes.substr(0, 12), std::string("hello world\0", 12));
    EXPECT_EQ(Read(w, c, fd, 100, &bytes, 10000), 1);
    EXPECT_EQ(Read(w, c, fd, 100, &bytes, 10001), 0);
    EXPECT_EQ(Read(w, c, fd, 1, &bytes, uint64_t{1} << 63), -EINVAL);
    EXPECT_EQ(w->Call(c, {FS_SEEK, fd, 0, SEEK_END}), 10001);
    EXPECT_EQ(w->Call(c, {FS_FSYNC, fd}), 0);
    EXPECT_GT(w->Call(c, {FS_MAP, fd, 0, 4096, 0, 3 | PAGER_SHARED << 8}), 0);
    // It keeps its content when nobody has it open, and when it has no name.
    EXPECT_EQ(w->Call(c, {FS_CLOSE, fd}), 0);
    fd = Fd(Open(w, c, "/dev/shm/one", O_RDONLY));
    EXPECT_EQ(w->Call(c, {FS_WRITE, fd, kMemory, 1, 0}), -EBADF);
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, fd, 0}), -EINVAL);
    EXPECT_EQ(w->Call(c, {FS_MAP, fd, 0, 4096, 0, 3 | PAGER_SHARED << 8}), -EACCES);
    EXPECT_EQ(List(w, c, "/dev/shm"), (Names{".", "..", "one"}));
    EXPECT_EQ(OnPath(w, c, FS_UNLINK, "/dev/shm/one"), 0);
    EXPECT_EQ(OnPath(w, c, FS_UNLINK, "/dev/shm/one"), -ENOENT);
    EXPECT_EQ(List(w, c, "/dev/shm"), (Names{".", ".."}));
    EXPECT_EQ(Read(w, c, fd, 5, &bytes, 0), 5);
    EXPECT_EQ(bytes, "hello");
    EXPECT_EQ(Fstat(w, c, fd).nlink, 0u);
  });
}

TEST(ServerShm, Truncates) {
  WithShm([](World *w, Client *c) {
    uint64_t fd = Fd(Open(w, c, "/dev/shm/x", O_RDWR | O_CREAT));
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, fd, 9000}), 0);
    Write(w, c, fd, "abcdef", 4094);
    EXPECT_EQ(OnPath(w, c, FS_TRUNCATE, "/dev/shm/x", 4097), 0);
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, fd, 5000}), 0);
    std::string bytes;
    EXPECT_EQ(Read(w, c, fd, 10, &bytes, 4094), 10);
    EXPECT_EQ(bytes, std::string("abc\0\0\0\0\0\0\0", 10));
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, fd, uint64_t(-1)}), -EINVAL);
    EXPECT_GE(Open(w, c, "/dev/shm/x", O_RDWR | O_TRUNC), 0);
    EXPECT_EQ(Fstat(w, c, fd).size, 0u);
  });
}

TEST(ServerShm, NamesAreChecked) {
  WithShm([](World *w, Client *c) {
    std::string longest = "/dev/shm/" + std::string(SHM_NAME_MAX, 'n');
    EXPECT_GE(Open(w, c, longest, O_RDWR | O_CREAT), 0);
    EXPECT_EQ(Open(w, c, longest + "n", O_RDWR | O_CREAT), -ENAMETOOLONG);
    EXPECT_EQ(Open(w, c, "/dev/shm/none", O_RDWR), -ENOENT);
    EXPECT_EQ(Open(w, c, "/dev/shm", O_RDWR), -EISDIR);
    EXPECT_EQ(Open(w, c, "/dev/shm", O_RDONLY | O_CREAT), -EISDIR);
    EXPECT_EQ(Open(w, c, longest + "/x", O_RDWR | O_CREAT), -ENOTDIR);
    EXPECT_EQ(Open(w, c, "/dev/shm/none/x", O_RDWR | O_CREAT), -ENOENT);
    EXPECT_EQ(Open(w, c, longest, O_RDONLY | O_DIRECTORY), -ENOTDIR);
    EXPECT_EQ(OnPath(w, c, FS_MKDIR, "/dev/shm/d", 0755), -EPERM);
    EXPECT_EQ(OnPath(w, c, FS_MKDIR, longest, 0755), -EEXIST);
    EXPECT_EQ(OnPath(w, c, FS_RMDIR, "/dev/shm"), -EBUSY);
    EXPECT_EQ(OnPath(w, c, FS_CHDIR, longest), -ENOTDIR);
    EXPECT_EQ(OnPath(w, c, FS_ACCESS, longest, R_OK | W_OK), 0);
    EXPECT_EQ(OnPath(w, c, FS_ACCESS, longest, X_OK), -EACCES);
    EXPECT_EQ(OnPath(w, c, FS_CHMOD, longest, 0755), 0);
    EXPECT_EQ(OnPath(w, c, FS_ACCESS, longest, X_OK), 0);
    EXPECT_EQ(OnPath(w, c, FS_UTIMES, longest, 1, 5), 0);
    EXPECT_EQ(OnPath(w, c, FS_STAT, longest), 0);
    EXPECT_EQ(reinterpret_cast<fs_stat *>(c->page.data())->mtime, 5);
    EXPECT_EQ(OnPath(w, c, FS_READLINK, longest), -EINVAL);
    // Renaming, within and across.
    EXPECT_GE(Open(w, c, "/dev/shm/other", O_RDWR | O_CREAT), 0);
    EXPECT_GE(Open(w, c, "/file", O_RDWR | O_CREAT), 0);
    EXPECT_EQ(OnPaths(w, c, FS_RENAME, longest, "/dev/shm/other"), 0);
    EXPECT_EQ(OnPath(w, c, FS_STAT, longest), -ENOENT);
    EXPECT_EQ(OnPaths(w, c, FS_RENAME, "/file", "/dev/shm/file"), -EXDEV);
    EXPECT_EQ(OnPaths(w, c, FS_RENAME, "/dev/shm/other", "/file2"), -EXDEV);
    EXPECT_EQ(OnPaths(w, c, FS_LINK, "/file", "/dev/shm/file"), -EXDEV);
    EXPECT_EQ(OnPaths(w, c, FS_SYMLINK, "/file", "/dev/shm/file"), -EPERM);
    EXPECT_EQ(OnPaths(w, c, FS_RENAME, "/dev/shm/other", "/dev/shm/../../proc/x"), -EXDEV);
  });
}

TEST(ServerShm, IsADirectoryToWorkIn) {
  WithShm([](World *w, Client *c) {
    EXPECT_EQ(OnPath(w, c, FS_CHDIR, "/dev/shm"), 0);
    EXPECT_EQ(w->Call(c, {FS_GETCWD}), 8);
    EXPECT_EQ(memcmp(c->page.data(), "/dev/shm", 8), 0);
    EXPECT_GE(Open(w, c, "here", O_RDWR | O_CREAT), 0);
    EXPECT_EQ(OnPath(w, c, FS_STAT, "/dev/shm/here"), 0);
    EXPECT_EQ(OnPath(w, c, FS_STAT, ".//../shm/./here"), 0);
    EXPECT_GE(Open(w, c, "../../outside", O_RDWR | O_CREAT), 0);
    EXPECT_EQ(OnPath(w, c, FS_STAT, "/outside"), 0);
    EXPECT_EQ(OnPath(w, c, FS_STAT, ""), -ENOENT);
    Client *child = w->NewClient(c);
    EXPECT_EQ(OnPath(w, child, FS_STAT, "here"), 0);
    uint64_t fd = Fd(Open(w, c, ".", O_RDONLY));
    EXPECT_EQ(OnPath(w, c, FS_CHDIR, "/"), 0);
    EXPECT_EQ(w->Call(c, {FS_GETCWD}), 1);
    EXPECT_EQ(w->Call(c, {FS_FCHDIR, fd}), 0);
    EXPECT_EQ(OnPath(w, c, FS_STAT, "here"), 0);
    // By way of a link on the disk.
    OnPaths(w, c, FS_SYMLINK, "/dev/shm", "/link");
    bool mounted = OnPath(w, c, FS_RMDIR, "/proc") == -EBUSY;
    EXPECT_EQ(OnPath(w, c, FS_STAT, "/link/here"), mounted ? 0 : -ENOENT);
  });
}

TEST(ServerShm, HasALimit) {
  WithShm([](World *w, Client *c) {
    for (unsigned i = 0; i < SHM_MAX; i++) {
      int64_t fd = Open(w, c, "/dev/shm/" + std::to_string(i), O_RDWR | O_CREAT);
      EXPECT_GE(fd, 0) << i;
      w->Call(c, {FS_CLOSE, static_cast<uint64_t>(Fd(fd))});
    }
    EXPECT_EQ(Open(w, c, "/dev/shm/more", O_RDWR | O_CREAT), -ENOSPC);
    EXPECT_EQ(List(w, c, "/dev/shm").size(), SHM_MAX + 2u);
    for (unsigned i = 0; i < SHM_MAX; i++) {
      EXPECT_EQ(OnPath(w, c, FS_UNLINK, "/dev/shm/" + std::to_string(i)), 0);
    }
    EXPECT_GE(Open(w, c, "/dev/shm/more", O_RDWR | O_CREAT), 0);
  });
}

TEST(ServerShm, MakesMemoryWithoutAName) {
  WithShm([](World *w, Client *c) {
    c->PutPath("shown");
    int64_t made = w->Call(c, {FS_SHM, O_CLOEXEC, 0, 0});
    ASSERT_GE(made, 0);
    EXPECT_EQ(made >> 32, FS_KIND_FILE);
    EXPECT_NE(c->answer.word[1], 0u) << "the cookie";
    uint64_t fd = Fd(made);
    EXPECT_EQ(w->Call(c, {FS_FCNTL, fd, F_GETFD}), FD_CLOEXEC);
    EXPECT_EQ(Write(w, c, fd, "x"), 1);
    EXPECT_EQ(List(w, c, "/dev/shm"), (Names{".", ".."}));
    c->PutPath("shown");
    EXPECT_GE(w->Call(c, {FS_SHM, 0, 0, 0}), 0) << "such names need not differ";
    EXPECT_EQ(w->Call(c, {FS_SHM, 1ull << 20, 0, 0}), -EINVAL);
    EXPECT_EQ(w->Call(c, {FS_SHM, 0, 4096, 0}), -EINVAL);
    EXPECT_EQ(w->Call(c, {FS_SHM, FS_SHM_PROVIDED, 4096, 0}), -EINVAL);
    EXPECT_EQ(w->Call(c, {FS_SHM, FS_SHM_PROVIDED, 4096, PAGER_BOUND_MAX + 1}), -EINVAL);
    c->PutPath(std::string(SHM_NAME_MAX + 1, 'n'));
    EXPECT_EQ(w->Call(c, {FS_SHM, 0, 0, 0}), -ENAMETOOLONG);
    // A program's object has the size that it was made with.
    c->PutPath("mine");
    uint64_t own = Fd(w->Call(c, {FS_SHM, FS_SHM_PROVIDED | FS_SHM_LINKED, 8192, 1000}));
    EXPECT_EQ(Fstat(w, c, own).size, 8192u);
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, own, 0}), -EINVAL);
    EXPECT_EQ(Write(w, c, own, "ab", 8191), 1);
    EXPECT_EQ(Write(w, c, own, "ab", 8192), -EFBIG);
    c->PutPath("mine");
    EXPECT_EQ(w->Call(c, {FS_SHM, FS_SHM_LINKED, 0, 0}), -EEXIST);
    c->PutPath("a/b");
    EXPECT_EQ(w->Call(c, {FS_SHM, FS_SHM_LINKED, 0, 0}), -EINVAL);
  });
}

}  // namespace
}  // namespace fs_test
