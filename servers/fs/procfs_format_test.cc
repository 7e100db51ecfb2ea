#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <string>

extern "C" {
#include "servers/fs/procfs_format.h"
}

namespace {

// What a function writes into a buffer of this size.
template <typename Function, typename... Arguments>
std::string Text(Function function, Arguments... arguments) {
  char buffer[4096];
  text text = {buffer, sizeof buffer, 0};
  function(&text, arguments...);
  return std::string(buffer, text.used);
}

pager_region Region() {
  pager_region region = {};
  region.start = 0x10000;
  region.end = 0x15000;
  region.offset = 0x2000;
  region.cookie = 1234 | uint64_t{7} << 32;
  region.prot = 5;
  region.flags = PAGER_PRIVATE;
  region.backing = BACKING_FILE;
  region.resident = 4;
  region.proportional = 4096 + 3 * 4096 / 3 - 1;
  region.anonymous = 1;
  region.shared = 3;
  region.dirty = 2;
  region.shared_dirty = 1;
  region.swapped = 1;
  return region;
}

TEST(ProcfsText, Numbers) {
  EXPECT_EQ(Text(text_decimal, uint64_t{0}, 0u), "0");
  EXPECT_EQ(Text(text_decimal, UINT64_MAX, 0u), "18446744073709551615");
  EXPECT_EQ(Text(text_decimal, uint64_t{42}, 5u), "   42");
  EXPECT_EQ(Text(text_signed, int64_t{-2}), "-2");
  EXPECT_EQ(Text(text_signed, INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(Text(text_hex, uint64_t{0xbeef}, 8u), "0000beef");
  EXPECT_EQ(Text(text_hex, UINT64_MAX, 2u), "ffffffffffffffff");
}

TEST(ProcfsText, StopsWhereTheBufferEnds) {
  char buffer[8] = "xxxxxxx";
  text text = {buffer, 4, 0};
  text_string(&text, "abc");
  text_decimal(&text, 12345, 0);
  text_char(&text, 'z', 10);
  EXPECT_EQ(std::string(buffer, 7), "abc1xxx");
  EXPECT_EQ(text.used, 4u);
}

// As procps reads it: sscanf of the line.
TEST(Procfs, MapsHasLinuxFormat) {
  pager_region region = Region();
  std::string line = Text(procfs_map, &region, "/bin/sh");
  EXPECT_EQ(line.find("00010000-00015000 r-xp 00002000 fe:00 1234 "), 0u) << line;
  EXPECT_EQ(line.substr(73), "/bin/sh\n");
  uint64_t start, end, offset, inode;
  unsigned major, minor;
  char flags[5], name[64];
  ASSERT_EQ(
      sscanf(line.c_str(), "%" PRIx64 "-%" PRIx64 " %4s %" PRIx64 " %x:%x %" PRIu64 " %63[^\n]",
             &start, &end, flags, &offset, &major, &minor, &inode, name),
      8);
  EXPECT_EQ(end, 0x15000u);
  EXPECT_EQ(inode, 1234u);
  region.flags = PAGER_SHARED;
  region.prot = 3;
  region.backing = BACKING_ANONYMOUS;
  region.cookie = 0;
  EXPECT_EQ(Text(procfs_map, &region, ""), "00010000-00015000 rw-s 00002000 00:00 0 \n");
}

TEST(Procfs, SmapsAddsUp) {
  pager_region region = Region();
  EXPECT_EQ(Text(procfs_smap, &region, ""),
            "00010000-00015000 r-xp 00002000 fe:00 1234 \n"
            "Size:                 20 kB\n"
            "KernelPageSize:        4 kB\n"
            "MMUPageSize:           4 kB\n"
            "Rss:                  16 kB\n"
            "Pss:                   7 kB\n"
            "Shared_Clean:          8 kB\n"
            "Shared_Dirty:          4 kB\n"
            "Private_Clean:         0 kB\n"
            "Private_Dirty:         4 kB\n"
            "Swap:                  4 kB\n");
}

TEST(Procfs, Meminfo) {
  pager_counts counts = {};
  counts.frames_total = 65536;
  counts.frames_free = 60000;
  counts.frames_cache = 1000;
  counts.frames_dirty = 100;
  counts.swap_slots = 2048;
  counts.swap_used = 48;
  std::string text = Text(procfs_meminfo, &counts);
  EXPECT_EQ(text.find("MemTotal:         262144 kB\nMemFree:          240000 kB\n"
                      "MemAvailable:     243600 kB\n"),
            0u)
      << text;
  EXPECT_NE(text.find("SwapTotal:          8192 kB\nSwapFree:           8000 kB\n"),
            std::string::npos);
  counts.frames_dirty = 2000;  // not counted at the same moment
  EXPECT_NE(Text(procfs_meminfo, &counts).find("MemAvailable:     240000 kB\n"), std::string::npos);
}

TEST(Procfs, VmstatHasANameAndANumberALine) {
  pager_counts counts = {};
  counts.pages_in = 3;
  counts.kernel[0] = 77;
  std::string text = Text(procfs_vmstat, &counts);
  EXPECT_EQ(text.find("pgpgin 12\n"), 0u);
  EXPECT_NE(text.find("\npages_in 3\n"), std::string::npos);
  EXPECT_NE(text.find("\nkernel_entries 77\n"), std::string::npos);
  EXPECT_LT(text.size(), 1500u) << "with larger numbers it has to fit into a record";
}

TEST(Procfs, SwapsHasLinuxFormat) {
  EXPECT_EQ(Text(procfs_swaps_head), "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
  struct procfs_swap swap_area = {"/dev/vdb", true, 65532, 12, -2};
  EXPECT_EQ(Text(procfs_swap, &swap_area),
            "/dev/vdb                                partition\t65532\t\t12\t\t-2\n");
  swap_area = {"/a/file/whose/name/is/longer/than/its/column", false, 10000000, 0, 5};
  EXPECT_EQ(Text(procfs_swap, &swap_area),
            "/a/file/whose/name/is/longer/than/its/column file\t\t10000000\t0\t\t5\n");
}

TEST(Procfs, ProcessFiles) {
  procfs_process process = {12, 1, "sh", 'S'};
  procfs_sums sums = {};
  pager_region region = Region();
  procfs_add(&sums, &region);
  region.backing = BACKING_STACK;
  region.prot = 3;
  procfs_add(&sums, &region);
  pager_space_counts counts = {};
  counts.faults = 10;
  counts.major = 3;
  std::string stat = Text(procfs_stat, &process, &sums, &counts);
  EXPECT_EQ(stat.find("12 (sh) S 1 0 0 0 0 0 7 0 3 0 "), 0u) << stat;
  int fields = 1;
  for (char c : stat) fields += c == ' ';
  EXPECT_EQ(fields, 52);
  EXPECT_EQ(Text(procfs_statm, &sums), "10 8 6 5 0 5 0\n");
  counts.resident_peak = 20;
  counts.virtual_peak = 30;
  std::string status = Text(procfs_status, &process, &sums, &counts);
  EXPECT_EQ(status.find("Name:\tsh\nState:\tS (sleeping)\nTgid:\t12\nPid:\t12\nPPid:\t1\n"), 0u);
  EXPECT_NE(status.find("VmPeak:\t     120 kB\nVmSize:\t      40 kB\n"
                        "VmHWM:\t      80 kB\nVmRSS:\t      32 kB\nRssAnon:\t       8 kB\n"
                        "RssFile:\t      12 kB\nRssShmem:\t      12 kB\n"),
            std::string::npos)
      << status;
}

}  // namespace
