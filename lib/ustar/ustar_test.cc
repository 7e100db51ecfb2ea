#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "lib/ustar/ustar.h"
}

namespace {

void Seal(uint8_t *header) {
  std::memset(header + 148, ' ', 8);
  unsigned sum = 0;
  for (int i = 0; i < 512; i++) sum += header[i];
  std::snprintf(reinterpret_cast<char *>(header) + 148, 8, "%06o", sum);
}

class Archive {
 public:
  // Returns the entry's offset.
  size_t Add(const std::string &name, const std::string &data, char type = '0',
             const std::string &prefix = "") {
    const size_t at = bytes_.size();
    bytes_.resize(at + 512 + (data.size() + 511) / 512 * 512);
    uint8_t *header = bytes_.data() + at;
    std::memcpy(header, name.data(), name.size());
    std::snprintf(reinterpret_cast<char *>(header) + 124, 12, "%011zo", data.size());
    header[156] = static_cast<uint8_t>(type);
    std::memcpy(header + 257, "ustar\00000", 8);
    std::memcpy(header + 345, prefix.data(), prefix.size());
    Seal(header);
    std::memcpy(header + 512, data.data(), data.size());
    return at;
  }
  void End() { bytes_.resize(bytes_.size() + 1024); }

  bool Find(const char *path) { return ustar_find(bytes_.data(), bytes_.size(), path, &file); }

  std::vector<uint8_t> bytes_;
  ustar_file file;
};

TEST(Ustar, FindsRegularFiles) {
  Archive archive;
  archive.Add("bin/", "", '5');
  archive.Add("bin/init", "hello");
  archive.Add("pager", std::string(512, 'p'));
  archive.Add("empty", "");
  archive.End();
  ASSERT_TRUE(archive.Find("bin/init"));
  EXPECT_EQ(archive.file.bytes, 5u);
  EXPECT_EQ(std::memcmp(archive.file.data, "hello", 5), 0);
  ASSERT_TRUE(archive.Find("pager"));
  EXPECT_EQ(archive.file.bytes, 512u);
  EXPECT_TRUE(archive.Find("empty"));
  EXPECT_FALSE(archive.Find("bin/"));
  EXPECT_FALSE(archive.Find("init"));
}

TEST(Ustar, LongPaths) {
  Archive archive;
  const std::string name(100, 'n'), prefix(155, 'p');
  archive.Add(name, "x", '0', prefix);
  EXPECT_TRUE(archive.Find((prefix + "/" + name).c_str()));
}

TEST(Ustar, IteratesInOrder) {
  Archive archive;
  archive.Add("a", "1");
  archive.Add("d", "", '5');
  archive.Add("b", "2");
  archive.End();
  uint64_t position = 0;
  ASSERT_TRUE(ustar_next(archive.bytes_.data(), archive.bytes_.size(), &position, &archive.file));
  EXPECT_STREQ(archive.file.path, "a");
  ASSERT_TRUE(ustar_next(archive.bytes_.data(), archive.bytes_.size(), &position, &archive.file));
  EXPECT_STREQ(archive.file.path, "b");
  EXPECT_FALSE(ustar_next(archive.bytes_.data(), archive.bytes_.size(), &position, &archive.file));
}

TEST(Ustar, RefusesDamage) {
  Archive archive;
  archive.Add("first", "data");
  const size_t at = archive.Add("second", "data");
  uint8_t *header = archive.bytes_.data() + at;
  header[0] = 'S';  // the checksum is wrong now
  EXPECT_FALSE(archive.Find("Second"));
  EXPECT_TRUE(archive.Find("first"));
  Seal(header);
  EXPECT_TRUE(archive.Find("Second"));
  for (const char *size : {"00000001001", "77777777777", "00000000x00", "-1", ""}) {
    std::memset(header + 124, 0, 12);
    std::memcpy(header + 124, size, std::strlen(size));
    Seal(header);
    EXPECT_FALSE(archive.Find("Second")) << size;
  }
}

TEST(Ustar, RefusesTruncation) {
  Archive archive;
  archive.Add("name", std::string(600, 'x'));
  for (size_t bytes = 0; bytes < 512 + 600; bytes++) {
    std::vector<uint8_t> part(archive.bytes_.begin(), archive.bytes_.begin() + bytes);
    EXPECT_FALSE(ustar_find(part.data(), part.size(), "name", &archive.file)) << bytes;
  }
}

TEST(Ustar, RandomDamageStaysInside) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 5000; i++) {
    Archive archive;
    for (int n = 0; n < 3; n++) archive.Add("file", std::string(random() % 1500, 'x'));
    for (int n = 0; n < 3; n++) {
      const size_t at = archive.bytes_.size() / 512 * (random() % 2);
      archive.bytes_[at + random() % 512] = static_cast<uint8_t>(random());
      if (random() % 2) Seal(archive.bytes_.data());
    }
    uint64_t position = 0;
    const uint8_t *start = archive.bytes_.data();
    while (ustar_next(start, archive.bytes_.size(), &position, &archive.file)) {
      const uint64_t offset = static_cast<const uint8_t *>(archive.file.data) - start;
      ASSERT_LE(offset + archive.file.bytes, archive.bytes_.size());
      ASSERT_LT(std::strlen(archive.file.path), size_t{USTAR_PATH_MAX});
    }
  }
}

}  // namespace
