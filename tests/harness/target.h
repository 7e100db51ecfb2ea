// A program under test at the other end of a socket pair: Quire in QEMU, or a program of this
// machine.
#ifndef TESTS_HARNESS_TARGET_H
#define TESTS_HARNESS_TARGET_H

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace target {

using Clock = std::chrono::steady_clock;

// How long anything may take before it counts as hung. The machine that runs the tests may be slow
// and busy, so nothing that works comes near these.
constexpr std::chrono::seconds kBootLimit{120};
constexpr std::chrono::seconds kStepLimit{120};

struct Options {
  std::string program;  // runs on this machine if set, and all the rest is not used

  std::string kernel;
  std::string initrd;
  std::string disk;  // copied at every start; may be empty
  int smp = 1;
  std::string mem = "256M";
  std::string swap;  // size of a second disk with swap space, as truncate takes it; may be empty
  std::vector<std::string> swap_errors;  // "read:N" or "write:N": that of its sector N fails
  std::string append;                    // the guest's command line
  std::string cmd;                       // shell command line that the guest runs, added to append
  bool icount = false;
  std::vector<std::string> qemu;  // further arguments of QEMU
};

class Machine {
 public:
  explicit Machine(Options options);
  ~Machine();
  Machine(const Machine &) = delete;
  Machine &operator=(const Machine &) = delete;

  // Starts from the beginning, with a fresh copy of the disk and an empty log. False if that is
  // not possible; why() tells.
  bool Start();
  bool running() const { return pid_ > 0; }
  void Kill();

  // Sends line and a newline.
  void Send(const std::string &line);
  void SendRaw(const std::string &bytes);

  // Takes the next line of output, without its end. False at the deadline and when the machine has
  // ended; why() tells which.
  bool NextLine(std::string *line, Clock::time_point deadline);
  // Takes lines up to the next one that starts with '@' and returns it. Empty when there is none,
  // or after a line that starts with "panic:"; why() tells.
  std::string NextReport(Clock::time_point deadline);
  // Waits until what was put out since the last line taken ends with text, and takes it.
  bool WaitPrompt(const std::string &text, Clock::time_point deadline);

  // Waits for the machine to end by itself and returns its exit status, 128 + N for signal N, or
  // -1 if it did not end.
  int WaitExit(Clock::time_point deadline);

  // What e2fsck -fn says about the disk after the machine has ended; empty if it is clean.
  std::string CheckDisk();

  // All output since Start.
  const std::string &log() const { return log_; }
  const std::string &why() const { return why_; }

 private:
  std::vector<std::string> Command() const;
  bool ReadMore(Clock::time_point deadline);

  Options options_;
  // The second disk, new at every start.
  bool MakeSwap();
  std::string SwapDrive() const;

  std::string disk_copy_;
  std::string swap_disk_;
  std::string buffer_;
  std::string log_;
  std::string why_;
  pid_t pid_ = -1;
  int fd_ = -1;
};

// Every byte outside [A-Za-z0-9_./-] as %xx.
std::string PercentEncode(const std::string &text);

}  // namespace target

#endif
