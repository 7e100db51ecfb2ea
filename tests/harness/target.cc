#include "tests/harness/target.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace target {
namespace {

std::string TempDir() {
  const char *dir = getenv("TEST_TMPDIR");
  return dir ? dir : "/tmp";
}

// Copies a file, leaving holes where it has zeros.
bool CopySparse(const std::string &from, const std::string &to) {
  FILE *in = fopen(from.c_str(), "rb");
  FILE *out = fopen(to.c_str(), "wb");
  bool ok = in && out;
  std::vector<char> block(64 * 1024);
  off_t size = 0;
  while (ok) {
    size_t n = fread(block.data(), 1, block.size(), in);
    if (n == 0) break;
    bool zero = std::all_of(block.begin(), block.begin() + n, [](char c) { return c == 0; });
    ok = zero ? fseeko(out, static_cast<off_t>(n), SEEK_CUR) == 0
              : fwrite(block.data(), 1, n, out) == n;
    size += static_cast<off_t>(n);
  }
  ok = ok && !ferror(in) && fflush(out) == 0 && ftruncate(fileno(out), size) == 0;
  if (in) fclose(in);
  if (out) fclose(out);
  return ok;
}

// Doubles the commas: in an option of QEMU one would end the value.
std::string QemuValue(const std::string &value) {
  std::string out;
  for (char c : value) out.append(c == ',' ? 2 : 1, c);
  return out;
}

}  // namespace

std::string PercentEncode(const std::string &text) {
  std::string out;
  for (unsigned char c : text) {
    if (isalnum(c) || (c != 0 && strchr("_./-", c))) {
      out += static_cast<char>(c);
    } else {
      char hex[4];
      snprintf(hex, sizeof hex, "%%%02x", c);
      out += hex;
    }
  }
  return out;
}

Machine::Machine(Options options) : options_(std::move(options)) {
  if (!options_.disk.empty()) {
    disk_copy_ = TempDir() + "/disk." + std::to_string(getpid()) + ".img";
  }
  if (!options_.swap.empty()) {
    swap_disk_ = TempDir() + "/swap." + std::to_string(getpid()) + ".img";
  }
}

Machine::~Machine() {
  Kill();
  if (!disk_copy_.empty()) unlink(disk_copy_.c_str());
  if (!swap_disk_.empty()) unlink(swap_disk_.c_str());
}

bool Machine::MakeSwap() {
  std::string command = "rm -f '" + swap_disk_ + "' && truncate -s '" + options_.swap + "' '" +
                        swap_disk_ + "' && chmod 600 '" + swap_disk_ + "' && /sbin/mkswap -q '" +
                        swap_disk_ + "' >/dev/null";
  return system(command.c_str()) == 0;
}

// Errors are those of QEMU's block driver blkdebug.
std::string Machine::SwapDrive() const {
  std::string drive = "if=none,format=raw,id=swap,";
  if (options_.swap_errors.empty()) return drive + "file=" + QemuValue(swap_disk_);
  drive +=
      "file.driver=blkdebug,file.image.driver=file,file.image.filename=" + QemuValue(swap_disk_);
  for (size_t i = 0; i < options_.swap_errors.size(); i++) {
    const std::string &error = options_.swap_errors[i];
    size_t colon = error.find(':');
    std::string rule = ",file.inject-error." + std::to_string(i) + ".";
    drive += rule + "event=none" + rule + "iotype=" + error.substr(0, colon) + rule +
             "sector=" + error.substr(colon + 1) + rule + "errno=5";
  }
  return drive;
}

std::vector<std::string> Machine::Command() const {
  if (!options_.program.empty()) return {options_.program};
  std::vector<std::string> c = {"qemu-system-riscv64",
                                "-machine",
                                "virt",
                                "-bios",
                                "default",
                                "-nodefaults",
                                "-display",
                                "none",
                                "-nic",
                                "none",
                                "-no-reboot",
                                "-serial",
                                "stdio",
                                "-smp",
                                std::to_string(options_.smp),
                                "-m",
                                options_.mem,
                                "-kernel",
                                options_.kernel,
                                "-initrd",
                                options_.initrd,
                                "-global",
                                "virtio-mmio.force-legacy=false"};
  if (!disk_copy_.empty()) {
    c.insert(c.end(), {"-drive", "file=" + QemuValue(disk_copy_) + ",if=none,format=raw,id=disk",
                       "-device", "virtio-blk-device,drive=disk"});
  }
  if (!swap_disk_.empty()) {
    c.insert(c.end(), {"-drive", SwapDrive(), "-device", "virtio-blk-device,drive=swap"});
  }
  std::string append = options_.append;
  if (!options_.cmd.empty()) {
    append += (append.empty() ? "cmd=" : " cmd=") + PercentEncode(options_.cmd);
  }
  // Without the bound and Sstc, see tools/qemu.sh.
  if (options_.icount) append += append.empty() ? "disk_bound=0" : " disk_bound=0";
  if (!append.empty()) c.insert(c.end(), {"-append", append});
  if (options_.icount) {
    c.insert(c.end(), {"-icount", "shift=0,sleep=off", "-seed", "1", "-cpu", "rv64,sstc=off"});
  }
  c.insert(c.end(), options_.qemu.begin(), options_.qemu.end());
  return c;
}

bool Machine::Start() {
  Kill();
  buffer_.clear();
  log_.clear();
  why_.clear();
  if (!disk_copy_.empty() && !CopySparse(options_.disk, disk_copy_)) {
    why_ = "cannot copy " + options_.disk + " to " + disk_copy_ + ": " + strerror(errno);
    return false;
  }
  if (!swap_disk_.empty() && !MakeSwap()) {
    why_ = "cannot make " + swap_disk_;
    return false;
  }
  std::vector<std::string> command = Command();
  std::vector<char *> argv;
  for (std::string &word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    why_ = std::string("socketpair: ") + strerror(errno);
    return false;
  }
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], 0);
    dup2(ends[1], 1);
    execvp(argv[0], argv.data());
    perror(argv[0]);
    _exit(127);
  }
  close(ends[1]);
  fd_ = ends[0];
  if (pid_ < 0) why_ = std::string("fork: ") + strerror(errno);
  return pid_ > 0;
}

void Machine::Kill() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_ = -1;
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void Machine::Send(const std::string &line) { SendRaw(line + "\n"); }

void Machine::SendRaw(const std::string &bytes) {
  size_t at = 0;
  while (fd_ >= 0 && at < bytes.size()) {
    ssize_t n = send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return;  // It has ended: the next read tells.
    if (n > 0) at += static_cast<size_t>(n);
  }
}

bool Machine::ReadMore(Clock::time_point deadline) {
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (fd_ < 0) {
      why_ = "it is not running";
      return false;
    }
    if (left.count() <= 0) {
      why_ = "timed out";
      return false;
    }
    pollfd p = {fd_, POLLIN, 0};
    if (poll(&p, 1, static_cast<int>(left.count())) <= 0) continue;
    char bytes[4096];
    ssize_t n = read(fd_, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      why_ = "it ended with status " + std::to_string(WaitExit(deadline));
      return false;
    }
    buffer_.append(bytes, static_cast<size_t>(n));
    log_.append(bytes, static_cast<size_t>(n));
    return true;
  }
}

bool Machine::NextLine(std::string *line, Clock::time_point deadline) {
  size_t end;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    if (!ReadMore(deadline)) return false;
  }
  *line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  while (!line->empty() && line->back() == '\r') line->pop_back();
  return true;
}

std::string Machine::NextReport(Clock::time_point deadline) {
  std::string line;
  while (NextLine(&line, deadline)) {
    if (line.rfind("panic:", 0) == 0) {
      why_ = line;
      return "";
    }
    if (!line.empty() && line[0] == '@') return line;
  }
  return "";
}

bool Machine::WaitPrompt(const std::string &text, Clock::time_point deadline) {
  while (buffer_.size() < text.size() ||
         buffer_.compare(buffer_.size() - text.size(), text.size(), text) != 0) {
    if (!ReadMore(deadline)) return false;
  }
  buffer_.clear();
  return true;
}

int Machine::WaitExit(Clock::time_point deadline) {
  while (pid_ > 0) {
    int status;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      Kill();
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (Clock::now() > deadline) break;
    // What nobody reads could keep it from ending.
    char bytes[4096];
    ssize_t n = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
      log_.append(bytes, static_cast<size_t>(n));
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  return -1;
}

std::string Machine::CheckDisk() {
  std::string command = "/sbin/e2fsck -fn '" + disk_copy_ + "' 2>&1";
  FILE *pipe = popen(command.c_str(), "r");
  if (!pipe) return std::string("popen: ") + strerror(errno);
  std::string said;
  char bytes[4096];
  size_t n;
  while ((n = fread(bytes, 1, sizeof bytes, pipe)) > 0) said.append(bytes, n);
  return pclose(pipe) == 0 ? "" : said;
}

}  // namespace target
