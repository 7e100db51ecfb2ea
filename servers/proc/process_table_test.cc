extern "C" {
#include "servers/proc/process_table.h"
}

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace {

class ProcessTable : public testing::Test {
 protected:
  ProcessTable() { table_init(table.get()); }

  process *Init() { return table_by_pid(table.get(), PID_INIT); }
  process *Fork(process *parent) { return table_fork(table.get(), parent, 0); }
  process *Wait(process *parent, int64_t selector) {
    process *zombie = nullptr;
    return table_wait(table.get(), parent, selector, &zombie) == WAIT_ZOMBIE ? zombie : nullptr;
  }

  std::unique_ptr<process_table> table = std::make_unique<process_table>();
};

TEST_F(ProcessTable, StartsWithInitAlone) {
  EXPECT_EQ(Init()->badge, unsigned{SLOT_INIT});
  EXPECT_EQ(Init()->group, PID_INIT);
  EXPECT_EQ(table_from_slot(table.get(), 0), Init());
  EXPECT_EQ(table_from_slot(table.get(), SLOT_INIT + 1), nullptr);
}

TEST_F(ProcessTable, ChildInheritsGroupAndName) {
  process *parent = Fork(Init());
  snprintf(parent->name, sizeof parent->name, "parent");
  table_set_group(table.get(), parent, parent->pid);
  process *child = Fork(parent);
  EXPECT_EQ(child->group, parent->pid);
  EXPECT_STREQ(child->name, "parent");
  EXPECT_NE(child->badge, parent->badge);
}

TEST_F(ProcessTable, BadgeOfAnEndedGenerationNamesNobody) {
  process *child = Fork(Init());
  uint32_t badge = child->badge;
  EXPECT_EQ(table_by_badge(table.get(), badge), child);
  table_end(table.get(), child, 0);
  EXPECT_EQ(table_by_badge(table.get(), badge), nullptr);
  table_reap(table.get(), child);
  process *next = Fork(Init());
  EXPECT_EQ(badge_slot(next->badge), badge_slot(badge));
  EXPECT_NE(next->badge, badge);
  EXPECT_EQ(table_by_badge(table.get(), badge), nullptr);
}

TEST_F(ProcessTable, BadgesBeyondTheTableNameNobody) {
  EXPECT_EQ(table_by_badge(table.get(), SLOTS_MAX), nullptr);
  EXPECT_EQ(table_by_badge(table.get(), SLOT_MASK), nullptr);
  EXPECT_EQ(table_by_badge(table.get(), 0), nullptr);
}

TEST_F(ProcessTable, PidsAreUsedAgainOnlyAfterAllOthers) {
  std::set<uint32_t> seen;
  for (uint32_t i = 0; i < PID_MAX - 1; i++) {
    process *child = Fork(Init());
    EXPECT_TRUE(seen.insert(child->pid).second);
    table_end(table.get(), child, 0);
    table_reap(table.get(), child);
  }
  EXPECT_EQ(*seen.begin(), 2u);
  EXPECT_EQ(*seen.rbegin(), PID_MAX);
}

TEST_F(ProcessTable, PidOfALivingGroupIsNotGivenOut) {
  process *leader = Fork(Init());
  process *member = Fork(Init());
  uint32_t group = leader->pid;
  table_set_group(table.get(), leader, group);
  table_set_group(table.get(), member, group);
  table_end(table.get(), leader, 0);
  table_reap(table.get(), leader);
  for (uint32_t i = 0; i < 2 * PID_MAX; i++) {
    process *child = Fork(Init());
    ASSERT_NE(child->pid, group);
    ASSERT_NE(child->pid, member->pid);
    table_fork_undo(table.get(), child);
  }
}

TEST_F(ProcessTable, ForkBombLeavesRoomForTheShellAndForInit) {
  process *shell = Fork(Init());
  process *bomb = Fork(shell);
  while (Fork(bomb)) {
  }
  uint32_t by_shell = 0;
  while (Fork(shell)) by_shell++;
  EXPECT_EQ(by_shell, PROCESSES_FOR_FAMILY - PROCESSES_FOR_INIT);
  uint32_t by_init = 0;
  while (Fork(Init())) by_init++;
  EXPECT_EQ(by_init, PROCESSES_FOR_INIT);
  EXPECT_EQ(table->count, unsigned{PROGRAMS_MAX});
}

TEST_F(ProcessTable, WaitFindsTheOldestZombieThatIsMeant) {
  process *first = Fork(Init()), *second = Fork(Init()), *third = Fork(Init());
  table_set_group(table.get(), third, third->pid);
  table_end(table.get(), third, 3);
  table_end(table.get(), first, 1);
  EXPECT_EQ(Wait(Init(), -1), third);
  EXPECT_EQ(Wait(Init(), first->pid), first);
  EXPECT_EQ(Wait(Init(), 0), first);
  EXPECT_EQ(Wait(Init(), -static_cast<int64_t>(third->pid)), third);
  process *none;
  EXPECT_EQ(table_wait(table.get(), Init(), second->pid, &none), WAIT_NONE_ENDED);
  EXPECT_EQ(table_wait(table.get(), Init(), 31000, &none), WAIT_NO_CHILD);
  EXPECT_EQ(table_wait(table.get(), Init(), INT64_MIN, &none), WAIT_NO_CHILD);
  EXPECT_EQ(table_wait(table.get(), Init(), INT64_MAX, &none), WAIT_NO_CHILD);
}

TEST_F(ProcessTable, InitAdoptsChildrenAndZombies) {
  process *parent = Fork(Init());
  process *living = Fork(parent), *ended = Fork(parent);
  EXPECT_FALSE(table_end(table.get(), ended, 7));
  EXPECT_TRUE(table_end(table.get(), parent, 0));
  EXPECT_EQ(living->parent, SLOT_INIT);
  EXPECT_EQ(Wait(Init(), ended->pid), ended);
  EXPECT_EQ(Wait(Init(), -1), parent);
}

TEST_F(ProcessTable, EndOfAGrandchildIsNoNewsForInit) {
  process *parent = Fork(Init());
  process *child = Fork(parent);
  EXPECT_FALSE(table_end(table.get(), child, 0));
}

}  // namespace
