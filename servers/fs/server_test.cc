// The whole server over a fake world: what processes see against a model of files, and what is on
// the disk afterwards against the same model and e2fsck. Each test runs in a process of its own,
// since the server has one volume for its lifetime.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "servers/fs/ext2/fixture.h"
#include "servers/fs/world_fake.h"

extern "C" {
#include "abi/syscall.h"
#include "lib/swap/swap_header.h"
#include "protocols/console.h"
#include "protocols/proc.h"
#include "protocols/signal.h"
#include "protocols/spawn.h"
#include "servers/fs/process.h"
#include "servers/fs/shm.h"
}

namespace fs_test {
namespace {

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

// Calls with paths.
int64_t OnPath(World *w, Client *c, fs_op op, const std::string &path, uint64_t a = 0,
               uint64_t b = 0) {
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

int64_t Write(World *w, Client *c, uint64_t fd, const std::string &bytes,
              uint64_t offset = FS_AT_POSITION) {
  memcpy(c->memory.data(), bytes.data(), bytes.size());
  return w->Call(c, {FS_WRITE, fd, kMemory, bytes.size(), offset});
}

int64_t Read(World *w, Client *c, uint64_t fd, uint64_t length, std::string *bytes,
             uint64_t offset = FS_AT_POSITION) {
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

class Server : public ::testing::Test {
 protected:
  static void With(const std::function<void(World *, Client *)> &body,
                   const std::string &options = "-b 1024", unsigned mebibytes = 2,
                   unsigned seed = 1) {
    InChild([&] {
      World w(MakeImage(options, mebibytes), seed);
      w.Boot();
      body(&w, w.init());
      EXPECT_EQ(Unmount(&w, w.init()), 0);
      EXPECT_EQ(Fsck(w.image()), "");
    });
  }
};

TEST_F(Server, ReadsWhatWasWritten) {
  With([](World *w, Client *c) {
    int fd = Fd(Open(w, c, "/f", O_RDWR | O_CREAT));
    EXPECT_EQ(Write(w, c, fd, "hello"), 5);
    EXPECT_EQ(Write(w, c, fd, " world"), 6);
    std::string got;
    EXPECT_EQ(Read(w, c, fd, 100, &got), 0);
    EXPECT_EQ(Read(w, c, fd, 100, &got, 0), 11);
    EXPECT_EQ(got, "hello world");
    EXPECT_EQ(Fstat(w, c, fd).size, 11u);
    EXPECT_EQ(w->Call(c, {FS_CLOSE, uint64_t(fd)}), 0);
    EXPECT_EQ(w->Call(c, {FS_CLOSE, uint64_t(fd)}), -EBADF);
  });
}

TEST_F(Server, ShowsZerosInNewBlocksAndAfterATruncation) {
  With([](World *w, Client *c) {
    // Old data all over the disk.
    int fd = Fd(Open(w, c, "/old", O_RDWR | O_CREAT));
    for (int i = 0; i < 16; i++) EXPECT_EQ(Write(w, c, fd, std::string(65536, 'x')), 65536);
    EXPECT_EQ(w->Call(c, {FS_FSYNC, uint64_t(fd)}), 0);
    w->Call(c, {FS_CLOSE, uint64_t(fd)});
    EXPECT_EQ(OnPath(w, c, FS_UNLINK, "/old"), 0);
    fd = Fd(Open(w, c, "/new", O_RDWR | O_CREAT));
    EXPECT_EQ(w->Call(c, {FS_WRITE, uint64_t(fd), 1, 5000, 100}), -EFAULT);
    EXPECT_EQ(Fstat(w, c, uint64_t(fd)).size, 0u);
    EXPECT_EQ(w->Call(c, {FS_WRITE, uint64_t(fd), 1, 5000, FS_AT_POSITION}), -EFAULT);
    EXPECT_EQ(w->Call(c, {FS_SEEK, uint64_t(fd), 0, SEEK_CUR}), 0);
    EXPECT_EQ(Write(w, c, fd, "end", 9000), 3);
    std::string got;
    EXPECT_EQ(Read(w, c, fd, 20000, &got, 0), 9003);
    EXPECT_EQ(got, std::string(9000, 0) + "end");
    EXPECT_EQ(w->Call(c, {FS_FSYNC, uint64_t(fd)}), 0);
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, uint64_t(fd), 9001}), 0);
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, uint64_t(fd), 9500}), 0);
    EXPECT_EQ(Read(w, c, fd, 20000, &got, 0), 9500);
    EXPECT_EQ(got, std::string(9000, 0) + "e" + std::string(499, 0));
  });
}

TEST_F(Server, RefusesBadDescriptorsAndNumbers) {
  With([](World *w, Client *c) {
    for (uint64_t op = 0; op < 120; op++) {
      bool has_no_argument = op == FS_SYNC || op == FS_GETCWD || op == FS_STATFS;
      if (has_no_argument || op == FS_UMASK || op == FS_PIPE) continue;
      for (uint64_t value : {uint64_t{60}, uint64_t{64}, ~uint64_t{0}, uint64_t{1} << 40}) {
        memset(c->page.data(), 'a', c->page.size());  // paths without an end
        EXPECT_LT(w->Call(c, {op, value, value, value, value, value}), 0) << op;
      }
    }
    EXPECT_EQ(w->Call(c, {FS_READ | uint64_t{1} << 32, 0, 0, 0}), -ENOSYS);
    EXPECT_EQ(w->Call(c, {FS_FORK, SLOT_INIT, 77}), -EPERM);
    EXPECT_EQ(w->Call(c, {FS_FLUSHED, 0}), -EPERM);
    EXPECT_EQ(w->Call(c, {FS_FLUSHED, 0}, VIA_PAGER), -EINVAL);
    Client stranger;
    EXPECT_EQ(Open(w, c, "/", O_RDWR), -EISDIR);
    EXPECT_EQ(Open(w, c, "/none", O_RDWR), -ENOENT);
    EXPECT_EQ(Open(w, c, "/", 3), -EINVAL);
    EXPECT_EQ(Open(w, c, "", O_RDONLY), -ENOENT);
  });
}

TEST_F(Server, KeepsPositionAndFlagsPerFile) {
  With([](World *w, Client *c) {
    uint64_t fd = Fd(Open(w, c, "/f", O_RDWR | O_CREAT | O_CLOEXEC));
    EXPECT_EQ(w->Call(c, {FS_FCNTL, fd, F_GETFD}), FD_CLOEXEC);
    Write(w, c, fd, "0123456789");
    EXPECT_EQ(w->Call(c, {FS_SEEK, fd, 2, SEEK_SET}), 2);
    uint64_t copy = w->Call(c, {FS_DUP, fd, 10, 0});
    EXPECT_EQ(copy, 10u);
    EXPECT_EQ(w->Call(c, {FS_FCNTL, copy, F_GETFD}), 0);
    std::string got;
    EXPECT_EQ(Read(w, c, copy, 3, &got), 3);
    EXPECT_EQ(got, "234");
    EXPECT_EQ(Read(w, c, fd, 3, &got), 3);
    EXPECT_EQ(got, "567");
    EXPECT_EQ(w->Call(c, {FS_SEEK, fd, uint64_t(-1), SEEK_END}), 9);
    EXPECT_EQ(w->Call(c, {FS_SEEK, fd, uint64_t(-100), SEEK_CUR}), -EINVAL);
    EXPECT_EQ(w->Call(c, {FS_FCNTL, fd, F_SETFL, O_APPEND}), 0);
    w->Call(c, {FS_SEEK, copy, 0, SEEK_SET});
    EXPECT_EQ(Write(w, c, copy, "ab"), 2);
    EXPECT_EQ(Fstat(w, c, fd).size, 12u);
    EXPECT_EQ(w->Call(c, {FS_DUP, fd, 64, FS_DUP_EXACT}), -EBADF);
    EXPECT_EQ(w->Call(c, {FS_DUP, fd, 3, FS_DUP_EXACT}), 3);
    uint64_t reader = Fd(Open(w, c, "/f", O_RDONLY));
    EXPECT_EQ(Write(w, c, reader, "x"), -EBADF);
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, reader, 0}), -EINVAL);
    EXPECT_EQ(w->Call(c, {FS_MAP, reader, 0, 4096, 0, PROT_W | PAGER_SHARED << 8}), -EACCES);
    EXPECT_GT(w->Call(c, {FS_MAP, reader, 0, 4096, 0, PROT_W | PAGER_PRIVATE << 8}), 0);
  });
}

TEST_F(Server, UnlinkedFileLivesWhileOpen) {
  With([](World *w, Client *c) {
    uint64_t fd = Fd(Open(w, c, "/f", O_RDWR | O_CREAT));
    Write(w, c, fd, std::string(10000, 'q'));
    EXPECT_EQ(OnPath(w, c, FS_UNLINK, "/f"), 0);
    EXPECT_EQ(OnPath(w, c, FS_STAT, "/f"), -ENOENT);
    EXPECT_EQ(Fstat(w, c, fd).nlink, 0u);
    std::string got;
    EXPECT_EQ(Read(w, c, fd, 10000, &got, 0), 10000);
    EXPECT_EQ(got, std::string(10000, 'q'));
    EXPECT_EQ(w->Call(c, {FS_CLOSE, fd}), 0);
    w->Settle();
  });
}

TEST_F(Server, PipesBlockAndEnd) {
  With([](World *w, Client *c) {
    Client *other = nullptr;
    uint64_t in = w->Call(c, {FS_PIPE, 0});
    uint64_t out = c->answer.word[1];
    other = w->NewClient(c);
    // A reader waits for a writer.
    w->Send(other, {FS_READ, in, 0, FS_DATA_MAX, FS_AT_POSITION});
    w->Settle();
    EXPECT_TRUE(other->waits);
    memcpy(c->page.data(), "ping", 4);
    EXPECT_EQ(w->Call(c, {FS_WRITE, out, 0, 4, FS_AT_POSITION}), 4);
    EXPECT_FALSE(other->waits);
    EXPECT_EQ(other->answer.status, 4);
    EXPECT_EQ(memcmp(other->page.data(), "ping", 4), 0);
    // A full pipe stops the writer until there is room for all of it.
    EXPECT_EQ(w->Call(c, {FS_WRITE, out, 0, FS_DATA_MAX, FS_AT_POSITION}), FS_DATA_MAX);
    w->Send(c, {FS_WRITE, out, 0, 100, FS_AT_POSITION});
    w->Settle();
    EXPECT_TRUE(c->waits);
    EXPECT_EQ(w->Call(other, {FS_READ, in, 0, 99, FS_AT_POSITION}), 99);
    EXPECT_TRUE(c->waits);
    EXPECT_EQ(w->Call(other, {FS_READ, in, 0, 1, FS_AT_POSITION}), 1);
    EXPECT_FALSE(c->waits);
    // Nonblocking, offsets, the wrong end.
    EXPECT_EQ(w->Call(c, {FS_FCNTL, out, F_SETFL, O_NONBLOCK}), 0);
    EXPECT_EQ(w->Call(c, {FS_WRITE, out, 0, FS_DATA_MAX, FS_AT_POSITION}), -EAGAIN);
    EXPECT_EQ(w->Call(c, {FS_WRITE, out, 0, 1, 5}), -ESPIPE);
    EXPECT_EQ(w->Call(c, {FS_WRITE, in, 0, 1, FS_AT_POSITION}), -EBADF);
    EXPECT_EQ(w->Call(c, {FS_SEEK, out, 0, 0}), -ESPIPE);
    // The end: no writer left.
    EXPECT_EQ(w->Call(other, {FS_READ, in, 0, FS_DATA_MAX, FS_AT_POSITION}), FS_DATA_MAX);
    w->Call(c, {FS_CLOSE, out});
    w->Send(c, {FS_READ, in, 0, 10, FS_AT_POSITION});
    EXPECT_TRUE(c->waits);
    w->Call(other, {FS_CLOSE, out});
    EXPECT_FALSE(c->waits);
    EXPECT_EQ(c->answer.status, 0);
  });
}

TEST_F(Server, SignalsEndWaitsForPipes) {
  With([](World *w, Client *c) {
    uint64_t in = w->Call(c, {FS_PIPE, 0});
    uint64_t out = c->answer.word[1];
    Client *other = w->NewClient(c);
    auto interrupt = [&](Client *of) { return w->Call(c, {FS_INTERRUPT, of->badge}, VIA_PROC); };
    EXPECT_EQ(interrupt(other), 0);
    EXPECT_EQ(w->Call(c, {FS_INTERRUPT, 0xffffffff}, VIA_PROC), 0);
    w->Send(other, {FS_READ, in, 0, 10, FS_AT_POSITION});
    EXPECT_TRUE(other->waits);
    EXPECT_EQ(interrupt(other), 1);
    EXPECT_FALSE(other->waits);
    EXPECT_EQ(other->answer.status, -EINTR);
    // A writer: the one behind it has room now.
    Client *third = w->NewClient(c);
    EXPECT_EQ(w->Call(c, {FS_WRITE, out, 0, FS_DATA_MAX - 10, FS_AT_POSITION}), FS_DATA_MAX - 10);
    w->Send(other, {FS_WRITE, out, 0, 11, FS_AT_POSITION});
    w->Send(third, {FS_WRITE, out, 0, 10, FS_AT_POSITION});
    EXPECT_TRUE(other->waits && third->waits);
    EXPECT_EQ(interrupt(other), 1);
    EXPECT_EQ(other->answer.status, -EINTR);
    EXPECT_FALSE(third->waits);
    EXPECT_EQ(third->answer.status, 10);
    // Who has a signal to take must not wait; but what is there can be read.
    auto *page = signal_page_in(other->page.data());
    page->pending = 2;
    w->Send(other, {FS_WRITE, out, 0, 11, FS_AT_POSITION});
    EXPECT_FALSE(other->waits);
    EXPECT_EQ(other->answer.status, -EINTR);
    EXPECT_EQ(w->Call(other, {FS_READ, in, 0, 10, FS_AT_POSITION}), 10);
    page->mask = 2;
    w->Send(other, {FS_WRITE, out, 0, 11, FS_AT_POSITION});
    EXPECT_TRUE(other->waits);
    EXPECT_LT(w->Call(c, {FS_INTERRUPT, other->badge}), 0);
    w->Exit(other);
    w->Exit(third);
  });
}

TEST_F(Server, WriterWithoutReaderIsSentToProc) {
  With([](World *w, Client *c) {
    uint64_t in = w->Call(c, {FS_PIPE, 0});
    uint64_t out = c->answer.word[1];
    Client *other = w->NewClient(c);
    EXPECT_EQ(w->Call(c, {FS_WRITE, out, 0, FS_DATA_MAX, FS_AT_POSITION}), FS_DATA_MAX);
    w->Send(other, {FS_WRITE, out, 0, 1, FS_AT_POSITION});
    EXPECT_TRUE(other->waits);
    w->Call(c, {FS_CLOSE, in});
    EXPECT_TRUE(other->waits);  // it has the reading end itself
    w->Exit(other);
    w->Call(c, {FS_WRITE, out, 0, 1, FS_AT_POSITION});
    EXPECT_EQ(c->answer.to, handle_t{HANDLE_PROC});
    EXPECT_EQ(c->answer.word[0], uint64_t{PROC_SIGNAL_SELF});
  });
}

TEST_F(Server, DevicesWorkWithoutADevDirectory) {
  With([](World *w, Client *c) {
    uint64_t console = Fd(Open(w, c, "/dev/console", O_RDWR));
    EXPECT_EQ(c->answer.status >> 32, FS_KIND_MESSAGE);
    EXPECT_EQ(w->Call(c, {FS_ISATTY, console}), 1);
    w->Call(c, {FS_WRITE, console, 0, 12, FS_AT_POSITION});
    EXPECT_EQ(c->answer.to, handle_t{HANDLE_CONSOLE});
    EXPECT_EQ(c->answer.word[0], uint64_t{CONSOLE_WRITE});
    EXPECT_EQ(c->answer.word[1], 12u);
    uint64_t null = Fd(Open(w, c, "/dev/null", O_RDWR));
    EXPECT_EQ(w->Call(c, {FS_WRITE, null, 0, 3000, FS_AT_POSITION}), 3000);
    EXPECT_EQ(w->Call(c, {FS_READ, null, 0, 3000, FS_AT_POSITION}), 0);
    uint64_t zero = Fd(Open(w, c, "/dev/zero", O_RDWR));
    c->page[9] = 1;
    EXPECT_EQ(w->Call(c, {FS_READ, zero, 0, 10, FS_AT_POSITION}), 10);
    EXPECT_EQ(c->page[9], 0);
    EXPECT_EQ(w->Call(c, {FS_ISATTY, zero}), -ENOTTY);
    EXPECT_EQ(w->Call(c, {FS_MAP, null, 0, 4096, 0, PROT_R}), -ENODEV);
    EXPECT_EQ(OnPath(w, c, FS_MKDIR, "/dev", 0755), 0);
    EXPECT_EQ(OnPath(w, c, FS_MKNOD, "/dev/mynull", 020644, 1 << 8 | 3), 0);
    null = Fd(Open(w, c, "/dev/mynull", O_RDWR));
    EXPECT_EQ(w->Call(c, {FS_WRITE, null, 0, 3000, FS_AT_POSITION}), 3000);
    EXPECT_EQ(Fstat(w, c, null).rdev, 1u << 8 | 3);
    EXPECT_EQ(OnPath(w, c, FS_MKNOD, "/dev/odd", 020644, 99 << 8), 0);
    EXPECT_EQ(Open(w, c, "/dev/odd", O_RDONLY), -ENXIO);
  });
}

TEST_F(Server, WorkingDirectoryHasAName) {
  With([](World *w, Client *c) {
    OnPath(w, c, FS_MKDIR, "/a", 0755);
    OnPath(w, c, FS_MKDIR, "/a/..b", 0755);
    auto current = [&] {
      int64_t length = w->Call(c, {FS_GETCWD});
      return length < 0 ? std::to_string(length)
                        : std::string(reinterpret_cast<char *>(c->page.data()), length);
    };
    EXPECT_EQ(current(), "/");
    EXPECT_EQ(OnPath(w, c, FS_CHDIR, "a/..b"), 0);
    EXPECT_EQ(current(), "/a/..b");
    EXPECT_EQ(OnPath(w, c, FS_CHDIR, "../../.."), 0);
    EXPECT_EQ(current(), "/");
    EXPECT_EQ(OnPath(w, c, FS_CHDIR, "/nowhere"), -ENOENT);
    uint64_t fd = Fd(Open(w, c, "/a/..b", O_RDONLY | O_DIRECTORY));
    EXPECT_EQ(w->Call(c, {FS_FCHDIR, fd}), 0);
    EXPECT_EQ(current(), "/a/..b");
    EXPECT_EQ(OnPath(w, c, FS_RMDIR, "/a/..b"), 0);
    EXPECT_EQ(current(), std::to_string(-ENOENT));
    EXPECT_EQ(Open(w, c, "x", O_CREAT | O_RDWR), -ENOENT);
    EXPECT_EQ(OnPath(w, c, FS_CHDIR, "/"), 0);
  });
}

TEST_F(Server, CreatesThroughALinkToNowhere) {
  With([](World *w, Client *c) {
    OnPath(w, c, FS_MKDIR, "/d", 0755);
    EXPECT_EQ(OnPaths(w, c, FS_SYMLINK, "target", "/d/link"), 0);
    EXPECT_EQ(Open(w, c, "/d/link", O_RDONLY), -ENOENT);
    EXPECT_EQ(Open(w, c, "/d/link", O_RDWR | O_CREAT | O_EXCL), -EEXIST);
    EXPECT_EQ(Open(w, c, "/d/link", O_RDWR | O_CREAT | O_NOFOLLOW), -ELOOP);
    EXPECT_GE(Open(w, c, "/d/link", O_RDWR | O_CREAT), 0);
    EXPECT_EQ(OnPath(w, c, FS_STAT, "/d/target"), 0);
    EXPECT_EQ(OnPaths(w, c, FS_SYMLINK, "loop", "/loop"), 0);
    EXPECT_EQ(Open(w, c, "/loop", O_RDWR | O_CREAT), -ELOOP);
    EXPECT_EQ(OnPath(w, c, FS_READLINK, "/loop"), 4);
    EXPECT_EQ(memcmp(c->page.data(), "loop", 4), 0);
    EXPECT_EQ(Open(w, c, "/d/new/", O_RDWR | O_CREAT), -EISDIR);
  });
}

TEST_F(Server, ExecNeedsAProgram) {
  With([](World *w, Client *c) {
    uint64_t fd = Fd(Open(w, c, "/f", O_RDWR | O_CREAT | O_CLOEXEC));
    EXPECT_EQ(w->Call(c, {FS_EXEC, fd}, VIA_PROC), -EACCES);
    EXPECT_EQ(w->Call(c, {FS_FCHMOD, fd, 0755}), 0);
    EXPECT_EQ(w->Call(c, {FS_EXEC, fd}, VIA_PROC), -ENOEXEC);
    uint64_t directory = Fd(Open(w, c, "/", O_RDONLY));
    EXPECT_EQ(w->Call(c, {FS_EXEC, directory}, VIA_PROC), -EACCES);
    EXPECT_EQ(w->Call(c, {FS_EXEC, 50}, VIA_PROC), -EBADF);
    Write(w, c, fd, "ELF");
    w->exec_status = -ENOMEM;
    w->Call(c, {FS_EXEC, fd}, VIA_PROC);
    EXPECT_EQ(w->Call(c, {FS_FCNTL, fd, F_GETFD}), FD_CLOEXEC) << "the old program goes on";
    w->exec_status = 0;
    EXPECT_GT(w->Call(c, {FS_EXEC, fd}, VIA_PROC), 0);
    EXPECT_EQ(w->Call(c, {FS_CLOSE, fd}), -EBADF);  // closed on exec
    EXPECT_EQ(w->Call(c, {FS_CLOSE, directory}), 0);
  });
}

// A child from descriptors of `c`: FS_SPAWN as proc sends it, with the program in `fd`.
int64_t Spawn(World *w, Client *c, uint32_t child, uint64_t fd, const spawn_request &request) {
  memcpy(c->page.data() + SPAWN_REQUEST, &request, sizeof request);
  return w->Call(c, {FS_SPAWN, c->badge, child, fd}, VIA_PROC);
}

TEST_F(Server, SpawnNeedsAProgramAndDescriptors) {
  With([](World *w, Client *c) {
    spawn_request request = {};
    request.directory = SPAWN_KEEP;
    uint32_t child = c->badge + 100;
    uint64_t fd = Fd(Open(w, c, "/f", O_RDWR | O_CREAT | O_CLOEXEC));
    EXPECT_EQ(Spawn(w, c, child, fd, request), -EACCES);
    EXPECT_EQ(w->Call(c, {FS_FCHMOD, fd, 0755}), 0);
    EXPECT_EQ(Spawn(w, c, child, fd, request), -ENOEXEC);
    EXPECT_EQ(Spawn(w, c, child, 50, request), -EBADF);
    Write(w, c, fd, "ELF");
    request.changed = 1ull << 63;
    for (uint8_t from : {50, 63, 64, 0xfd, 0xff}) {
      request.from[63] = from;
      EXPECT_EQ(Spawn(w, c, child, fd, request), -EBADF);
    }
    request.from[63] = SPAWN_CLOSE;
    request.directory = static_cast<uint8_t>(fd);
    EXPECT_EQ(Spawn(w, c, child, fd, request), -ENOTDIR);
    request.directory = 50;
    EXPECT_EQ(Spawn(w, c, child, fd, request), -EBADF);
    request.directory = SPAWN_KEEP;
    EXPECT_GT(Spawn(w, c, child, fd, request), 0);
    EXPECT_EQ(Spawn(w, c, child, fd, request), -EEXIST);
    EXPECT_EQ(w->Call(c, {FS_SPAWN, c->badge + 5, child, fd}, VIA_PROC), -ESRCH);
    EXPECT_EQ(w->Call(c, {FS_SPAWN, c->badge, child, fd}), -EPERM);
    EXPECT_EQ(w->Call(c, {FS_EXITED, child}, VIA_PROC), 0);
  });
}

TEST_F(Server, SpawnedProcessHasWhatTheRequestSays) {
  With([](World *w, Client *c) {
    EXPECT_EQ(OnPath(w, c, FS_MKDIR, "/sub", 0755), 0);
    uint64_t kept = Fd(Open(w, c, "/kept", O_RDWR | O_CREAT));
    uint64_t program = Fd(Open(w, c, "/f", O_RDWR | O_CREAT | O_CLOEXEC));
    EXPECT_EQ(w->Call(c, {FS_FCHMOD, program, 0755}), 0);
    uint64_t directory = Fd(Open(w, c, "/sub", O_RDONLY | O_CLOEXEC));
    Write(w, c, program, "ELF");
    spawn_request request = {};
    request.changed = 1ull << 20 | 1ull << 21 | 1ull << kept;
    request.from[20] = static_cast<uint8_t>(kept);
    request.from[21] = static_cast<uint8_t>(program);
    request.from[kept] = SPAWN_CLOSE;
    request.directory = static_cast<uint8_t>(directory);
    Client *child = w->NewClient(c);
    EXPECT_EQ(w->Call(c, {FS_EXITED, child->badge}, VIA_PROC), 0);
    EXPECT_GT(Spawn(w, c, child->badge, program, request), 0);
    EXPECT_EQ(w->Call(child, {FS_CLOSE, kept}), -EBADF);
    EXPECT_EQ(w->Call(child, {FS_CLOSE, directory}), -EBADF);
    EXPECT_EQ(w->Call(child, {FS_CLOSE, program}), -EBADF);
    EXPECT_EQ(w->Call(child, {FS_FCNTL, 20, F_GETFD}), 0);
    EXPECT_EQ(w->Call(child, {FS_FCNTL, 21, F_GETFD}), 0);  // open over the next exec, too
    EXPECT_EQ(w->Call(c, {FS_FCNTL, kept, F_GETFD}), 0);
    EXPECT_GE(w->Call(child, {FS_GETCWD}), 0);
    EXPECT_STREQ(reinterpret_cast<char *>(child->page.data()), "/sub");
    EXPECT_EQ(w->Call(c, {FS_EXITED, child->badge}, VIA_PROC), 0);
    EXPECT_EQ(w->Call(c, {FS_CLOSE, kept}), 0);
  });
}

TEST_F(Server, FullDiskIsToldToTheWriter) {
  With([](World *w, Client *c) {
    uint64_t fd = Fd(Open(w, c, "/f", O_RDWR | O_CREAT));
    uint64_t written = 0;
    for (;;) {
      int64_t status = Write(w, c, fd, std::string(100000, 'z'));
      if (status < 0) {
        EXPECT_EQ(status, -ENOSPC);
        break;
      }
      written += status;
      ASSERT_LT(written, 4u << 20);
    }
    EXPECT_GT(written, 1u << 20);
    EXPECT_EQ(Fstat(w, c, fd).size, written);
    EXPECT_EQ(w->Call(c, {FS_FSYNC, fd}), 0);
    EXPECT_EQ(w->page_out_errors, 0u);
    EXPECT_EQ(w->Call(c, {FS_FTRUNCATE, fd, 0}), 0);
    EXPECT_EQ(Write(w, c, fd, std::string(100000, 'z'), 0), 100000);
  });
}

TEST_F(Server, ManyFilesNeedNoMoreThanTheTable) {
  With(
      [](World *w, Client *c) {
        for (int i = 0; i < 400; i++) {
          uint64_t fd = Fd(Open(w, c, "/f" + std::to_string(i), O_RDWR | O_CREAT));
          EXPECT_EQ(Write(w, c, fd, "content " + std::to_string(i)), 8 + (i > 99  ? 3
                                                                          : i > 9 ? 2
                                                                                  : 1));
          EXPECT_EQ(w->Call(c, {FS_CLOSE, fd}), 0);
          if (i % 25 == 0) {
            EXPECT_EQ(w->Call(c, {FS_SYNC}), 0);
          }
        }
        for (int i = 0; i < 400; i++) {
          uint64_t fd = Fd(Open(w, c, "/f" + std::to_string(i), O_RDWR));
          std::string got;
          Read(w, c, fd, 100, &got);
          EXPECT_EQ(got, "content " + std::to_string(i));
          EXPECT_EQ(w->Call(c, {FS_CLOSE, fd}), 0);
        }
      },
      "-b 4096 -N 512", 8);
}

// --- random runs -------------------------------------------------------------------------------

// A file as it must be.
struct ModelFile {
  std::string bytes;
};

struct ModelOpen {
  std::shared_ptr<ModelFile> file;
  uint64_t position = 0;
  bool append = false;
};

// A process that works in a directory of its own, and knows what must be there.
class Worker {
 public:
  Worker(World *w, Client *client, std::string home, std::mt19937 *random)
      : w_(w), c_(client), home_(std::move(home)), random_(random) {}

  bool idle() const { return !c_->waits; }

  // Checks the last answer and makes the next call.
  void Go() {
    ASSERT_TRUE(idle());
    if (check_) {
      auto check = std::move(check_);
      check_ = nullptr;
      if (!anything) {
        check(c_->answer.status);
      } else if (c_->answer.status >= 0 && opened_) {
        open_[Fd(c_->answer.status)].file = std::make_shared<ModelFile>();
      }
      opened_ = false;
    }
    if (!stopped_ && !check_) Next();
  }

  // Makes no further calls.
  void Stop() { stopped_ = true; }

  void CheckOnDisk(ext2_test::Mount *mount, const std::vector<uint8_t> &image) {
    for (auto &[name, file] : names_) {
      ext2_inode *inode = mount->Get(home_ + "/" + name);
      ASSERT_NE(inode, nullptr) << home_ << name;
      ASSERT_EQ(ext2_inode_size(inode), file->bytes.size()) << home_ << name;
      uint32_t unit = mount->block_size();
      for (uint64_t at = 0; at < file->bytes.size(); at += unit) {
        uint64_t block;
        uint32_t run;
        ASSERT_EQ(ext2_bmap(inode, at / unit, 1, &block, &run), 0);
        std::string want = file->bytes.substr(at, unit);
        std::string got(want.size(), 0);
        if (block != 0) memcpy(got.data(), image.data() + block * unit, want.size());
        ASSERT_TRUE(got == want) << home_ << "/" << name << " differs at " << at;
      }
      ext2_iput(inode);
    }
  }

  bool mapped_stores = true;
  bool lenient = false;   // transfers fail, so that what a file holds is not certain
  bool anything = false;  // what there is is not known either

 private:
  uint32_t Random(uint32_t n) { return (*random_)() % n; }
  std::string Name() { return std::string(1, static_cast<char>('a' + Random(6))); }
  uint64_t Size() { return Random(4) == 0 ? Random(100000) : Random(9000); }

  void Start(std::vector<uint64_t> words, std::function<void(int64_t)> check) {
    check_ = std::move(check);
    w_->Send(c_, std::move(words));
  }

  void StartPath(fs_op op, const std::string &name, std::function<void(int64_t)> check,
                 uint64_t a = 0, uint64_t b = 0) {
    c_->PutPath(home_ + "/" + name);
    Start({op, a, b}, std::move(check));
  }

  void Next() {
    switch (Random(open_.empty() ? 5 : 16)) {
      case 0:
      case 1:
        return StartOpen();
      case 2:
        return StartUnlink();
      case 3:
        return StartRename();
      case 4:
        return StartTruncate();
      case 5:
        return StartClose();
      case 6:
      case 7:
      case 8:
      case 9:
        return StartWrite();
      case 10:
      case 11:
      case 12:
        return StartRead();
      case 13:
        return StartFtruncate();
      case 14:
        return Random(3) == 0 ? StartFsync() : Store();
      default:
        return StartStat();
    }
  }

  std::map<uint64_t, ModelOpen>::iterator AnyOpen() {
    return std::next(open_.begin(), Random(static_cast<uint32_t>(open_.size())));
  }

  void StartOpen() {
    std::string name = Name();
    bool append = Random(4) == 0, truncate = Random(5) == 0, create = Random(4) != 0;
    int flags =
        O_RDWR | (append ? O_APPEND : 0) | (truncate ? O_TRUNC : 0) | (create ? O_CREAT : 0);
    auto check = [=](int64_t status) {
      auto found = names_.find(name);
      if (status == -EMFILE || status == -ENOSPC || (lenient && status < 0)) return;
      if (found == names_.end() && !create) {
        ASSERT_EQ(status, -ENOENT);
        return;
      }
      ASSERT_GE(status, 0);
      if (found == names_.end()) found = names_.emplace(name, std::make_shared<ModelFile>()).first;
      if (truncate) found->second->bytes.clear();
      open_[Fd(status)] = {found->second, 0, append};
    };
    opened_ = true;
    StartPath(FS_OPEN, name, check, static_cast<uint64_t>(flags), 0644);
  }

  void StartClose() {
    uint64_t fd = AnyOpen()->first;
    Start({FS_CLOSE, fd}, [=](int64_t status) {
      ASSERT_EQ(status, 0);
      open_.erase(fd);
    });
  }

  void StartUnlink() {
    std::string name = Name();
    StartPath(FS_UNLINK, name, [=](int64_t status) {
      if (lenient && status == -EIO) return;
      ASSERT_EQ(status, names_.count(name) != 0 ? 0 : -ENOENT);
      names_.erase(name);
    });
  }

  void StartRename() {
    std::string from = Name(), to = Name();
    bool links = Random(2) == 0;
    c_->PutPath(home_ + "/" + from);
    c_->PutPath(home_ + "/" + to, FS_SECOND_PATH);
    Start({uint64_t(links ? FS_LINK : FS_RENAME)}, [=](int64_t status) {
      if (status == -ENOSPC || (lenient && status == -EIO)) return;
      auto found = names_.find(from);
      if (found == names_.end()) {
        ASSERT_EQ(status, -ENOENT);
      } else if (links && names_.count(to) != 0) {
        ASSERT_EQ(status, -EEXIST);
      } else {
        ASSERT_EQ(status, 0);
        auto file = found->second;
        if (!links && from != to && names_[to] != file) names_.erase(from);
        names_[to] = file;
      }
    });
  }

  void Resized(const std::shared_ptr<ModelFile> &file, uint64_t size, int64_t status) {
    if (status == -ENOSPC && size > file->bytes.size()) return;
    if (lenient && status < 0) return;
    ASSERT_EQ(status, 0);
    file->bytes.resize(size);
  }

  void StartTruncate() {
    std::string name = Name();
    uint64_t size = Size();
    auto check = [=](int64_t status) {
      auto found = names_.find(name);
      if (found == names_.end()) {
        ASSERT_TRUE(status == -ENOENT || lenient);
      } else {
        Resized(found->second, size, status);
      }
    };
    StartPath(FS_TRUNCATE, name, check, size);
  }

  void StartFtruncate() {
    auto [fd, open] = *AnyOpen();
    uint64_t size = Size();
    auto file = open.file;
    Start({FS_FTRUNCATE, fd, size}, [=](int64_t status) { Resized(file, size, status); });
  }

  void StartWrite() {
    auto [fd, open] = *AnyOpen();
    bool positioned = Random(2) == 0;
    bool bad = Random(20) == 0;
    uint64_t offset = positioned ? Size() : FS_AT_POSITION;
    uint64_t length = 1 + Random(Random(4) == 0 ? 60000 : 3000);
    for (uint64_t i = 0; i < length; i++) c_->memory[i] = static_cast<uint8_t>(1 + Random(255));
    std::string bytes(reinterpret_cast<char *>(c_->memory.data()), length);
    uint64_t number = fd;
    Start({FS_WRITE, fd, bad ? 5 : kMemory, length, offset}, [=](int64_t status) {
      ModelOpen &model = open_[number];
      std::string &content = model.file->bytes;
      uint64_t at = model.append ? content.size() : positioned ? offset : model.position;
      if (status == -EFAULT && bad) {
        if (lenient) AfterFault(number, positioned);
        return;
      }
      if (status == -ENOSPC || (lenient && status < 0)) return;
      ASSERT_GT(status, 0);
      if (content.size() < at + status) content.resize(at + status);
      content.replace(at, status, bytes.substr(0, status));
      if (!positioned) model.position = at + status;
    });
  }

  // When the disk fails, the file may keep what it has grown by, or have lost what it was to lose.
  void AfterFault(uint64_t fd, bool positioned) {
    Start({FS_FSTAT, fd}, [=](int64_t status) {
      if (lenient && status < 0) return;
      ASSERT_EQ(status, 0);
      fs_stat stat;
      memcpy(&stat, c_->page.data(), sizeof(stat));
      open_[fd].file->bytes.resize(stat.size);
      if (positioned) return;
      Start({FS_SEEK, fd, 0, SEEK_CUR}, [=](int64_t position) {
        ASSERT_GE(position, 0);
        open_[fd].position = position;
      });
    });
  }

  void StartRead() {
    auto [fd, open] = *AnyOpen();
    bool positioned = Random(2) == 0;
    uint64_t offset = positioned ? Size() : FS_AT_POSITION;
    uint64_t length = Random(Random(4) == 0 ? 60000 : 3000);
    uint64_t number = fd;
    Start({FS_READ, fd, kMemory, length, offset}, [=](int64_t status) {
      ModelOpen &model = open_[number];
      const std::string &content = model.file->bytes;
      uint64_t at = positioned ? offset : model.position;
      if (lenient) {
        if (status > 0 && !positioned) model.position = at + status;
        return;
      }
      std::string want = at < content.size() ? content.substr(at, length) : "";
      ASSERT_EQ(status, static_cast<int64_t>(want.size()));
      std::string got(reinterpret_cast<char *>(c_->memory.data()), want.size());
      for (size_t i = 0; i < want.size(); i++) {
        ASSERT_EQ(got[i], want[i])
            << home_ << " fd " << number << " at " << at + i << " of " << content.size();
      }
      if (!positioned) model.position = at + status;
    });
  }

  void StartFsync() {
    uint64_t fd = AnyOpen()->first;
    Start({FS_FSYNC, fd}, [=](int64_t status) { ASSERT_TRUE(status == 0 || lenient); });
  }

  void Store() {
    auto [fd, open] = *AnyOpen();
    std::string &content = open.file->bytes;
    if (content.empty() || !mapped_stores) return Next();
    uint64_t at = (*random_)() % content.size();
    char byte = static_cast<char>(1 + Random(255));
    if (w_->MappedStore(c_, fd, at, static_cast<uint8_t>(byte))) content[at] = byte;
    // The others went on meanwhile, this one did not.
    StartStat();
  }

  void StartStat() {
    auto [fd, open] = *AnyOpen();
    uint64_t number = fd;
    Start({FS_FSTAT, fd}, [=](int64_t status) {
      if (lenient) return;
      ASSERT_EQ(status, 0);
      fs_stat stat;
      memcpy(&stat, c_->page.data(), sizeof(stat));
      const auto &file = open_[number].file;
      ASSERT_EQ(stat.size, file->bytes.size());
      uint64_t links = 0;
      for (auto &[name, other] : names_) links += other == file;
      ASSERT_EQ(stat.nlink, links);
    });
  }

  World *w_;
  Client *c_;
  std::string home_;
  std::mt19937 *random_;
  std::map<std::string, std::shared_ptr<ModelFile>> names_;
  std::map<uint64_t, ModelOpen> open_;
  std::function<void(int64_t)> check_;
  bool stopped_ = false;
  bool opened_ = false;
};

struct RandomRun {
  std::string options;
  unsigned mebibytes;
  int steps;
  unsigned seed;
};

void RunWorkers(const RandomRun &run) {
  SCOPED_TRACE("seed " + std::to_string(run.seed));
  World w(MakeImage(run.options, run.mebibytes), run.seed);
  w.Boot();
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 4; i++) {
    std::string home = "/" + std::to_string(i);
    ASSERT_EQ(OnPath(&w, w.init(), FS_MKDIR, home, 0755), 0);
    workers.push_back(std::make_unique<Worker>(&w, w.NewClient(w.init()), home, &w.random()));
  }
  for (int step = 0; step < run.steps && !::testing::Test::HasFailure(); step++) {
    Worker &worker = *workers[w.random()() % workers.size()];
    if (worker.idle()) worker.Go();
    for (unsigned i = w.random()() % 8; i > 0; i--) w.Step();
  }
  for (auto &worker : workers) {
    worker->Stop();
    while (!worker->idle() && !::testing::Test::HasFailure()) w.Step();
    worker->Go();
    while (!worker->idle() && !::testing::Test::HasFailure()) w.Step();
    worker->Go();
  }
  if (::testing::Test::HasFailure()) return;
  EXPECT_EQ(Unmount(&w, w.init()), 0);
  EXPECT_EQ(w.page_out_errors, 0u);
  EXPECT_EQ(w.page_in_errors, 0u);
  EXPECT_EQ(Fsck(w.image()), "");
  ext2_test::Disk disk(w.image());
  ext2_test::Mount mount(&disk);
  for (auto &worker : workers) worker->CheckOnDisk(&mount, w.image());
}

// As many errors and ends as possible: nothing to compare, but nobody hangs, and the server lives.
struct Chaos {
  bool fails;
  bool ends;
};

void RunChaos(const Chaos &chaos, std::vector<uint8_t> image, unsigned seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  World w(std::move(image), seed);
  w.Boot();
  std::vector<Client *> clients;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 4; i++) {
    std::string home = "/" + std::to_string(i);
    OnPath(&w, w.init(), FS_MKDIR, home, 0755);
    clients.push_back(w.NewClient(w.init()));
    workers.push_back(std::make_unique<Worker>(&w, clients.back(), home, &w.random()));
    workers.back()->lenient = true;
    workers.back()->mapped_stores = false;
  }
  w.fail_transfers = chaos.fails;
  for (int step = 0; step < 4000 && !::testing::Test::HasFailure(); step++) {
    size_t i = w.random()() % workers.size();
    if (chaos.ends && w.random()() % 20 == 0) {
      w.Exit(clients[i]);
      std::string home = "/" + std::to_string(i);
      workers[i] = std::make_unique<Worker>(&w, clients[i], home, &w.random());
      workers[i]->lenient = true;
      workers[i]->mapped_stores = false;
      workers[i]->anything = true;
    }
    if (workers[i]->idle()) workers[i]->Go();
    for (unsigned n = w.random()() % 8; n > 0; n--) w.Step();
  }
  w.fail_transfers = false;
  for (Client *client : clients) {
    for (int idle = 0; client->waits && idle < 1000;) idle = w.Step() ? 0 : idle + 1;
    EXPECT_FALSE(client->waits) << "a caller hangs";
    w.Exit(client);
  }
  Unmount(&w, w.init());
  if (!chaos.fails && chaos.ends) {
    EXPECT_EQ(Fsck(w.image()), "");
  }
}

TEST(ServerChaos, TransfersFail) {
  for (unsigned seed = 1; seed <= 3; seed++) {
    InChild([=] { RunChaos({true, false}, MakeImage("-b 1024", 2), seed); });
  }
}

TEST(ServerChaos, ProcessesEndAnywhere) {
  for (unsigned seed = 1; seed <= 5; seed++) {
    InChild([=] { RunChaos({false, true}, MakeImage("-b 1024", 2), seed); });
  }
}

TEST(ServerChaos, DiskIsDamaged) {
  for (unsigned seed = 1; seed <= 10; seed++) {
    InChild([=] {
      std::vector<uint8_t> image = MakeImage("-b 1024", 2);
      std::mt19937 random(seed);
      for (int i = 0; i < 100; i++)
        image[2048 + random() % 300000] = static_cast<uint8_t>(random());
      RunChaos({false, false}, image, seed);
    });
  }
}

TEST(ServerChaos, NothingIsMounted) {
  InChild([] {
    World w(std::vector<uint8_t>(1 << 20), 1);
    w.Boot();
    Client *c = w.init();
    EXPECT_GE(Open(&w, c, "/dev/console", O_RDWR), 0);
    EXPECT_EQ(OnPath(&w, c, FS_STAT, "/dev/null"), 0);
    EXPECT_EQ(Open(&w, c, "/bin/sh", O_RDONLY), -EIO);
    EXPECT_EQ(Open(&w, c, "/new", O_RDWR | O_CREAT), -EIO);
    for (fs_op op : {FS_MKDIR, FS_UNLINK, FS_RENAME, FS_LINK, FS_SYMLINK, FS_CHDIR, FS_CHMOD,
                     FS_TRUNCATE, FS_READLINK, FS_GETCWD, FS_STATFS, FS_ACCESS}) {
      c->PutPath("x", FS_SECOND_PATH);
      EXPECT_EQ(OnPath(&w, c, op, "/f"), -EIO) << op;
    }
    EXPECT_EQ(w.Call(c, {FS_SYNC}), -EIO);
    EXPECT_EQ(Unmount(&w, c), 0);
  });
}

TEST(ServerDisks, AreBlockDevices) {
  InChild([] {
    std::vector<uint8_t> swap(64 << 10);
    for (size_t i = 0; i < swap.size(); i++) swap[i] = static_cast<uint8_t>(i / 512);
    // The volume is on the second disk: the first has something else.
    World w(swap, 1);
    w.AddDisk(MakeImage("-b 4096", 2));
    w.Boot();
    Client *c = w.init();
    uint64_t fd = Fd(Open(&w, c, "/dev/vda", O_RDWR));
    fs_stat stat = Fstat(&w, c, fd);
    EXPECT_EQ(stat.mode & S_IFMT, S_IFBLK);
    EXPECT_EQ(w.Call(c, {FS_SEEK, fd, 0, SEEK_END}), 64 << 10);
    // Across sectors, without and with their borders.
    memset(c->page.data(), 0xaa, 4096);
    EXPECT_EQ(w.Call(c, {FS_WRITE, fd, 0, 700, 1000}), 700);
    EXPECT_EQ(w.image()[999], 1);
    EXPECT_EQ(w.image()[1000], 0xaa);
    EXPECT_EQ(w.image()[1699], 0xaa);
    EXPECT_EQ(w.image()[1700], 3);
    EXPECT_EQ(w.Call(c, {FS_READ, fd, 0, 4096, 998}), FS_DATA_MAX);
    EXPECT_EQ(c->page[1], 1);
    EXPECT_EQ(c->page[2], 0xaa);
    EXPECT_EQ(w.Call(c, {FS_FSYNC, fd}), 0);
    // The end.
    EXPECT_EQ(w.Call(c, {FS_READ, fd, 0, 4096, (64 << 10) - 100}), 100);
    EXPECT_EQ(w.Call(c, {FS_READ, fd, 0, 4096, 64 << 10}), 0);
    EXPECT_EQ(w.Call(c, {FS_WRITE, fd, 0, 1, 64 << 10}), -ENOSPC);
    EXPECT_EQ(w.Call(c, {FS_READ, fd, 0, 1, uint64_t{1} << 63}), -EINVAL);
    EXPECT_EQ(w.Call(c, {FS_MAP, fd, 0, 4096, 0, 1 | PAGER_PRIVATE << 8}), -ENODEV);
    // The mounted one is not written to, and there is no third.
    EXPECT_EQ(Open(&w, c, "/dev/vdb", O_RDWR), -EBUSY);
    EXPECT_GE(Open(&w, c, "/dev/vdb", O_RDONLY), 0);
    EXPECT_EQ(Open(&w, c, "/dev/vdc", O_RDONLY), -ENXIO);
  });
}

// --- swap areas --------------------------------------------------------------------------------

std::vector<uint8_t> SwapImage(uint32_t pages) {
  std::vector<uint8_t> image(size_t{pages} * 4096);
  swap_header header = {};
  header.version = 1;
  header.last_page = pages - 1;
  memcpy(header.signature, SWAP_SIGNATURE, sizeof header.signature);
  memcpy(image.data(), &header, sizeof header);
  return image;
}

// Writes the image into a file, page by page.
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

// Every slot keeps what was put into it, in requests of random sizes.
void ExerciseSlots(World *w, const World::Swap &swap) {
  std::vector<std::vector<uint8_t>> model(swap.slots, std::vector<uint8_t>(4096));
  for (uint64_t slot = 0; slot < swap.slots;) {
    size_t count = std::min<uint64_t>(1 + w->random()() % OBJECT_REQUEST_PAGES, swap.slots - slot);
    std::vector<uint8_t> data(count * 4096);
    for (uint8_t &byte : data) byte = static_cast<uint8_t>(w->random()());
    std::vector<uint8_t> given = data;
    EXPECT_EQ(w->Request(OBJECT_PAGE_OUT, swap.cookie, slot, &given), 0);
    for (size_t i = 0; i < count; i++) {
      model[slot + i].assign(data.begin() + i * 4096, data.begin() + (i + 1) * 4096);
    }
    slot += count;
  }
  for (int i = 0; i < 50; i++) {
    uint64_t slot = w->random()() % swap.slots;
    size_t count = std::min<uint64_t>(1 + w->random()() % OBJECT_REQUEST_PAGES, swap.slots - slot);
    std::vector<uint8_t> data(count * 4096);
    EXPECT_EQ(w->Request(OBJECT_PAGE_IN, swap.cookie, slot, &data), 0);
    for (size_t p = 0; p < count; p++) {
      EXPECT_EQ(memcmp(&data[p * 4096], model[slot + p].data(), 4096), 0) << slot + p;
    }
  }
}

TEST(ServerSwap, DiskIsAnArea) {
  InChild([] {
    World w(MakeImage("-b 4096", 2), 1);
    std::vector<uint8_t> image = SwapImage(20);
    swap_header *header = reinterpret_cast<swap_header *>(image.data());
    header->bad_pages = 2;
    header->bad_page[0] = 7;
    header->bad_page[1] = 1;
    w.AddDisk(image);
    w.Boot();
    Client *c = w.init();
    uint64_t fd = Fd(Open(&w, c, "/dev/vdb", O_RDWR));
    EXPECT_EQ(w.Call(c, {FS_SWAPOFF, fd}), -EINVAL);
    EXPECT_EQ(w.Call(c, {FS_SWAPON, fd, 0x10000}), -EINVAL);
    EXPECT_EQ(w.Call(c, {FS_SWAPON, fd + 1, 0}), -EBADF);
    ASSERT_EQ(w.Call(c, {FS_SWAPON, fd, FS_SWAP_PREFER | 3}), 0);
    EXPECT_EQ(w.Call(c, {FS_SWAPON, fd, 0}), -EBUSY);
    EXPECT_EQ(Open(&w, c, "/dev/vdb", O_RDWR), -EBUSY);
    EXPECT_EQ(w.Call(c, {FS_WRITE, fd, 0, 512, 0}), -ETXTBSY);
    ASSERT_EQ(w.swaps.size(), 1u);
    World::Swap swap = w.swaps[1];
    EXPECT_EQ(swap.slots, 17u);
    EXPECT_EQ(swap.priority, PAGER_SWAP_PRIORITY_ASKED + 3);
    ExerciseSlots(&w, swap);
    std::vector<uint8_t> data(2 * 4096);
    EXPECT_EQ(w.Request(OBJECT_PAGE_IN, swap.cookie, 16, &data), -EINVAL);
    EXPECT_EQ(w.Request(OBJECT_PAGE_IN, swap.cookie, UINT64_MAX, &data), -EINVAL);
    EXPECT_EQ(w.Request(OBJECT_ALLOCATE, swap.cookie, 0, &data), -EINVAL);
    EXPECT_EQ(w.Request(OBJECT_PAGE_IN, swap.cookie + 1, 0, &data), -EIO);
    w.swap_remove_status = -ENOMEM;
    EXPECT_EQ(w.Call(c, {FS_SWAPOFF, fd}), -ENOMEM);
    w.swap_remove_status = 0;
    EXPECT_EQ(w.Call(c, {FS_SWAPOFF, fd}), 0);
    EXPECT_EQ(w.Request(OBJECT_PAGE_IN, swap.cookie, 0, &data), -EIO);
    EXPECT_EQ(w.Call(c, {FS_SWAPOFF, fd}), -EINVAL);
    EXPECT_EQ(w.Call(c, {FS_SWAPON, fd, 0}), 0);
    EXPECT_LT(w.swaps[1].priority, PAGER_SWAP_PRIORITY_ASKED);
    uint64_t root = Fd(Open(&w, c, "/dev/vda", O_RDONLY));
    EXPECT_EQ(w.Call(c, {FS_SWAPON, root, 0}), -EBUSY);
  });
}

TEST(ServerSwap, FileIsAnArea) {
  for (const char *options : {"-b 4096", "-b 1024"}) {
    InChild([=] {
      World w(MakeImage(options, 4), 1);
      w.Boot();
      Client *c = w.init();
      uint64_t fd = MakeSwapFile(&w, c, "/swap", 40);
      ASSERT_EQ(w.Call(c, {FS_SWAPON, fd, 0}), 0);
      ExerciseSlots(&w, w.swaps[1]);
      // Nobody changes it.
      EXPECT_EQ(Write(&w, c, fd, "x", 0), -ETXTBSY);
      EXPECT_EQ(w.Call(c, {FS_FTRUNCATE, fd, 0}), -ETXTBSY);
      EXPECT_EQ(Open(&w, c, "/swap", O_RDWR | O_TRUNC), -ETXTBSY);
      EXPECT_EQ(OnPath(&w, c, FS_UNLINK, "/swap"), -EPERM);
      EXPECT_EQ(OnPaths(&w, c, FS_RENAME, "/swap", "/other"), -EPERM);
      EXPECT_EQ(w.Call(c, {FS_MAP, fd, 0, 4096, 0, 3 | PAGER_SHARED << 8}), -ETXTBSY);
      EXPECT_GT(w.Call(c, {FS_MAP, fd, 0, 4096, 0, 1 | PAGER_SHARED << 8}), 0);
      // It stays while nobody has it open.
      EXPECT_EQ(w.Call(c, {FS_CLOSE, fd}), 0);
      ExerciseSlots(&w, w.swaps[1]);
      fd = Fd(Open(&w, c, "/swap", O_RDONLY));
      EXPECT_EQ(w.Call(c, {FS_SWAPOFF, fd}), 0);
      EXPECT_EQ(w.Call(c, {FS_CLOSE, fd}), 0);
      EXPECT_EQ(OnPath(&w, c, FS_UNLINK, "/swap"), 0);
      EXPECT_EQ(Unmount(&w, c), 0);
      EXPECT_EQ(Fsck(w.image()), "");
    });
  }
}

TEST(ServerSwap, RefusesWhatIsNoArea) {
  InChild([] {
    World w(MakeImage("-b 4096", 4), 1);
    w.Boot();
    Client *c = w.init();
    uint64_t fd = Fd(Open(&w, c, "/text", O_RDWR | O_CREAT));
    EXPECT_EQ(w.Call(c, {FS_SWAPON, fd, 0}), -EINVAL);
    Write(&w, c, fd, "text", 0);
    EXPECT_EQ(w.Call(c, {FS_SWAPON, fd, 0}), -EBUSY);  // not stored yet
    w.Call(c, {FS_FSYNC, fd});
    EXPECT_EQ(w.Call(c, {FS_SWAPON, fd, 0}), -EINVAL);
    // Longer than the header says is fine; shorter, or with a hole, is not.
    uint64_t area = MakeSwapFile(&w, c, "/swap", 10);
    EXPECT_EQ(w.Call(c, {FS_FTRUNCATE, area, 9 * 4096}), 0);
    EXPECT_EQ(w.Call(c, {FS_SWAPON, area, 0}), -EINVAL);
    EXPECT_EQ(w.Call(c, {FS_FTRUNCATE, area, 12 * 4096}), 0);
    EXPECT_EQ(w.Call(c, {FS_FSYNC, area}), 0);
    EXPECT_EQ(w.Call(c, {FS_SWAPON, area, 0}), -EINVAL);
    uint64_t null = Fd(Open(&w, c, "/dev/null", O_RDWR));
    EXPECT_EQ(w.Call(c, {FS_SWAPON, null, 0}), -EINVAL);
    uint64_t directory = Fd(Open(&w, c, "/", O_RDONLY));
    EXPECT_EQ(w.Call(c, {FS_SWAPON, directory, 0}), -EINVAL);
    EXPECT_TRUE(w.swaps.empty());
  });
}

TEST(ServerSwap, SeveralAreas) {
  InChild([] {
    World w(MakeImage("-b 4096", 8), 1);
    w.Boot();
    Client *c = w.init();
    std::vector<uint64_t> fds;
    for (unsigned i = 0; i <= PAGER_SWAP_AREAS_MAX; i++) {
      fds.push_back(MakeSwapFile(&w, c, "/swap" + std::to_string(i), 5 + i));
      EXPECT_EQ(w.Call(c, {FS_SWAPON, fds[i], 0}), i < PAGER_SWAP_AREAS_MAX ? 0 : -EPERM);
    }
    for (auto &[area, swap] : w.swaps) ExerciseSlots(&w, swap);
    // The others stay as they are when some go, and new ones come.
    for (unsigned i : {0u, 3u, PAGER_SWAP_AREAS_MAX - 1}) {
      EXPECT_EQ(w.Call(c, {FS_SWAPOFF, fds[i]}), 0);
      for (auto &[area, swap] : w.swaps) ExerciseSlots(&w, swap);
    }
    EXPECT_EQ(w.Call(c, {FS_SWAPON, fds[PAGER_SWAP_AREAS_MAX], 0}), 0);
    for (auto &[area, swap] : w.swaps) ExerciseSlots(&w, swap);
  });
}

// The process that waits for the end of an area ends first.
TEST(ServerSwap, RemoverEnds) {
  InChild([] {
    World w(MakeImage("-b 4096", 4), 1);
    w.Boot();
    Client *c = w.init();
    uint64_t fd = MakeSwapFile(&w, c, "/swap", 10);
    ASSERT_EQ(w.Call(c, {FS_SWAPON, fd, 0}), 0);
    Client *child = w.NewClient(c);
    w.Send(child, {FS_SWAPOFF, fd});
    EXPECT_EQ(w.Call(c, {FS_SWAPOFF, fd}), -EBUSY);
    if (child->waits) {
      w.Exit(child);
      w.swaps.clear();  // the pager went on
      EXPECT_EQ(w.Call(c, {FS_SWAPOFF, fd}), 0);
    }
    EXPECT_EQ(Write(&w, c, fd, "x", 0), 1);
  });
}

TEST(ServerSwap, TransfersFail) {
  InChild([] {
    World w(MakeImage("-b 4096", 4), 1);
    w.AddDisk(SwapImage(200));
    w.Boot();
    Client *c = w.init();
    uint64_t fd = Fd(Open(&w, c, "/dev/vdb", O_RDWR));
    ASSERT_EQ(w.Call(c, {FS_SWAPON, fd, 0}), 0);
    w.fail_transfers = true;
    int failed = 0;
    std::vector<uint8_t> data(OBJECT_REQUEST_PAGES * 4096);
    for (int i = 0; i < 500; i++) {
      int32_t status = w.Request(i % 2 ? OBJECT_PAGE_IN : OBJECT_PAGE_OUT, w.swaps[1].cookie,
                                 w.random()() % 180, &data);
      EXPECT_TRUE(status == 0 || status == -EIO) << status;
      failed += status != 0;
    }
    EXPECT_GT(failed, 0);
    EXPECT_LT(failed, 400);
  });
}

// --- /dev/shm ----------------------------------------------------------------------------------

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

using Names = std::vector<std::string>;

// On a disk with the directories to mount on, and on one without.
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

// --- /proc -------------------------------------------------------------------------------------

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
    EXPECT_EQ(std::count(smaps.begin(), smaps.end(), '\n'), 200 * 10);
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

class ServerRandom : public ::testing::TestWithParam<RandomRun> {};

TEST_P(ServerRandom, EqualsTheModel) {
  for (unsigned seed = GetParam().seed; seed < GetParam().seed + 3 && !HasFailure(); seed++) {
    InChild([&] {
      RandomRun run = GetParam();
      run.seed = seed;
      RunWorkers(run);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(All, ServerRandom,
                         ::testing::Values(RandomRun{"-b 1024", 4, 3000, 1},
                                           RandomRun{"-b 4096", 8, 3000, 11},
                                           RandomRun{"-b 2048", 6, 3000, 21},
                                           RandomRun{"-b 1024", 1, 3000, 31}));  // often full

}  // namespace
}  // namespace fs_test
