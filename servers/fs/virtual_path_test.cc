#include <gtest/gtest.h>

#include <cstring>
#include <string>

extern "C" {
#include "servers/fs/virtual_path.h"
}

namespace {

std::string Join(const std::string &base, const std::string &rest, size_t size = 64) {
  std::string out(size, 'x');
  if (!virtual_path_join(out.data(), size, base.c_str(), rest.data(), rest.size()))
    return "too long";
  return out.c_str();
}

TEST(VirtualPath, Joins) {
  EXPECT_EQ(Join("/proc", ""), "/proc");
  EXPECT_EQ(Join("/proc", "12/maps"), "/proc/12/maps");
  EXPECT_EQ(Join("/proc", "//12//./maps/"), "/proc/12/maps");
  EXPECT_EQ(Join("/", "proc"), "/proc");
  EXPECT_EQ(Join("/", "/"), "/");
  EXPECT_EQ(Join("/dev/shm", "../x"), "/dev/x");
  EXPECT_EQ(Join("/dev/shm", "../../../.."), "/");
  EXPECT_EQ(Join("/dev/shm", "../../..a/.b/..."), "/..a/.b/...");
}

TEST(VirtualPath, JoinsInPlace) {
  char text[] = "//a/.././b//c/..";
  EXPECT_TRUE(virtual_path_join(text, sizeof text, "/", text, strlen(text)));
  EXPECT_STREQ(text, "/b");
}

TEST(VirtualPath, KnowsItsLimit) {
  EXPECT_EQ(Join("/a", "b", 5), "/a/b");
  EXPECT_EQ(Join("/a", "b", 4), "too long");
  EXPECT_EQ(Join("/abc", "", 5), "too long");
  EXPECT_EQ(Join("/", "", 2), "/");
}

TEST(VirtualPath, Below) {
  EXPECT_STREQ(virtual_path_below("/proc", "/proc"), "");
  EXPECT_STREQ(virtual_path_below("/proc/1/maps", "/proc"), "1/maps");
  EXPECT_EQ(virtual_path_below("/process", "/proc"), nullptr);
  EXPECT_EQ(virtual_path_below("/pro", "/proc"), nullptr);
}

}  // namespace
