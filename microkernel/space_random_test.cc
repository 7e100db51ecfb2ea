// Address spaces against a model: random operations of the first process, random accesses of
// programs on several harts, and harts that cache whatever they may, whenever they may.

#include <algorithm>
#include <array>
#include <optional>
#include <random>

#include "microkernel/host_kernel.h"
#include "microkernel/invariants.h"

namespace {

constexpr uint32_t kHarts = 3;
constexpr int kSpaces = 3;
constexpr uint32_t kFrames = 24;
constexpr uint32_t kAreaPages = 12;
// Areas at the edges of tables and of gigabytes.
constexpr std::array<uaddr_t, 4> kAreas = {0x10000, LARGE_SIZE - 5 * PAGE_SIZE,
                                           (1ull << 30) - 4 * PAGE_SIZE,
                                           USER_END - kAreaPages *PAGE_SIZE};

struct Page {
  frame_t frame = 0;
  uint64_t rights = 0;  // PTE_R, PTE_W, PTE_X
};

class Model {
 public:
  explicit Model(uint32_t seed) : random_(seed), kernel_(kHarts, 3, 5) {
    for (uint32_t i = 0; i < kFrames; i++) frames_.push_back(kernel_.UserFrame());
    for (uaddr_t area : kAreas)
      for (uint32_t i = 0; i < kAreaPages; i++) addresses_.push_back(area + i * PAGE_SIZE);
    for (Space &s : spaces_) MakeSpace(&s);
    kernel_.machine().before_fence = [this] { Speculate(4); };
  }
  ~Model() { kernel_.machine().before_fence = nullptr; }

  void Step() {
    Speculate(2);
    switch (Random(21)) {
      case 0 ... 5:
        return Map();
      case 6 ... 8:
        return Unmap();
      case 9 ... 10:
        return Protect();
      case 11:
        return Harvest();
      case 12 ... 16:
        return Access();
      case 17:
        return Switch();
      case 18:
        return Fund();
      case 19:
        return MapLarge();
      default:
        return Rare();
    }
  }

  // What must hold after each call; `all`: everywhere.
  void Check(bool all) {
    for (uint32_t hart = 0; hart < kHarts; hart++) {
      uint64_t translation = kernel_.machine().tlb.translation(hart);
      for (size_t i = 0; i < (all ? addresses_.size() : 3); i++) {
        uaddr_t a = all ? addresses_[i] : Address();
        ASSERT_EQ(kernel_.machine().tlb.Violation(hart, translation, a), "");
      }
    }
    if (!all) return;
    ASSERT_EQ(invariants_.Check(), "");
    for (Space &s : spaces_) CheckPages(s);
    for (frame_t frame : written_) CheckWritten(frame);
  }

 private:
  struct Space {
    handle_t handle;
    struct thread *threads[kHarts];
    handle_t thread_handles[kHarts];
    std::map<uaddr_t, Page> pages;
    std::set<uaddr_t> large;  // where large leaves begin
  };

  uint32_t Random(uint32_t below) { return random_() % below; }
  uaddr_t Address() { return addresses_[Random(static_cast<uint32_t>(addresses_.size()))]; }
  Space &AnySpace() { return spaces_[Random(kSpaces)]; }
  struct space *Object(const Space &s) {
    return kernel_.Object<struct space>(s.handle);
  }
  int64_t Call(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2 = 0, uint64_t a3 = 0,
               uint64_t a4 = 0, uint64_t a5 = 0, uint64_t a6 = 0) {
    uint32_t hart = Random(kHarts);
    struct thread *before = kernel_.machine().running(hart);
    int64_t result = kernel_.CallOn(hart, number, a0, a1, a2, a3, a4, a5, a6);
    if (before->state == THREAD_INACTIVE) kernel_.Run(hart, before);
    return result;
  }

  void Speculate(int times) {
    for (uint32_t hart = 0; hart < kHarts; hart++)
      for (int i = 0; i < times; i++) kernel_.machine().tlb.Speculate(hart, Address());
  }

  void MakeSpace(Space *s) {
    s->handle = kernel_.Space(++badge_, 5);
    for (uint32_t i = 0; i < kHarts; i++) {
      s->thread_handles[i] = kernel_.Thread(s->handle);
      s->threads[i] = kernel_.Object<struct thread>(s->thread_handles[i]);
    }
  }

  // --- what is expected ---

  // Tables that a mapping still needs.
  uint32_t TablesMissing(const Space &s, uaddr_t start, uint64_t count) {
    uint32_t missing = 0;
    uaddr_t last = start + (count - 1) * PAGE_SIZE;
    for (uaddr_t gb = start >> 30; gb <= last >> 30; gb++) {
      uint64_t pte = pte_load(Object(s)->root, static_cast<uint32_t>(gb));
      missing += pte == 0;
      for (uaddr_t mb = start >> 21; mb <= last >> 21; mb++) {
        if (mb >> 9 != gb) continue;
        missing += pte == 0 || !pte_is_table(pte_load(arch_table_address(pte), mb & 511));
      }
    }
    return missing;
  }

  void CheckPages(Space &s) {
    for (uaddr_t a : addresses_) {
      uint64_t entry = space_lookup(Object(s), a);
      auto page = s.pages.find(a);
      if (page == s.pages.end()) {
        ASSERT_EQ(entry, 0u) << a;
      } else {
        ASSERT_EQ(pte_frame(entry), page->second.frame) << a;
        ASSERT_EQ(entry & PTE_LEAF, page->second.rights) << a;
      }
    }
  }

  // A write is noted in an entry or on the board until somebody has looked.
  void CheckWritten(frame_t frame) {
    if (frame_board[frame - frame_first] & BOARD_DIRTY) return;
    for (Space &s : spaces_)
      for (auto &[a, page] : s.pages)
        if (page.frame == frame && space_lookup(Object(s), a) & PTE_D) return;
    FAIL() << "a write to frame " << frame << " is lost";
  }

  // --- operations ---

  void Map() {
    Space &s = AnySpace();
    bool device = Random(8) == 0;
    uint32_t at = Random(kAreaPages);
    uaddr_t start = kAreas[Random(kAreas.size())] + at * PAGE_SIZE;
    uint32_t count = 1 + Random(std::min(kAreaPages - at, 6u));
    uint32_t prot = Random(8);
    bool run = Random(2);
    std::vector<frame_t> list;
    for (uint32_t i = 0; i < count; i++)
      list.push_back(device ? 0x10000 + Random(3) : frames_[Random(kFrames)]);
    if (run) {
      uint32_t first = Random(kFrames - count + 1);
      for (uint32_t i = 0; i < count; i++) list[i] = device ? 0x10000 + i : frames_[first + i];
    }
    bool bad = Random(16) == 0;
    if (bad && !run) list[Random(count)] = frame_first + Random(LARGE_FRAMES);
    uint64_t words[3] = {};
    for (uint32_t i = 0; i < count; i++)
      words[i / 2] |= static_cast<uint64_t>(list[i]) << (32 * (i & 1));
    int64_t expected = 0;
    if (prot == 0)
      expected = 0;  // removes what is there
    else if (bad && !run)
      expected = -EACCES;
    else if (TablesMissing(s, start, count) > Object(s)->pool_count)
      expected = -ENOMEM;
    int64_t result = Call(SYS_MAP, s.handle, device ? HANDLE_BOOT_DEVICES : HANDLE_BOOT_RAM,
                          start | prot | (run ? MAP_RUN : 0), count, words[0], words[1], words[2]);
    ASSERT_EQ(result, expected);
    if (result == -ENOMEM) return TakeAwayGone(s);
    if (result) return;
    TakeAwayParts(s, start, start + count * PAGE_SIZE);
    uint64_t rights = (prot << 1) | (prot & PROT_W ? PTE_R : 0);
    for (uint32_t i = 0; i < count; i++) {
      if (prot)
        s.pages[start + i * PAGE_SIZE] = {list[i], rights};
      else
        s.pages.erase(start + i * PAGE_SIZE);
    }
  }

  // A large leaf over one of the areas.
  void MapLarge() {
    Space &s = AnySpace();
    uaddr_t start = (Address() + (Random(2) ? 0 : LARGE_SIZE)) & ~(LARGE_SIZE - 1);
    if (start == USER_END) return;
    frame_t first = frame_first + (1 + Random(2)) * LARGE_FRAMES;
    uint32_t prot = 1 + Random(7);
    uint64_t middle = pte_load(Object(s)->root, pte_index(start, 2));
    int64_t expected = middle || Object(s)->pool_count ? 0 : -ENOMEM;
    int64_t result =
        Call(SYS_MAP, s.handle, HANDLE_BOOT_RAM, start | prot | MAP_LARGE, LARGE_FRAMES, first);
    ASSERT_EQ(result, expected);
    if (result) return;
    s.pages.erase(s.pages.lower_bound(start), s.pages.lower_bound(start + LARGE_SIZE));
    s.large.insert(start);
    uint64_t rights = (prot << 1) | (prot & PROT_W ? PTE_R : 0);
    for (uaddr_t a : addresses_)
      if (a - start < LARGE_SIZE)
        s.pages[a] = {first + static_cast<frame_t>((a - start) >> PAGE_SHIFT), rights};
  }

  void TakeAway(Space &s, uaddr_t large) {
    s.pages.erase(s.pages.lower_bound(large), s.pages.lower_bound(large + LARGE_SIZE));
    s.large.erase(large);
  }
  // What changes a part of a large leaf takes it away.
  void TakeAwayParts(Space &s, uaddr_t start, uaddr_t end) {
    for (uaddr_t large : std::set<uaddr_t>(s.large))
      if (start < large + LARGE_SIZE && large < end && (start > large || end < large + LARGE_SIZE))
        TakeAway(s, large);
  }
  // A mapping that failed may have made room for the tables it got.
  void TakeAwayGone(Space &s) {
    for (uaddr_t large : std::set<uaddr_t>(s.large))
      if (!space_large(Object(s), large)) TakeAway(s, large);
  }

  // From an address to the next but some, or much more.
  void AnyRange(uaddr_t *start, uaddr_t *end) {
    *start = Address();
    *end = std::min<uaddr_t>(*start + (1 + Random(6)) * PAGE_SIZE, USER_END);
    switch (Random(8)) {
      case 0:
        *start &= ~(LARGE_SIZE - 1);
        *end = *start + LARGE_SIZE;
        break;
      case 1:
        *start &= ~((1ull << 30) - 1);
        *end = *start + (1ull << 30);
        break;
      case 2:
        *start = 0;
        *end = USER_END;
        break;
      case 3:
        *end = std::min<uaddr_t>(*start + (1 + Random(3)) * LARGE_SIZE, USER_END);
        break;
    }
  }

  void Unmap() {
    Space &s = AnySpace();
    uaddr_t start, end;
    AnyRange(&start, &end);
    ASSERT_EQ(Call(SYS_UNMAP, s.handle, start, end), static_cast<int64_t>(end));
    TakeAwayParts(s, start, end);
    s.large.erase(s.large.lower_bound(start), s.large.lower_bound(end));
    s.pages.erase(s.pages.lower_bound(start), s.pages.lower_bound(end));
  }

  void Protect() {
    Space &s = AnySpace();
    uaddr_t start, end;
    AnyRange(&start, &end);
    uint64_t prot = Random(8);
    ASSERT_EQ(Call(SYS_PROTECT, s.handle, start, end, prot), static_cast<int64_t>(end));
    TakeAwayParts(s, start, end);
    uint64_t keep = prot << 1 | (prot & PROT_W ? PTE_R : 0);
    for (auto it = s.pages.lower_bound(start); it != s.pages.lower_bound(end);) {
      it->second.rights &= keep;
      it = it->second.rights ? std::next(it) : s.pages.erase(it);
    }
    TakeAwayGone(s);
  }

  void Harvest() {
    Space &s = AnySpace();
    uaddr_t start, end;
    AnyRange(&start, &end);
    ASSERT_EQ(Call(SYS_HARVEST, s.handle, start, end), static_cast<int64_t>(end));
    TakeAwayParts(s, start, end);
  }

  void Fund() {
    Space &s = AnySpace();
    if (kernel_.object_frames_left() < 300 || Object(s)->pool_count > 3) return;
    ASSERT_EQ(Call(SYS_FUND, s.handle, HANDLE_BOOT_RAM, kernel_.ObjectFrame(), FUND_TABLE), 0);
  }

  void Switch() {
    uint32_t hart = Random(kHarts);
    uint32_t to = Random(kSpaces + 1);
    kernel_.Run(hart, to == kSpaces ? kernel_.boot_thread(hart) : spaces_[to].threads[hart]);
  }

  void Rare() {
    if (Random(3)) return LookAtTheBoard();
    if (Random(5) == 0) Recreate(&AnySpace());
  }

  // Whoever cleans pages harvests, then looks.
  void LookAtTheBoard() {
    for (Space &s : spaces_) ASSERT_EQ(Call(SYS_HARVEST, s.handle, 0, USER_END), USER_END);
    for (frame_t frame : written_) ASSERT_TRUE(frame_board[frame - frame_first] & BOARD_DIRTY);
    for (uint32_t i = 0; i < frame_total; i++) frame_board[i] = 0;
    written_.clear();
  }

  void Recreate(Space *s) {
    for (uint32_t hart = 0; hart < kHarts; hart++) {
      kernel_.Run(hart, kernel_.boot_thread(hart));
    }
    for (uint32_t hart = 0; hart < kHarts; hart++) {
      ASSERT_EQ(Destroy(s->thread_handles[hart], s->threads[hart]), 0);
    }
    struct space *object = Object(*s);
    std::vector<frame_t> tables;
    for (frame_t f = object->tables; f; f = frame_entry(f)->count) tables.push_back(f);
    ASSERT_EQ(Destroy(s->handle, object), 0);
    for (frame_t f : tables) kernel_.FreeObjectFrame(f);
    s->pages.clear();
    s->large.clear();
    MakeSpace(s);
  }
  int64_t Destroy(handle_t handle, void *object) {
    int64_t result = Call(SYS_DESTROY, handle, 0);
    kernel_.FreeObjectFrame(arch_address_frame(object));
    kernel_.FreeSlot(handle);
    return result;
  }

  // A program on a hart reads, writes or executes; the hart may use any entry that it may have.
  void Access() {
    uint32_t hart = Random(kHarts);
    Space *s = nullptr;
    for (Space &candidate : spaces_)
      if (kernel_.machine().running(hart) == candidate.threads[hart]) s = &candidate;
    if (!s) return;
    uaddr_t address = Address();
    const uint64_t kinds[] = {PTE_R, PTE_W, PTE_X};
    uint64_t access = kinds[Random(3)];
    auto page = s->pages.find(address);
    bool allowed = page != s->pages.end() && page->second.rights & access;
    for (int tries = 0; tries < 20; tries++) {
      uint64_t pte = AnyEntry(hart, *s, address);
      if (!(pte & access)) {
        if (Absorbed(hart, *s, address, access)) continue;
        ASSERT_FALSE(allowed) << address;
        return;
      }
      ASSERT_TRUE(allowed) << address;
      ASSERT_EQ(pte_frame(pte), page->second.frame);
      if (!NoteUse(hart, *s, address, access, pte)) continue;
      if (access == PTE_W && frame_exists(page->second.frame)) written_.insert(page->second.frame);
      return;
    }
    FAIL() << "no progress at " << address;
  }

  uint64_t AnyEntry(uint32_t hart, const Space &s, uaddr_t address) {
    std::set<uint64_t> possible =
        kernel_.machine().tlb.Possible(hart, Object(s)->translation, address);
    auto it = possible.begin();
    std::advance(it, Random(static_cast<uint32_t>(possible.size())));
    return *it;
  }

  // The trap: true if the kernel resumes the program without asking the pager.
  bool Absorbed(uint32_t hart, const Space &s, uaddr_t address, uint64_t access) {
    bool absorbed = false;
    kernel_.machine().Enter(hart, [&] {
      uint64_t entry = space_lookup(Object(s), address);
      absorbed = entry & PTE_V && space_absorb(Object(s), address, access, entry);
      return current;
    });
    return absorbed;
  }

  // The entry's A and D bits, set by the hart itself or (Svade) by the kernel. False: the
  // access starts over.
  bool NoteUse(uint32_t hart, const Space &s, uaddr_t address, uint64_t access, uint64_t pte) {
    uint64_t bits = access == PTE_W ? PTE_A | PTE_D : PTE_A;
    if ((pte & bits) == bits) return true;
    if (Random(2)) {
      EXPECT_TRUE(Absorbed(hart, s, address, access));
      return false;
    }
    uint64_t *leaves = space_leaves(Object(s), address);
    uint64_t *entry = leaves ? leaves + pte_index(address, 0) : space_large(Object(s), address);
    if (!entry || space_lookup(Object(s), address) != pte) {
      // The hart finds that its entry is old and walks again.
      kernel_.machine().tlb.FencePage(hart, address, Object(s)->asid);
      return false;
    }
    pte_set(entry, 0, bits);
    kernel_.machine().tlb.Speculate(hart, address);
    return true;
  }

  std::mt19937 random_;
  HostKernel kernel_;
  Invariants invariants_;
  uint32_t badge_ = 0;
  std::vector<frame_t> frames_;
  std::vector<uaddr_t> addresses_;
  Space spaces_[kSpaces];
  std::set<frame_t> written_;  // since somebody looked at the board
};

class SpaceRandomTest : public testing::TestWithParam<uint32_t> {};

TEST_P(SpaceRandomTest, FollowsTheModel) {
  constexpr int kSteps = 40000;
  RecordProperty("seed", static_cast<int>(GetParam()));
  printf("seed %u\n", GetParam());
  Model model(GetParam());
  for (int step = 0; step < kSteps; step++) {
    model.Step();
    model.Check(step % 200 == 0);
    if (HasFailure()) FAIL() << "at step " << step << " with seed " << GetParam();
  }
  model.Check(true);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SpaceRandomTest, testing::Values(1, 2, 3));

}  // namespace
