#include "tests/harness/target.h"

#include <gtest/gtest.h>

namespace target {
namespace {

Options Program(const std::string &path) {
  Options options;
  options.program = path;
  return options;
}

Clock::time_point Soon() { return Clock::now() + kStepLimit; }

TEST(PercentEncode, KeepsWhatTheGuestNeedNotDecode) {
  EXPECT_EQ(PercentEncode("/bin/a_b-c.0Z"), "/bin/a_b-c.0Z");
  EXPECT_EQ(PercentEncode("echo \"a  b\" % \xc3\xa9\n"), "echo%20%22a%20%20b%22%20%25%20%c3%a9%0a");
  EXPECT_EQ(PercentEncode(std::string(1, '\0')), "%00");
}

TEST(Machine, PassesLinesBothWays) {
  Machine machine(Program("/bin/cat"));
  ASSERT_TRUE(machine.Start());
  machine.Send("one\r");
  machine.Send("@two");
  std::string line;
  ASSERT_TRUE(machine.NextLine(&line, Soon())) << machine.why();
  EXPECT_EQ(line, "one");
  EXPECT_EQ(machine.NextReport(Soon()), "@two");
  EXPECT_EQ(machine.log(), "one\r\n@two\n");
}

TEST(Machine, WaitsForAPromptWithoutAnEndOfLine) {
  Machine machine(Program("/bin/cat"));
  ASSERT_TRUE(machine.Start());
  machine.SendRaw("hello\n$ ");
  EXPECT_TRUE(machine.WaitPrompt("$ ", Soon())) << machine.why();
}

TEST(Machine, ReportsAPanic) {
  Machine machine(Program("/bin/cat"));
  ASSERT_TRUE(machine.Start());
  machine.Send("panic: on purpose");
  EXPECT_EQ(machine.NextReport(Soon()), "");
  EXPECT_EQ(machine.why(), "panic: on purpose");
  machine.Kill();
  EXPECT_FALSE(machine.running());
}

TEST(Machine, PassedDeadlineIsATimeout) {
  Machine machine(Program("/bin/cat"));
  ASSERT_TRUE(machine.Start());
  std::string line;
  EXPECT_FALSE(machine.NextLine(&line, Clock::now()));
  EXPECT_EQ(machine.why(), "timed out");
  EXPECT_TRUE(machine.running());
}

TEST(Machine, TellsTheExitStatus) {
  Machine machine(Program("/bin/false"));
  ASSERT_TRUE(machine.Start());
  EXPECT_EQ(machine.NextReport(Soon()), "");
  EXPECT_EQ(machine.why(), "it ended with status 1");
  ASSERT_TRUE(machine.Start());
  EXPECT_EQ(machine.WaitExit(Soon()), 1);
  EXPECT_EQ(machine.log(), "");
}

}  // namespace
}  // namespace target
