// Processes that end while the server does something for them: their slots and message pages have
// other owners when it is done.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "servers/fs/ext2/fixture.h"
#include "servers/fs/server_fixture.h"

namespace fs_test {
namespace {

using ext2_test::MakeImage;
using Strings = std::vector<std::string>;

// Lets the world go on until somebody has volume.lock and waits for the disk.
void HoldTheLock(World *w, Client *c) {
  ASSERT_EQ(OnPath(w, c, FS_MKDIR, "/held", 0755), 0);
  w->Settle();
  w->Send(c, {FS_SYNC});
  while (c->waits && w->transfers() == 0) w->Step();
  ASSERT_TRUE(c->waits);
}

// What the first was to get is no path of the others.
TEST(Ended, ChangesNoNames) {
  WithServer([](World *w, Client *c) {
    Client *reader = w->NewClient(c), *remover = w->NewClient(c), *renamer = w->NewClient(c);
    ASSERT_EQ(OnPath(w, c, FS_MKDIR, "/dir", 0755), 0);
    ASSERT_EQ(OnPath(w, c, FS_MKDIR, "/other", 0755), 0);
    ASSERT_EQ(OnPath(w, reader, FS_CHDIR, "/dir"), 0);
    HoldTheLock(w, c);
    w->Send(reader, {FS_GETCWD});
    remover->PutPath("/nothing");
    w->Send(remover, {FS_RMDIR});
    renamer->PutPath("/other");
    renamer->PutPath("/new", FS_SECOND_PATH);
    w->Send(renamer, {FS_RENAME});
    for (Client *each : {reader, remover, renamer}) w->Exit(each);
    w->Settle();
    EXPECT_FALSE(c->waits);
    EXPECT_EQ(List(w, c, "/"), (Strings{".", "..", "dir", "held", "lost+found", "other"}));
  });
}

// One that waits for the disk and one that waits for the first.
TEST(Ended, MovesNoDataOfADevice) {
  InChild([] {
    const std::vector<uint8_t> data(4 * DISK_SECTOR_BYTES, 'd');
    World w(data, 1);
    w.AddDisk(MakeImage("-b 1024", 2));
    w.Boot();
    Client *c = w.init(), *clients[] = {w.NewClient(c), w.NewClient(c)};
    for (fs_op op : {FS_READ, FS_WRITE}) {
      std::vector<uint64_t> fds;
      for (Client *each : clients) fds.push_back(Fd(Open(&w, each, "/dev/vda", O_RDWR)));
      w.Settle();
      for (int i : {0, 1}) {
        w.Send(clients[i], {static_cast<uint64_t>(op), fds[i], 0, 100, 0});
      }
      EXPECT_EQ(w.transfers(), 1u);
      for (Client *each : clients) {
        w.Exit(each);
        each->page.assign(each->page.size(), 'm');
      }
      w.Settle();
      for (Client *each : clients) {
        EXPECT_EQ(each->page, std::vector<uint8_t>(each->page.size(), 'm'));
      }
      EXPECT_EQ(w.image(), data);
    }
  });
}

// The file is not longer than what was written to it.
TEST(Ended, LeavesNoRoomForAWriteThatDoesNotCome) {
  WithServer([](World *w, Client *c) {
    Client *writer = w->NewClient(c);
    uint64_t fd = Fd(Open(w, c, "/file", O_RDWR | O_CREAT));
    ASSERT_EQ(Write(w, c, fd, "before"), 6);
    uint64_t appending = Fd(Open(w, writer, "/file", O_WRONLY | O_APPEND));
    HoldTheLock(w, c);
    w->Send(writer, {FS_WRITE, appending, kMemory, 50000, FS_AT_POSITION});
    w->Exit(writer);
    w->Settle();
    EXPECT_EQ(Fstat(w, c, fd).size, 6u);
  });
}

}  // namespace
}  // namespace fs_test
