#include "servers/pager/core/random_steps.h"

#include <cstdio>
#include <cstdlib>

namespace {

constexpr uint32_t kProcesses = 6;

}  // namespace

RandomSteps::RandomSteps(const RandomCase &c)
    : world_(c),
      mappings_(&world_),
      rights_(&world_),
      advice_(&world_),
      files_(&world_),
      swap_(&world_) {
  swap_.Add();
}

void RandomSteps::Run(const Steps &steps, size_t *taken) {
  for (uint32_t step : steps) {
    if (testing::Test::HasFailure()) break;
    world_.BeginStep(step);
    ++*taken;
    Step();
    if (step % 256 == 0) world_.machine.kernel.Check();
  }
  Finish();
}

void RandomSteps::ChoosePolicy() {
  EXPECT_GE(pager_option(world_.machine.pager, PAGER_POLICY, world_.Below(PAGER_POLICY_COUNT)), 0);
}

void RandomSteps::Choose(Process *process) {
  uint32_t what = world_.Below(1000);
  if (what < 320) {
    world_.Access(process, FAULT_READ);
  } else if (what < 635) {
    world_.Access(process, FAULT_WRITE);
  } else if (what < 660) {
    mappings_.Remap(process);
  } else if (what < 680) {
    advice_.Advise(process);
  } else if (what < 690) {
    advice_.Populate(process);
  } else if (what < 700) {
    if (world_.Chance(30)) advice_.LimitResident(process);
    advice_.Lock(process);
  } else if (what < 770) {
    mappings_.Map(process);
  } else if (what < 810) {
    mappings_.Unmap(process);
  } else if (what < 860) {
    rights_.Protect(process);
  } else if (what < 870) {
    world_.sweeps ? rights_.Protect(process) : rights_.ProtectOneByOne(process);
  } else if (what < 890) {
    if (world_.processes.size() < kProcesses) world_.Fork(process->space->badge);
  } else if (what < 900) {
    if (world_.processes.size() > 1) world_.Kill(process->space->badge);
  } else if (what < 930) {
    files_.Read(process);
  } else if (what < 960) {
    files_.Write(process);
  } else if (what < 970) {
    files_.Truncate();
  } else if (what < 990) {
    files_.Sync(process);
  } else if (what < 995) {
    files_.Flush();
  } else if (what < 997) {
    files_.Replace();
  } else if (world_.sweeps) {
    mappings_.Sweep(process);
  } else if (what < 998) {
    swap_.Add();
  } else if (what < 999) {
    swap_.Remove();
  } else {
    ChoosePolicy();
  }
}

void RandomSteps::Step() {
  if (world_.Chance(30)) world_.Answer();
  pager_between(world_.machine.pager);
  world_.EndVictim();
  world_.Reap();
  if (world_.processes.empty()) world_.Spawn();
  if (world_.processes.empty()) return;
  if (world_.Chance(2)) world_.machine.kernel.map_failures = world_.Below(3);
  Process *process = world_.AnyProcess();
  if (process->waiting) {
    if (world_.Chance(2)) world_.Kill(process->space->badge);
    return;
  }
  Choose(process);
  world_.MayEvict();
  world_.Reap();
}

// What is stored is what the model has.
void RandomSteps::CheckFiles() {
  for (auto &file : world_.files) {
    const FakeStore::File &stored = world_.machine.store.file(file->cookie);
    for (uint64_t i = 0; i < file->size; i++) {
      uint8_t byte = stored.allocated[i >> PAGE_SHIFT] ? stored.bytes[i] : 0;
      ASSERT_EQ(byte, file->bytes[i]) << "file " << file->cookie << " byte " << i;
    }
    EXPECT_EQ(pager_object_destroy(world_.machine.pager, file->object, 0), 0);
  }
}

// Everything is stored and given back.
void RandomSteps::Finish() {
  world_.errors = false;
  if (testing::Test::HasFatalFailure() || testing::Test::HasNonfatalFailure()) return;
  world_.machine.kernel.map_failures = 0;
  while (!world_.processes.empty()) world_.Kill(world_.processes.begin()->first);
  world_.machine.store.Drain();
  token_t token = world_.machine.kernel.NewToken();
  EXPECT_EQ(world_.Await(pager_object_flush(world_.machine.pager, 0, token, 0, 0), token, nullptr),
            0);
  world_.machine.kernel.Check();
  CheckFiles();
  world_.machine.store.Drain();
  world_.machine.kernel.Check();
  while (swap_.HasAreas()) swap_.Remove();
  EXPECT_EQ(world_.machine.pager->swap.free, 0u);
  EXPECT_EQ(world_.machine.ItemsInUse(), 0u);
  EXPECT_EQ(world_.machine.pager->frames_kernel, 0u);
  EXPECT_EQ(world_.machine.FramesInUse(), world_.machine.pager->frames_reserved);
  EXPECT_EQ(world_.machine.pager->requests.used, 0u);
  if (std::getenv("QUIRE_VERBOSE")) {
    std::printf("swapped out %lu in %lu evicted %u ended %zu\n",
                (unsigned long)world_.machine.pager->counts.pages_swapped_out,
                (unsigned long)world_.machine.pager->counts.pages_swapped_in,
                world_.machine.pager->evicted, world_.machine.ended.size());
  }
}
