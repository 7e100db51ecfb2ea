// Runs the cases of a test program that speaks the protocol of cases.h, each as a GoogleTest case
// of its own. One start serves all cases; after a crash or a hang the next case starts afresh.
// Usage: qemu_test [GOOGLETEST ARGUMENT]... --NAME=VALUE..., see options.h
//
// --batch is for programs that cannot read: after @ready they list their cases and run them all,
// from the one on that first=NUMBER in the guest's command line says, and exit.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/harness/options.h"
#include "tests/harness/target.h"

namespace {

using target::Clock;
using target::Machine;

constexpr int kExitStatus = 3;

target::Arguments arguments;
std::unique_ptr<Machine> machine;
std::vector<std::string> names;
std::map<std::string, std::string> reports;  // --batch: by the name of the case

testing::AssertionResult Boot() {
  if (machine->Start() && machine->NextReport(Clock::now() + target::kBootLimit) == "@ready") {
    return testing::AssertionSuccess();
  }
  std::string why = machine->why();
  machine->Kill();
  return testing::AssertionFailure() << "no @ready: " << why << "\n" << machine->log();
}

testing::AssertionResult ListCases(std::vector<std::string> *names) {
  testing::AssertionResult booted = Boot();
  if (!booted) return booted;
  const std::string tag = "@case ";
  if (!arguments.batch) machine->Send("list");
  std::string report;
  while ((report = machine->NextReport(Clock::now() + target::kStepLimit)).rfind(tag, 0) == 0) {
    names->push_back(report.substr(tag.size()));
  }
  if (report == "@end" && !names->empty()) return testing::AssertionSuccess();
  std::string why = machine->why();
  machine->Kill();
  return testing::AssertionFailure() << "no list of cases: '" << report << "' " << why << "\n"
                                     << machine->log();
}

// Starts a program that runs its cases from number `first` on.
testing::AssertionResult BootFrom(size_t first) {
  target::Options options = arguments.options;
  options.append += (options.append.empty() ? "first=" : " first=") + std::to_string(first);
  machine = std::make_unique<Machine>(options);
  std::vector<std::string> again;
  return ListCases(&again);
}

// A case of a program that runs them all by itself.
class BatchCase : public testing::Test {
 public:
  explicit BatchCase(size_t number) : number_(number) {}

  void TestBody() override {
    const std::string &name = names[number_];
    if (!machine->running() && !reports.count(name)) {
      ASSERT_TRUE(BootFrom(number_));
    }
    size_t mark = machine->log().size();
    while (!reports.count(name)) {
      std::string report = machine->NextReport(Clock::now() + target::kStepLimit);
      if (report.empty()) {
        std::string why = machine->why(), output = machine->log().substr(mark);
        machine->Kill();
        FAIL() << why << "; output:\n" << output;
      }
      size_t start = report.find(' ') + 1;
      reports[report.substr(start, report.find(':') - start)] = report;
    }
    EXPECT_EQ(reports[name], "@pass " + name);
  }

 private:
  size_t number_;
};

class TargetCase : public testing::Test {
 public:
  explicit TargetCase(std::string name) : name_(std::move(name)) {}

  void TestBody() override {
    if (!machine->running()) {
      ASSERT_TRUE(Boot());
    }
    size_t mark = machine->log().size();
    machine->Send("run " + name_);
    std::string report = machine->NextReport(Clock::now() + target::kStepLimit);
    std::string output = machine->log().substr(mark);
    if (report.empty()) {
      std::string why = machine->why();
      machine->Kill();
      FAIL() << why << "; output:\n" << output;
    }
    EXPECT_EQ(report, "@pass " + name_) << "output:\n" << output;
  }

 private:
  std::string name_;
};

// Ends the machine as the program asks, and looks at the disk that it leaves.
class Ends : public testing::Test {
 public:
  void TestBody() override {
    if (!machine->running()) {
      ASSERT_TRUE(arguments.batch ? BootFrom(names.size()) : Boot());
    }
    if (!arguments.batch) machine->Send("exit " + std::to_string(kExitStatus));
    EXPECT_EQ(machine->WaitExit(Clock::now() + target::kStepLimit), kExitStatus) << machine->log();
    machine->Kill();
    if (arguments.fsck) {
      EXPECT_EQ(machine->CheckDisk(), "");
    }
  }
};

class Fails : public testing::Test {
 public:
  explicit Fails(std::string message) : message_(std::move(message)) {}
  void TestBody() override { FAIL() << message_; }

 private:
  std::string message_;
};

template <typename Make>
void Register(const std::string &suite, const std::string &name, Make make) {
  testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__, make);
}

}  // namespace

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  arguments = target::ParseArguments(argc, argv);
  machine = std::make_unique<Machine>(arguments.options);
  testing::AssertionResult listed = ListCases(&names);
  if (!listed) {
    std::string message = listed.message();
    Register("Machine", "Boots", [message]() -> testing::Test * { return new Fails(message); });
  }
  for (size_t i = 0; i < names.size(); i++) {
    const std::string &name = names[i];
    size_t dot = name.find('.');
    Register(name.substr(0, dot), dot == std::string::npos ? name : name.substr(dot + 1),
             [name, i]() -> testing::Test * {
               if (arguments.batch) return new BatchCase(i);
               return new TargetCase(name);
             });
  }
  if (listed) {
    Register("Machine", "Ends", []() -> testing::Test * { return new Ends; });
  }
  int status = RUN_ALL_TESTS();
  machine.reset();
  return status;
}
