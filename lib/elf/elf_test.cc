#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

extern "C" {
#include "abi/layout.h"
#include "abi/syscall.h"
#include "lib/elf/elf.h"
}

namespace {

constexpr uint64_t kLow = 0x10000, kHigh = USER_END;

// Field offsets and sizes of the System V ABI.
enum Field {
  kType = 16,
  kMachine = 18,
  kVersion = 20,
  kEntry = 24,
  kPhoff = 32,
  kPhentsize = 54,
  kPhnum = 56
};
enum PhField { kPhType = 0, kFlags = 4, kOffset = 8, kVaddr = 16, kFilesz = 32, kMemsz = 40 };

class Elf {
 public:
  Elf() : bytes_(0x4000) {
    const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::memcpy(bytes_.data(), ident, sizeof(ident));
    Set<uint16_t>(kType, 2);
    Set<uint16_t>(kMachine, 243);
    Set<uint32_t>(kVersion, 1);
    Set<uint64_t>(kEntry, 0x10100);
    Set<uint64_t>(kPhoff, 64);
    Set<uint16_t>(kPhentsize, 56);
    AddSegment(1, 5, 0, 0x10000, 0x1800, 0x1800);
    AddSegment(1, 6, 0x1800, 0x12800, 0x100, 0x3000);
  }

  void AddSegment(uint32_t type, uint32_t flags, uint64_t offset, uint64_t vaddr, uint64_t filesz,
                  uint64_t memsz) {
    const int i = count_++;
    Set<uint16_t>(kPhnum, count_);
    SetPh<uint32_t>(i, kPhType, type);
    SetPh<uint32_t>(i, kFlags, flags);
    SetPh<uint64_t>(i, kOffset, offset);
    SetPh<uint64_t>(i, kVaddr, vaddr);
    SetPh<uint64_t>(i, kFilesz, filesz);
    SetPh<uint64_t>(i, kMemsz, memsz);
  }

  template <typename T>
  void Set(size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof(value));
  }
  template <typename T>
  void SetPh(int i, size_t field, T value) {
    Set<T>(64 + i * 56 + field, value);
  }

  elf_result Read() { return Read(bytes_.size()); }
  elf_result Read(size_t head_bytes) {
    // An exact copy at an odd address: a read outside is seen.
    std::vector<uint8_t> head(head_bytes + 1);
    std::memcpy(head.data() + 1, bytes_.data(), head_bytes);
    return elf_read(head.data() + 1, head_bytes, bytes_.size(), kLow, kHigh, &image);
  }

  std::vector<uint8_t> bytes_;
  int count_ = 0;
  elf_image image;
};

TEST(Elf, ReadsSegments) {
  Elf elf;
  ASSERT_EQ(elf.Read(4096), ELF_OK);
  EXPECT_EQ(elf.image.entry, 0x10100u);
  ASSERT_EQ(elf.image.segments, 2u);
  EXPECT_EQ(elf.image.segment[0].prot, (uint32_t)(PROT_R | PROT_X));
  EXPECT_EQ(elf.image.segment[1].prot, (uint32_t)(PROT_R | PROT_W));
  EXPECT_EQ(elf.image.segment[1].address, 0x12800u);
  EXPECT_EQ(elf.image.segment[1].file_offset, 0x1800u);
  EXPECT_EQ(elf.image.segment[1].file_bytes, 0x100u);
  EXPECT_EQ(elf.image.segment[1].memory_bytes, 0x3000u);
}

TEST(Elf, WritableImpliesReadable) {
  Elf elf;
  elf.SetPh<uint32_t>(1, kFlags, 2);
  ASSERT_EQ(elf.Read(), ELF_OK);
  EXPECT_EQ(elf.image.segment[1].prot, (uint32_t)(PROT_R | PROT_W));
}

TEST(Elf, PassesOverOtherAndEmptySegments) {
  Elf elf;
  elf.AddSegment(4, 4, ~0ull, ~0ull, ~0ull, ~0ull);
  elf.AddSegment(1, 6, 0, 0x100, 0, 0);
  ASSERT_EQ(elf.Read(), ELF_OK);
  EXPECT_EQ(elf.image.segments, 2u);
}

TEST(Elf, NamesInterpretedPrograms) {
  Elf interp, dynamic;
  interp.AddSegment(3, 4, 0, 0, 1, 1);
  dynamic.AddSegment(2, 4, 0, 0, 1, 1);
  EXPECT_EQ(interp.Read(), ELF_INTERPRETED);
  EXPECT_EQ(dynamic.Read(), ELF_INTERPRETED);
}

TEST(Elf, RefusesEveryWrongHeaderField) {
  for (size_t i = 0; i < 7; i++) {
    Elf elf;
    elf.bytes_[i] ^= 1;
    EXPECT_EQ(elf.Read(), ELF_MALFORMED) << "ident " << i;
  }
  for (Field field : {kType, kMachine, kPhentsize}) {
    Elf elf;
    elf.Set<uint16_t>(field, 3);
    EXPECT_EQ(elf.Read(), ELF_MALFORMED) << "field " << field;
  }
  Elf version;
  version.Set<uint32_t>(kVersion, 2);
  EXPECT_EQ(version.Read(), ELF_MALFORMED);
}

TEST(Elf, RefusesProgramHeadersOutsideTheHead) {
  for (uint64_t phoff :
       {uint64_t{0x4000 - 111}, uint64_t{0x4001}, ~uint64_t{0}, ~uint64_t{0} - 55}) {
    Elf elf;
    elf.Set<uint64_t>(kPhoff, phoff);
    EXPECT_EQ(elf.Read(), ELF_MALFORMED) << phoff;
  }
  Elf elf;
  elf.Set<uint16_t>(kPhnum, 0xffff);
  EXPECT_EQ(elf.Read(), ELF_MALFORMED);
}

TEST(Elf, RefusesEveryTruncation) {
  for (size_t bytes = 0; bytes < 64 + 2 * 56; bytes++) {
    Elf elf;
    EXPECT_EQ(elf.Read(bytes), ELF_MALFORMED) << bytes;
  }
}

TEST(Elf, RefusesBadSegments) {
  struct {
    PhField field;
    uint64_t value;
  } const cases[] = {
      {kFilesz, 0x3001},                         // more than in memory
      {kMemsz, ~0ull},         {kMemsz, kHigh},  // beyond the end
      {kVaddr, kHigh + 0x800}, {kVaddr, ~0ull - 0x7ff},
      {kVaddr, 0x800},         {kVaddr, 0x11800},         // shares a page with the first
      {kVaddr, 0x12900},                                  // not congruent to the offset
      {kOffset, 0x3f80},       {kOffset, ~0ull - 0x7ff},  // beyond the file
  };
  for (const auto &c : cases) {
    Elf elf;
    elf.SetPh<uint64_t>(1, c.field, c.value);
    EXPECT_EQ(elf.Read(), ELF_MALFORMED) << c.field << " " << c.value;
  }
}

TEST(Elf, RefusesUnorderedSegments) {
  Elf elf;
  elf.SetPh<uint64_t>(0, kVaddr, 0x20000);
  EXPECT_EQ(elf.Read(), ELF_MALFORMED);
}

TEST(Elf, RefusesTooManySegments) {
  Elf elf;
  for (int i = 2; i < ELF_SEGMENTS_MAX; i++) elf.AddSegment(1, 6, 0, 0x20000 + i * 0x1000, 0, 1);
  EXPECT_EQ(elf.Read(), ELF_OK);
  elf.AddSegment(1, 6, 0, 0x30000, 0, 1);
  EXPECT_EQ(elf.Read(), ELF_MALFORMED);
}

TEST(Elf, EntryIsInExecutableSegment) {
  for (uint64_t entry : {0ull, 0xffffull, 0x10101ull, 0x11800ull, 0x12800ull, ~0ull}) {
    Elf elf;
    elf.Set<uint64_t>(kEntry, entry);
    EXPECT_EQ(elf.Read(), ELF_MALFORMED) << entry;
  }
}

// Whatever the bytes, an accepted image keeps the header's promises.
TEST(Elf, RandomDamageKeepsInvariants) {
  std::mt19937_64 random(1);
  int accepted = 0;
  for (int i = 0; i < 50000; i++) {
    Elf elf;
    for (int n = 1 + random() % 3; n > 0; n--) {
      const size_t at = random() % (64 + 2 * 56);
      elf.bytes_[at] = random() % 2 ? random() : elf.bytes_[at] ^ 1 << random() % 8;
    }
    if (elf.Read() != ELF_OK) continue;
    accepted++;
    uint64_t free_from = kLow;
    bool entered = false;
    for (uint32_t s = 0; s < elf.image.segments; s++) {
      const elf_segment &segment = elf.image.segment[s];
      const uint64_t end = segment.address + segment.memory_bytes;
      ASSERT_GE(segment.address, free_from);
      ASSERT_GT(end, segment.address);
      ASSERT_LE(end, kHigh);
      ASSERT_LE(segment.file_bytes, segment.memory_bytes);
      if (segment.file_bytes > 0) {
        ASSERT_LE(segment.file_offset + segment.file_bytes, elf.bytes_.size());
      }
      free_from = (end + PAGE_MASK) & ~PAGE_MASK;
      if ((segment.prot & PROT_X) && elf.image.entry >= segment.address && elf.image.entry < end) {
        entered = true;
      }
    }
    ASSERT_TRUE(entered);
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
