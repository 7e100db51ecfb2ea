// A random sequence of everything that programs, fs and proc ask of the core, compared with the
// model after each step, and at the end with what is stored.
#ifndef SERVERS_PAGER_CORE_RANDOM_STEPS_H
#define SERVERS_PAGER_CORE_RANDOM_STEPS_H

#include "servers/pager/core/random_operations.h"
#include "servers/pager/core/shrink.h"

class RandomSteps {
 public:
  explicit RandomSteps(const RandomCase &c);

  // What a step does depends on its number and on what was done before, so any of them can be left
  // out. *taken counts them. Ends with the first that fails.
  void Run(const Steps &steps, size_t *taken);
  uint64_t large_maps() const { return world_.machine.kernel.large_maps; }
  uint32_t with_odd() const { return rights_.with_odd(); }

 private:
  void Step();
  void Choose(Process *process);
  void ChoosePolicy();
  void Finish();
  void CheckFiles();

  RandomWorld world_;
  RandomMappings mappings_;
  RandomRights rights_;
  RandomAdvice advice_;
  RandomFiles files_;
  RandomSwap swap_;
};

#endif
