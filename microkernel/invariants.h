// The numbered invariants of frame.h, space.h and thread.h, checked by walking everything.
#ifndef MICROKERNEL_INVARIANTS_H
#define MICROKERNEL_INVARIANTS_H

#include <string>
#include <vector>

#include "microkernel/arch/host/machine.h"

class Invariants {
 public:
  // Each returns "" or the first violation. The checker remembers types and generations (F3).
  std::string Check();

 private:
  void CheckSpace(const struct space *space);
  void CheckTable(const struct space *space, const uint64_t *table, int level, uaddr_t base);
  void CheckLeaf(const struct space *space, uint64_t pte, int level, uaddr_t address);
  void CheckPool(const struct space *space);
  void CheckTables(const struct space *space);
  void CheckFrames();
  void CheckGenerations();
  void CheckThread(const struct thread *thread);
  void CheckQueues();
  void CheckQueue(const struct queue &queue, const std::string &name, uint8_t state);
  void Use(frame_t frame, uint8_t type, const char *as);
  void Fail(const std::string &text) {
    if (failure_.empty()) failure_ = text;
  }

  std::string failure_;
  std::vector<uint32_t> mapped_;   // by frame: leaves and call buffers
  uint32_t large_ = 0;             // large leaves of the space, without the window
  std::vector<uint32_t> used_;     // by frame: as table, root, pool or handles of a space
  std::vector<uint32_t> listed_;   // by frame: in a space's list of tables
  std::vector<uint32_t> queued_;   // by frame: in a queue
  std::vector<uint32_t> threads_;  // by frame of a space
  std::vector<uint32_t> before_;   // by frame: type_generation at the last check
};

#endif
