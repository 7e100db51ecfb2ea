// Drives the shell over the serial line as a script says, each "case" of it as a GoogleTest case
// of its own. One start serves all cases; after a failure or an end the next case starts afresh.
// Usage: script_test [GOOGLETEST ARGUMENT]... --script=FILE --NAME=VALUE..., see options.h
//
// One step a line; empty lines and lines that start with '#' say nothing:
//   prompt TEXT        what the shell prints when it is ready, trailing spaces included; once,
//   first case Suite.Name    starts a case, which begins at a prompt send LINE          sends LINE
//   and a newline key X              sends Ctrl-X expect REGEX       takes lines until one matches,
//   as a whole ready              waits for the prompt status N           the machine ends by
//   itself, with exit status N and, with --fsck, a clean disk

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "tests/harness/options.h"
#include "tests/harness/target.h"

namespace {

using target::Clock;
using target::Machine;

struct Step {
  int line;
  std::string verb;
  std::string text;
};

struct Case {
  std::string name;
  std::vector<Step> steps;
};

struct Script {
  std::string prompt;
  std::vector<Case> cases;
};

target::Arguments arguments;
std::unique_ptr<Machine> machine;
Script script;

Clock::time_point Deadline() { return Clock::now() + target::kStepLimit; }

testing::AssertionResult Result(bool ok) {
  return ok ? testing::AssertionSuccess() : testing::AssertionFailure() << machine->why();
}

testing::AssertionResult ExpectLine(const std::string &pattern) {
  std::regex regex(pattern);
  std::string line;
  while (machine->NextLine(&line, Deadline())) {
    if (std::regex_match(line, regex)) return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "no line like " << pattern << ": " << machine->why();
}

testing::AssertionResult ExpectStatus(int status) {
  int got = machine->WaitExit(Deadline());
  machine->Kill();
  if (got != status) return testing::AssertionFailure() << "exit status is " << got;
  std::string damage = arguments.fsck ? machine->CheckDisk() : "";
  if (!damage.empty()) return testing::AssertionFailure() << damage;
  return testing::AssertionSuccess();
}

testing::AssertionResult Do(const Step &step) {
  if (step.verb == "send") {
    machine->Send(step.text);
  } else if (step.verb == "key") {
    machine->SendRaw(std::string(1, static_cast<char>(step.text.at(0) & 0x1f)));
  } else if (step.verb == "expect") {
    return ExpectLine(step.text);
  } else if (step.verb == "ready") {
    return Result(machine->WaitPrompt(script.prompt, Deadline()));
  } else if (step.verb == "status") {
    return ExpectStatus(std::stoi(step.text));
  } else {
    return testing::AssertionFailure() << "there is no step '" << step.verb << "'";
  }
  return testing::AssertionSuccess();
}

class ScriptCase : public testing::Test {
 public:
  explicit ScriptCase(const Case *c) : case_(c) {}

  void TestBody() override {
    if (!machine->running()) {
      bool up =
          machine->Start() && machine->WaitPrompt(script.prompt, Clock::now() + target::kBootLimit);
      ASSERT_TRUE(up) << "no prompt: " << machine->why() << "\n" << machine->log();
    }
    size_t mark = machine->log().size();
    for (const Step &step : case_->steps) {
      testing::AssertionResult done = Do(step);
      if (!done) {
        machine->Kill();
        FAIL() << arguments.script << ":" << step.line << ": " << done.message() << "; output:\n"
               << machine->log().substr(mark);
      }
    }
  }

 private:
  const Case *case_;
};

bool Parse(const std::string &path) {
  std::ifstream in(path);
  std::string line;
  for (int number = 1; std::getline(in, line); number++) {
    if (line.empty() || line[0] == '#') continue;
    size_t space = line.find(' ');
    Step step = {number, line.substr(0, space),
                 space == std::string::npos ? "" : line.substr(space + 1)};
    if (step.verb == "prompt") {
      script.prompt = step.text;
    } else if (step.verb == "case") {
      script.cases.push_back({step.text, {}});
    } else if (script.cases.empty()) {
      fprintf(stderr, "%s:%d: a step before the first case\n", path.c_str(), number);
      return false;
    } else {
      script.cases.back().steps.push_back(step);
    }
  }
  if (script.prompt.empty() || script.cases.empty()) {
    fprintf(stderr, "%s: no prompt, or no case\n", path.c_str());
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  arguments = target::ParseArguments(argc, argv);
  if (!Parse(arguments.script)) return 2;
  machine = std::make_unique<Machine>(arguments.options);
  for (const Case &c : script.cases) {
    size_t dot = c.name.find('.');
    std::string name = dot == std::string::npos ? c.name : c.name.substr(dot + 1);
    testing::RegisterTest(c.name.substr(0, dot).c_str(), name.c_str(), nullptr, nullptr, __FILE__,
                          __LINE__, [&c]() -> testing::Test * { return new ScriptCase(&c); });
  }
  int status = RUN_ALL_TESTS();
  machine.reset();
  return status;
}
