// Disks as block devices, and swap areas on disks and in files.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "servers/fs/ext2/fixture.h"
#include "servers/fs/server_fixture.h"

extern "C" {
#include "lib/swap/swap_header.h"
}

namespace fs_test {
namespace {

using ext2_test::Fsck;
using ext2_test::MakeImage;

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

}  // namespace
}  // namespace fs_test
