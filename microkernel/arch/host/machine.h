// The model machine behind arch.h on the host: RAM, harts with their translation caches, and
// fakes that note what the kernel asked of the rest.
#ifndef MICROKERNEL_ARCH_HOST_MACHINE_H
#define MICROKERNEL_ARCH_HOST_MACHINE_H

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "microkernel/arch/host/headers.h"
#include "microkernel/arch/host/tlb.h"

namespace host {

constexpr frame_t kFirstFrame = 0x80000;

class Machine {
 public:
  // The one machine. Made by the test before the kernel runs; its RAM is zero.
  static Machine &Get();
  static void Make(uint32_t harts, uint32_t frames, uint32_t asids);

  Machine(uint32_t harts, uint32_t frames, uint32_t asids);
  ~Machine();
  Machine(const Machine &) = delete;
  Machine &operator=(const Machine &) = delete;

  char *ram() { return ram_; }
  uint32_t frames() const { return frames_; }

  // A trap or system call on a hart: makes its thread the current one, runs `entry`, which
  // returns the thread to go on with, and notes that.
  struct thread *Enter(uint32_t hart, const std::function<struct thread *()> &entry);
  struct thread *Call(uint32_t hart, uint64_t number, uint64_t a0 = 0, uint64_t a1 = 0,
                      uint64_t a2 = 0, uint64_t a3 = 0, uint64_t a4 = 0, uint64_t a5 = 0,
                      uint64_t a6 = 0);
  // The thread that a hart runs; its idle thread is &hart(i).idle.
  struct thread *running(uint32_t hart) const {
    return harts_[hart].running;
  }
  struct hart &hart(uint32_t i) {
    return *harts_[i].kernel;
  }
  uint32_t hart_count() const { return static_cast<uint32_t>(harts_.size()); }

  Tlb tlb;
  // Called before each fence takes effect: other harts run on meanwhile.
  std::function<void()> before_fence;
  // Called while the kernel waits with its lock released.
  std::function<void()> while_idle;
  // What a hart does when another interrupts it: by default it takes the interrupt.
  std::function<void(uint32_t hart)> on_interrupt;

  // What was asked of the machine.
  std::vector<uint32_t> interrupts;          // harts interrupted
  std::vector<uint64_t> timer;               // deadline of each hart's timer
  std::vector<uint32_t> enabled, completed;  // interrupt numbers
  uint64_t fetch_fences = 0;                 // harts that have fenced instructions
  std::vector<const struct thread *> fp_left;
  std::string console;
  uint64_t time = 0;
  uint64_t instret = 0;

 private:
  struct Hart {
    std::unique_ptr<struct hart> kernel;
    struct thread *running;
  };
  uint32_t hart_now_ = 0;
  struct space idle_space_;
  std::vector<Hart> harts_;
  char *ram_;
  uint32_t frames_;
};

}  // namespace host

#endif
