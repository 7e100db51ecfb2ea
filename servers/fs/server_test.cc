// The whole server over a fake world: files, descriptors, pipes and programs as processes see them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "servers/fs/server_fixture.h"

extern "C" {
#include "abi/syscall.h"
#include "protocols/console.h"
#include "protocols/proc.h"
#include "protocols/signal.h"
#include "protocols/spawn.h"
#include "servers/fs/process.h"
}

namespace fs_test {
namespace {

TEST(Server, ReadsWhatWasWritten) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, ShowsZerosInNewBlocksAndAfterATruncation) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, RefusesBadDescriptorsAndNumbers) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, KeepsPositionAndFlagsPerFile) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, UnlinkedFileLivesWhileOpen) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, PipesBlockAndEnd) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, FifosJoinThoseWhoOpenThem) {
  WithServer([](World *w, Client *c) {
    ASSERT_EQ(OnPath(w, c, FS_MKNOD, "/fifo", S_IFIFO | 0600), 0);
    EXPECT_EQ(Open(w, c, "/fifo", O_WRONLY | O_NONBLOCK), -ENXIO);
    Client *reader = w->NewClient(c), *second = w->NewClient(c), *writer = w->NewClient(c);
    for (Client *opener : {reader, second}) {
      opener->PutPath("/fifo");
      w->Send(opener, {FS_OPEN, O_RDONLY, 0});
      w->Settle();
      EXPECT_TRUE(opener->waits);
    }
    uint64_t out = Fd(Open(w, writer, "/fifo", O_WRONLY));
    EXPECT_FALSE(reader->waits || second->waits);
    uint64_t in = Fd(reader->answer.status), also = Fd(second->answer.status);
    EXPECT_EQ(Fstat(w, reader, in).mode & S_IFMT, static_cast<uint32_t>(S_IFIFO));
    memcpy(writer->page.data(), "ping", 4);
    EXPECT_EQ(w->Call(writer, {FS_WRITE, out, 0, 4, FS_AT_POSITION}), 4);
    EXPECT_EQ(w->Call(reader, {FS_READ, in, 0, 2, FS_AT_POSITION}), 2);
    EXPECT_EQ(w->Call(second, {FS_READ, also, 0, 9, FS_AT_POSITION}), 2);
    EXPECT_EQ(w->Call(c, {FS_MKNOD, S_IFIFO, 0}), -EEXIST);
    // One reader less is no end, no writer is.
    EXPECT_EQ(w->Call(second, {FS_CLOSE, also}), 0);
    EXPECT_EQ(w->Call(writer, {FS_WRITE, out, 0, 4, FS_AT_POSITION}), 4);
    EXPECT_EQ(w->Call(writer, {FS_CLOSE, out}), 0);
    EXPECT_EQ(w->Call(reader, {FS_READ, in, 0, 9, FS_AT_POSITION}), 4);
    EXPECT_EQ(w->Call(reader, {FS_READ, in, 0, 9, FS_AT_POSITION}), 0);
    EXPECT_EQ(w->Call(reader, {FS_FSYNC, in}), -EINVAL);
    EXPECT_EQ(w->Call(reader, {FS_SEEK, in, 0, 0}), -ESPIPE);
    EXPECT_EQ(w->Call(reader, {FS_CLOSE, in}), 0);
    EXPECT_EQ(OnPath(w, c, FS_UNLINK, "/fifo"), 0);
  });
}

TEST(Server, WhoWaitsToOpenAFifoIsInterruptedOrForgotten) {
  WithServer([](World *w, Client *c) {
    ASSERT_EQ(OnPath(w, c, FS_MKNOD, "/fifo", S_IFIFO | 0600), 0);
    Client *other = w->NewClient(c), *third = w->NewClient(c);
    for (Client *opener : {other, third}) {
      opener->PutPath("/fifo");
      w->Send(opener, {FS_OPEN, O_RDONLY, 0});
      w->Settle();
      EXPECT_TRUE(opener->waits);
    }
    auto *page = signal_page_in(other->page.data());
    EXPECT_EQ(w->Call(c, {FS_INTERRUPT, other->badge}, VIA_PROC), 0) << "it has taken the signal";
    EXPECT_TRUE(other->waits);
    page->pending = 2;
    EXPECT_EQ(w->Call(c, {FS_INTERRUPT, other->badge}, VIA_PROC), 1);
    EXPECT_FALSE(other->waits);
    EXPECT_EQ(other->answer.status, -EINTR);
    w->Exit(third);
    EXPECT_EQ(Open(w, c, "/fifo", O_WRONLY | O_NONBLOCK), -ENXIO) << "nobody reads";
    // Who has a signal to take does not begin to wait.
    EXPECT_EQ(Open(w, other, "/fifo", O_WRONLY), -EINTR);
    EXPECT_GE(Open(w, other, "/fifo", O_RDONLY | O_NONBLOCK), 0) << "it need not wait";
    EXPECT_GE(Open(w, c, "/fifo", O_WRONLY), 0);
    w->Exit(other);
  });
}

TEST(Server, FifosAndPipesAreLimited) {
  WithServer([](World *w, Client *c) {
    for (int i = 0; i < 40; i++) {
      ASSERT_EQ(OnPath(w, c, FS_MKNOD, "/fifo" + std::to_string(i), S_IFIFO | 0600), 0);
    }
    int opened = 0;
    while (Open(w, c, "/fifo" + std::to_string(opened), O_RDWR) >= 0) opened++;
    EXPECT_EQ(opened, 32);
    EXPECT_EQ(c->answer.status, -ENFILE);
    EXPECT_EQ(w->Call(c, {FS_PIPE, 0}), -ENFILE);
    EXPECT_EQ(w->Call(c, {FS_CLOSE, 0}), 0);
    EXPECT_EQ(w->Call(c, {FS_PIPE, 0}), 0);
  });
}

TEST(Server, SignalsEndWaitsForPipes) {
  WithServer([](World *w, Client *c) {
    uint64_t in = w->Call(c, {FS_PIPE, 0});
    uint64_t out = c->answer.word[1];
    Client *other = w->NewClient(c);
    auto interrupt = [&](Client *of) { return w->Call(c, {FS_INTERRUPT, of->badge}, VIA_PROC); };
    auto *page = signal_page_in(other->page.data());
    page->pending = 2;
    EXPECT_EQ(interrupt(other), 0);
    EXPECT_EQ(w->Call(c, {FS_INTERRUPT, 0xffffffff}, VIA_PROC), 0);
    page->pending = 0;
    w->Send(other, {FS_READ, in, 0, 10, FS_AT_POSITION});
    EXPECT_EQ(interrupt(other), 0) << "it has taken the signal, and waits for something else";
    EXPECT_TRUE(other->waits);
    page->pending = 2;
    EXPECT_EQ(interrupt(other), 1);
    EXPECT_FALSE(other->waits);
    EXPECT_EQ(other->answer.status, -EINTR);
    // A writer: the one behind it has room now.
    Client *third = w->NewClient(c);
    EXPECT_EQ(w->Call(c, {FS_WRITE, out, 0, FS_DATA_MAX - 10, FS_AT_POSITION}), FS_DATA_MAX - 10);
    page->pending = 0;
    w->Send(other, {FS_WRITE, out, 0, 11, FS_AT_POSITION});
    w->Send(third, {FS_WRITE, out, 0, 10, FS_AT_POSITION});
    EXPECT_TRUE(other->waits && third->waits);
    page->pending = 2;
    EXPECT_EQ(interrupt(other), 1);
    EXPECT_EQ(other->answer.status, -EINTR);
    EXPECT_FALSE(third->waits);
    EXPECT_EQ(third->answer.status, 10);
    // Who has a signal to take must not wait; but what is there can be read.
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

TEST(Server, WriterWithoutReaderIsSentToProc) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, DevicesWorkWithoutADevDirectory) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, WorkingDirectoryHasAName) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, CreatesThroughALinkToNowhere) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, ExecNeedsAProgram) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, SpawnNeedsAProgramAndDescriptors) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, SpawnedProcessHasWhatTheRequestSays) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, FullDiskIsToldToTheWriter) {
  WithServer([](World *w, Client *c) {
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

TEST(Server, ManyFilesNeedNoMoreThanTheTable) {
  WithServer(
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

TEST(Server, NothingIsMounted) {
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

}  // namespace
}  // namespace fs_test
