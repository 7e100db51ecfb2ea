#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "lib/fdt/fdt.h"
}

namespace {

using Bytes = std::vector<uint8_t>;

void Append32(Bytes *to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to->push_back(static_cast<uint8_t>(value >> shift));
}

void Store32(Bytes *to, size_t at, uint32_t value) {
  for (int i = 0; i < 4; i++) (*to)[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

Bytes Cells(std::initializer_list<uint32_t> cells) {
  Bytes bytes;
  for (uint32_t cell : cells) Append32(&bytes, cell);
  return bytes;
}

Bytes Strings(const std::string &text) { return Bytes(text.begin(), text.end()); }

class Builder {
 public:
  Builder &Begin(const std::string &name) {
    Append32(&structure_, 1);
    structure_.insert(structure_.end(), name.begin(), name.end());
    structure_.push_back(0);
    Pad();
    return *this;
  }
  Builder &End() { return Token(2); }
  Builder &Token(uint32_t token) {
    Append32(&structure_, token);
    return *this;
  }
  Builder &Property(const std::string &name, const Bytes &value) {
    Append32(&structure_, 3);
    Append32(&structure_, static_cast<uint32_t>(value.size()));
    Append32(&structure_, static_cast<uint32_t>(strings_.size()));
    strings_.insert(strings_.end(), name.begin(), name.end());
    strings_.push_back(0);
    structure_.insert(structure_.end(), value.begin(), value.end());
    Pad();
    return *this;
  }
  Bytes Blob() const {
    Bytes blob;
    const uint32_t reservations = 40, structure = reservations + 32;
    const uint32_t structure_bytes = static_cast<uint32_t>(structure_.size());
    const uint32_t strings_bytes = static_cast<uint32_t>(strings_.size());
    for (uint32_t field : {0xd00dfeedu, structure + structure_bytes + strings_bytes, structure,
                           structure + structure_bytes, reservations, 17u, 16u, 0u, strings_bytes,
                           structure_bytes}) {
      Append32(&blob, field);
    }
    for (uint32_t cell : {0u, 0x80000000u, 0u, 0x1000u, 0u, 0u, 0u, 0u}) Append32(&blob, cell);
    blob.insert(blob.end(), structure_.begin(), structure_.end());
    blob.insert(blob.end(), strings_.begin(), strings_.end());
    return blob;
  }

 private:
  void Pad() { structure_.resize((structure_.size() + 3) & ~size_t{3}); }
  Bytes structure_, strings_;
};

Bytes Machine() {
  return Builder()
      .Begin("")
      .Token(4)
      .Property("#address-cells", Cells({2}))
      .Property("#size-cells", Cells({2}))
      .Begin("chosen")
      .Property("bootargs", Strings(std::string("cmd=ls", 7)))
      .Property("unterminated", Strings("abc"))
      .Property("linux,initrd-start", Cells({0x1, 0x2}))
      .Property("linux,initrd-end", Cells({0x84000000}))
      .End()
      .Begin("memory@80000000")
      .Property("device_type", Strings(std::string("memory", 7)))
      .Property("reg", Cells({0, 0x80000000, 0, 0x8000000, 1, 0, 2, 0}))
      .End()
      .Begin("cpus")
      .Property("#address-cells", Cells({1}))
      .Property("#size-cells", Cells({0}))
      .Property("timebase-frequency", Cells({10000000}))
      .Begin("cpu@0")
      .Property("reg", Cells({7}))
      .Begin("interrupt-controller")
      .End()
      .End()
      .End()
      .Begin("soc")
      .Property("#address-cells", Cells({2}))
      .Property("#size-cells", Cells({2}))
      .Begin("serial@10000000")
      .Property("interrupts", Cells({10}))
      .Property("reg", Cells({0, 0x10000000, 0, 0x100}))
      .Property("compatible", Strings(std::string("ns16550a\0ns16550", 17)))
      .End()
      .End()
      .End()
      .Token(9)
      .Blob();
}

struct Tree : fdt {
  explicit Tree(const Bytes &blob) : bytes_(blob.size() + 1) {
    std::copy(blob.begin(), blob.end(), bytes_.begin() + 1);
    open = fdt_open(this, bytes_.data() + 1, blob.size());
  }
  Bytes bytes_;
  bool open;
};

TEST(Fdt, WalksAllNodesInOrder) {
  Tree tree(Machine());
  ASSERT_TRUE(tree.open);
  std::string names;
  fdt_node node;
  for (bool more = fdt_root(&tree, &node); more; more = fdt_next(&tree, &node)) {
    names += std::to_string(node.depth) + node.name + " ";
  }
  EXPECT_EQ(names,
            "0 1chosen 1memory@80000000 1cpus 2cpu@0 3interrupt-controller 1soc "
            "2serial@10000000 ");
}

TEST(Fdt, FindsByPath) {
  Tree tree(Machine());
  fdt_node node;
  EXPECT_TRUE(fdt_find(&tree, "/", &node));
  EXPECT_TRUE(fdt_find(&tree, "/chosen", &node));
  EXPECT_TRUE(fdt_find(&tree, "/cpus/cpu@0/interrupt-controller", &node));
  EXPECT_FALSE(fdt_find(&tree, "/cpu@0", &node));
  EXPECT_FALSE(fdt_find(&tree, "/chosen/cpu@0", &node));
  EXPECT_FALSE(fdt_find(&tree, "/cpu", &node));
  EXPECT_FALSE(fdt_find(&tree, "chosen", &node));
}

TEST(Fdt, ReadsProperties) {
  Tree tree(Machine());
  fdt_node node;
  uint64_t number;
  uint32_t cell;
  ASSERT_TRUE(fdt_find(&tree, "/chosen", &node));
  EXPECT_STREQ(fdt_string(&tree, &node, "bootargs"), "cmd=ls");
  EXPECT_EQ(fdt_string(&tree, &node, "absent"), nullptr);
  EXPECT_EQ(fdt_string(&tree, &node, "unterminated"), nullptr);
  EXPECT_TRUE(fdt_number(&tree, &node, "linux,initrd-start", &number));
  EXPECT_EQ(number, 0x100000002u);
  EXPECT_TRUE(fdt_number(&tree, &node, "linux,initrd-end", &number));
  EXPECT_EQ(number, 0x84000000u);
  EXPECT_FALSE(fdt_u32(&tree, &node, "linux,initrd-start", &cell));
  EXPECT_FALSE(fdt_number(&tree, &node, "bootargs", &number));
  ASSERT_TRUE(fdt_find(&tree, "/cpus", &node));
  EXPECT_TRUE(fdt_u32(&tree, &node, "timebase-frequency", &cell));
  EXPECT_EQ(cell, 10000000u);
}

TEST(Fdt, ReadsRegWithTheParentsCells) {
  Tree tree(Machine());
  fdt_node node;
  uint64_t address, bytes;
  ASSERT_TRUE(fdt_find(&tree, "/memory@80000000", &node));
  EXPECT_TRUE(fdt_reg(&tree, &node, 0, &address, &bytes));
  EXPECT_EQ(address, 0x80000000u);
  EXPECT_EQ(bytes, 0x8000000u);
  EXPECT_TRUE(fdt_reg(&tree, &node, 1, &address, &bytes));
  EXPECT_EQ(address, 0x100000000u);
  EXPECT_EQ(bytes, 0x200000000u);
  EXPECT_FALSE(fdt_reg(&tree, &node, 2, &address, &bytes));
  ASSERT_TRUE(fdt_find(&tree, "/cpus/cpu@0", &node));
  EXPECT_TRUE(fdt_reg(&tree, &node, 0, &address, &bytes));
  EXPECT_EQ(address, 7u);
  EXPECT_EQ(bytes, 0u);
}

TEST(Fdt, MatchesEachCompatibleString) {
  Tree tree(Machine());
  fdt_node node;
  ASSERT_TRUE(fdt_find(&tree, "/soc/serial@10000000", &node));
  EXPECT_TRUE(fdt_compatible(&tree, &node, "ns16550a"));
  EXPECT_TRUE(fdt_compatible(&tree, &node, "ns16550"));
  EXPECT_FALSE(fdt_compatible(&tree, &node, "ns1655"));
  ASSERT_TRUE(fdt_find(&tree, "/chosen", &node));
  EXPECT_FALSE(fdt_compatible(&tree, &node, "ns16550a"));
}

TEST(Fdt, ReadsReservations) {
  Tree tree(Machine());
  uint64_t address, bytes;
  EXPECT_TRUE(fdt_reservation(&tree, 0, &address, &bytes));
  EXPECT_EQ(address, 0x80000000u);
  EXPECT_EQ(bytes, 0x1000u);
  EXPECT_FALSE(fdt_reservation(&tree, 1, &address, &bytes));
}

TEST(Fdt, PassesOverNodesTooDeep) {
  Builder builder;
  for (int i = 0; i < 12; i++) builder.Begin(std::to_string(i));
  for (int i = 0; i < 11; i++) builder.End();
  builder.Begin("last").End().End().Token(9);
  Tree tree(builder.Blob());
  std::string names;
  fdt_node node;
  for (bool more = fdt_root(&tree, &node); more; more = fdt_next(&tree, &node)) names += node.name;
  EXPECT_EQ(names, "01234567last");
}

TEST(Fdt, RefusesRegThatDoesNotFit) {
  Tree tree(Builder()
                .Begin("")
                .Property("#address-cells", Cells({3}))
                .Property("#size-cells", Cells({0x40000000}))
                .Begin("a")
                .Property("reg", Cells({1, 0, 0}))
                .End()
                .End()
                .Token(9)
                .Blob());
  fdt_node node;
  uint64_t address, bytes;
  ASSERT_TRUE(fdt_find(&tree, "/a", &node));
  EXPECT_FALSE(fdt_reg(&tree, &node, 0, &address, &bytes));
}

TEST(Fdt, RefusesBadHeaders) {
  const Bytes good = Machine();
  struct {
    size_t field;
    uint32_t value;
  } const cases[] = {
      {0, 0xd00dfeee}, {1, 39},         {1, 0xffffffff}, {1, 0x2000000}, {2, 0xfffffff0},
      {9, 0xffffffff}, {3, 0xfffffff0}, {8, 0xffffffff}, {5, 16},        {6, 18},
  };
  for (const auto &c : cases) {
    Bytes bad = good;
    Store32(&bad, c.field * 4, c.value);
    EXPECT_FALSE(Tree(bad).open) << c.field;
  }
  for (size_t bytes = 0; bytes < good.size(); bytes++) {
    EXPECT_FALSE(Tree(Bytes(good.begin(), good.begin() + bytes)).open);
  }
  Bytes open_ended = good;
  open_ended.back() = 'x';
  EXPECT_FALSE(Tree(open_ended).open);
}

TEST(Fdt, RandomDamageStaysInside) {
  std::mt19937_64 random(1);
  const Bytes good = Machine();
  for (int i = 0; i < 20000; i++) {
    Bytes bad = good;
    for (int n = 1 + random() % 4; n > 0; n--) {
      const size_t at = random() % bad.size();
      if (at < 8 && random() % 8) continue;
      bad[at] = random() % 2 ? static_cast<uint8_t>(random() % 10) : static_cast<uint8_t>(random());
    }
    Tree tree(bad);
    if (!tree.open) continue;
    fdt_node node;
    size_t nodes = 0;
    for (bool more = fdt_root(&tree, &node); more; more = fdt_next(&tree, &node)) {
      ASSERT_LE(++nodes, bad.size() / 4);
      uint64_t address, bytes;
      for (uint32_t index = 0; index < 4; index++) fdt_reg(&tree, &node, index, &address, &bytes);
      fdt_compatible(&tree, &node, "ns16550");
      const char *bootargs = fdt_string(&tree, &node, "bootargs");
      if (bootargs != nullptr) {
        ASSERT_LT(std::strlen(bootargs), bad.size());
      }
    }
    fdt_find(&tree, "/cpus/cpu@0/interrupt-controller", &node);
    uint64_t address, bytes;
    for (uint32_t index = 0; fdt_reservation(&tree, index, &address, &bytes); index++) {
      ASSERT_LT(index, bad.size() / 16);
    }
  }
}

}  // namespace
