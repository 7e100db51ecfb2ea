#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

extern "C" {
#include "lib/swap/swap_header.h"
}

namespace {

constexpr uint32_t kPages = 100;

swap_header Header() {
  swap_header header = {};
  header.version = 1;
  header.last_page = kPages - 1;
  memcpy(header.signature, SWAP_SIGNATURE, sizeof header.signature);
  return header;
}

TEST(SwapHeader, TakesWhatMkswapMakes) {
  std::string path = testing::TempDir() + "/area." + std::to_string(getpid());
  std::string command = "truncate -s 400K '" + path + "' && chmod 600 '" + path +
                        "' && /sbin/mkswap -q -L name '" + path + "'";
  ASSERT_EQ(system(command.c_str()), 0);
  swap_header header = {};
  FILE *file = fopen(path.c_str(), "rb");
  ASSERT_EQ(fread(&header, sizeof header, 1, file), 1u);
  fclose(file);
  unlink(path.c_str());
  EXPECT_EQ(header.last_page, kPages - 1);
  EXPECT_STREQ(header.label, "name");
  EXPECT_EQ(swap_header_check(&header, kPages), 0);
}

TEST(SwapHeader, RefusesOtherSignaturesAndVersions) {
  swap_header header = Header();
  EXPECT_EQ(swap_header_check(&header, kPages), 0);
  memcpy(header.signature, "SWAP-SPACE", sizeof header.signature);
  EXPECT_EQ(swap_header_check(&header, kPages), -EINVAL);
  for (uint32_t version : {0u, 2u, 0x01000000u}) {
    header = Header();
    header.version = version;
    EXPECT_EQ(swap_header_check(&header, kPages), -EINVAL) << version;
  }
}

TEST(SwapHeader, RefusesWrongLengths) {
  swap_header header = Header();
  EXPECT_EQ(swap_header_check(&header, kPages + 1), 0);
  EXPECT_EQ(swap_header_check(&header, kPages - 1), -EINVAL);
  header.last_page = 0;
  EXPECT_EQ(swap_header_check(&header, kPages), -EINVAL);
  header.last_page = UINT32_MAX;
  EXPECT_EQ(swap_header_check(&header, kPages), -EINVAL);
}

TEST(SwapHeader, RefusesWrongBadPages) {
  swap_header header = Header();
  header.bad_pages = 2;
  header.bad_page[0] = 1;
  header.bad_page[1] = kPages - 1;
  EXPECT_EQ(swap_header_check(&header, kPages), 0);
  header.bad_page[1] = kPages;
  EXPECT_EQ(swap_header_check(&header, kPages), -EINVAL);
  header.bad_page[1] = 0;
  EXPECT_EQ(swap_header_check(&header, kPages), -EINVAL);
  header = Header();
  header.bad_pages = header.last_page;  // nothing would be left
  for (uint32_t i = 0; i < header.bad_pages; i++) header.bad_page[i] = i + 1;
  EXPECT_EQ(swap_header_check(&header, kPages), -EINVAL);
  header = Header();
  header.last_page = 100000;
  header.bad_pages = SWAP_BAD_PAGES_MAX + 1;
  EXPECT_EQ(swap_header_check(&header, 200000), -EINVAL);
}

}  // namespace
