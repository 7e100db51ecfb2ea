// Whatever is not given back is seen, and nothing else is.
extern "C" {
#include "tests/harness/usage.h"
}

#include <gtest/gtest.h>

namespace {

constexpr uint64_t kTables = 40, kProcesses = 6;

pager_counts Counts() {
  pager_counts counts = {};
  counts.frames_anonymous = 100;
  counts.swap_used = 20;
  counts.nodes = 30;
  counts.regions = 25;
  counts.objects = 3;
  counts.frames_reserved = 7;
  counts.frames_tables = kTables;
  return counts;
}

usage Measure(const pager_counts &counts, uint64_t tables = kTables,
              uint64_t processes = kProcesses) {
  usage usage;
  usage_measure(&usage, &counts, tables, processes);
  return usage;
}

// What has changed since Counts(), USAGE_KINDS if nothing; at most one kind.
uint32_t Changed(const usage &now) {
  usage before = Measure(Counts());
  uint32_t kind = usage_changed(&before, &now, 0);
  if (kind < USAGE_KINDS) {
    EXPECT_NE(usage_name[kind], nullptr);
    EXPECT_EQ(usage_changed(&before, &now, kind + 1), uint32_t{USAGE_KINDS});
  }
  return kind;
}

uint32_t ChangedBy(uint64_t pager_counts::*count, uint64_t more) {
  pager_counts counts = Counts();
  counts.*count += more;
  return Changed(Measure(counts));
}

TEST(Usage, ChangesByWhatIsLeftAndWhatIsMissing) {
  const struct {
    uint64_t pager_counts::*count;
    uint32_t kind;
  } kKinds[] = {
      {&pager_counts::frames_anonymous, USAGE_PAGES},
      {&pager_counts::swap_used, USAGE_PAGES},
      {&pager_counts::nodes, USAGE_NODES},
      {&pager_counts::regions, USAGE_REGIONS},
      {&pager_counts::pendings, USAGE_CALLS},
      {&pager_counts::objects, USAGE_OBJECTS},
      {&pager_counts::frames_reserved, USAGE_RESERVED},
      {&pager_counts::frames_tables, USAGE_TABLES},
  };
  for (const auto &row : kKinds) {
    EXPECT_EQ(ChangedBy(row.count, 0), uint32_t{USAGE_KINDS});
    EXPECT_EQ(ChangedBy(row.count, 1), row.kind) << usage_name[row.kind];
    EXPECT_EQ(ChangedBy(row.count, ~uint64_t{0}), row.kind) << "one less: " << usage_name[row.kind];
  }
  EXPECT_EQ(Changed(Measure(Counts(), kTables, kProcesses + 1)), uint32_t{USAGE_PROCESSES});
  EXPECT_EQ(Changed(Measure(Counts(), kTables - 1)), uint32_t{USAGE_TABLES});
}

TEST(Usage, DoesNotChangeWhenPagesMove) {
  pager_counts counts = Counts();
  counts.frames_anonymous -= 15;
  counts.swap_used += 15;
  EXPECT_EQ(Changed(Measure(counts)), uint32_t{USAGE_KINDS});
  counts.swap_used++;
  EXPECT_EQ(Changed(Measure(counts)), uint32_t{USAGE_PAGES}) << "a page in both was freed in one";
}

TEST(Usage, DoesNotChangeByTablesOfProcesses) {
  pager_counts counts = Counts();
  counts.frames_tables += 2;
  EXPECT_EQ(Changed(Measure(counts, kTables + 2)), uint32_t{USAGE_KINDS});
}

TEST(Usage, TablesWithoutProcessAreALeakEvenIfTheyWereBefore) {
  usage both = Measure(Counts(), kTables - 1);
  EXPECT_EQ(usage_changed(&both, &both, 0), uint32_t{USAGE_TABLES});
}

}  // namespace
