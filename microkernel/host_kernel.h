// A kernel on the model machine, as it is when the first process starts: the frame table, a boot
// space with its window and its well-known handles, a thread of it on each hart.
#ifndef MICROKERNEL_HOST_KERNEL_H
#define MICROKERNEL_HOST_KERNEL_H

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "microkernel/arch/host/machine.h"

// The large leaf at an address, NULL if there is none.
inline uint64_t *space_large(const struct space *space, uaddr_t address) {
  return space_block(space, address) & PTE_LEAF ? space_block_entry(space, address) : nullptr;
}

// The leaf entry for an address, 0 if there is none.
inline uint64_t space_lookup(const struct space *space, uaddr_t address) {
  const uint64_t *table = space_leaves(space, address);
  if (table) return pte_load(table, pte_index(address, 0));
  return pte_large_page(space_block(space, address), address);
}

class HostKernel {
 public:
  // RAM in blocks of LARGE_FRAMES: the first is the kernel's and holds boot objects.
  explicit HostKernel(uint32_t harts = 1, uint32_t blocks = 4, uint32_t asids = 4096);
  // Ends every object, so that the kernel's static state is clean.
  ~HostKernel();
  HostKernel(const HostKernel &) = delete;
  HostKernel &operator=(const HostKernel &) = delete;

  host::Machine &machine() { return host::Machine::Get(); }

  // A system call of the boot thread of a hart, and its result.
  int64_t Call(uint64_t number, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0,
               uint64_t a4 = 0, uint64_t a5 = 0, uint64_t a6 = 0) {
    return CallOn(0, number, a0, a1, a2, a3, a4, a5, a6);
  }
  int64_t CallOn(uint32_t hart, uint64_t number, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0,
                 uint64_t a3 = 0, uint64_t a4 = 0, uint64_t a5 = 0, uint64_t a6 = 0);
  // Makes a hart run a thread that is INACTIVE or runs there already.
  void Run(uint32_t hart, struct thread *thread);

  // Frames that nobody uses.
  frame_t ObjectFrame();
  frame_t UserFrame();
  void FreeObjectFrame(frame_t frame) { object_frames_.push_back(frame); }
  size_t object_frames_left() const { return object_frames_.size(); }
  handle_t Slot() {
    if (free_slots_.empty()) return next_slot_++;
    handle_t slot = free_slots_.back();
    free_slots_.pop_back();
    return slot;
  }
  // A slot whose handle has ended may be used again.
  void FreeSlot(handle_t slot) { free_slots_.push_back(slot); }

  // Objects named by a new handle of the boot space. Tables are donated to a space.
  handle_t Space(uint32_t badge, uint32_t tables = 6);
  handle_t Thread(handle_t space);
  handle_t Endpoint();
  // The object that a handle of the boot space names.
  template <typename T>
  T *Object(handle_t handle) {
    return static_cast<T *>(handle_named(handle_slot(boot_space, handle)));
  }
  struct thread *boot_thread(uint32_t hart) {
    return boot_threads_[hart];
  }

 private:
  handle_t Create(uint64_t type, uint64_t argument);

  std::vector<struct frame> frames_;
  std::vector<uint32_t> board_;
  std::vector<frame_t> object_frames_;
  std::vector<struct thread *> boot_threads_;
  std::vector<handle_t> free_slots_;
  frame_t next_user_;
  handle_t next_slot_ = HANDLE_BOOT_FIRST_FREE;
};

class KernelTest : public testing::Test {
 protected:
  explicit KernelTest(uint32_t harts = 1) : kernel_(harts) {}
  HostKernel kernel_;
};

#endif
