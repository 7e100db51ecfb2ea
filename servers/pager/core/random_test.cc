// Random sequences of everything that programs, fs and proc ask of the core, against a model
// that keeps each process's and each file's bytes in plain vectors (random_model.h). The provider
// answers late, out of order and with errors; memory runs out. Bytes, signals and errors must be
// the model's.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <sstream>

#include "servers/pager/core/random_steps.h"

namespace {

constexpr std::chrono::seconds kTimeToShrink(30);

class RandomTest : public testing::TestWithParam<RandomCase> {
 protected:
  // For longer searches than a test should make.
  static uint32_t Seed() {
    const char *more = std::getenv("QUIRE_SEED_OFFSET");
    return GetParam().seed + (more ? (uint32_t)std::atoi(more) : 0);
  }

  // All steps, or those that a failure has printed.
  static Steps AllSteps() {
    Steps steps(GetParam().steps);
    std::iota(steps.begin(), steps.end(), 0);
    if (const char *some = std::getenv("QUIRE_STEPS")) {
      std::istringstream numbers(some);
      steps.assign(std::istream_iterator<uint32_t>(numbers), {});
    }
    return steps;
  }

  // Takes the steps in a process of its own, as the core may crash. => as Attempt (shrink.h)
  static size_t Take(const Steps &steps, bool whole) {
    RandomCase c = GetParam();
    c.seed = Seed();
    void *shared =
        mmap(nullptr, sizeof(size_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto *taken = new (shared) size_t(0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
      if (!whole && !(freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr))) {
        _exit(0);
      }
      RandomSteps random(c);
      random.Run(steps, taken);
      if (whole && c.sweeps) {
        EXPECT_GT(random.large_maps(), 0u);
      } else if (whole) {
        EXPECT_GT(random.with_odd(), 0u);
      }
      fflush(stdout);
      _exit(HasFailure());
    }
    int status = -1;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    size_t result = status == 0 ? 0 : std::max<size_t>(*taken, 1);
    munmap(shared, sizeof(size_t));
    return result;
  }
};

TEST_P(RandomTest, MatchesTheModel) {
  Steps steps = AllSteps();
  size_t taken = Take(steps, true);
  if (taken == 0) return;
  steps.resize(taken);
  steps = Shrink(
      steps, [](const Steps &some) { return Take(some, false); }, kTimeToShrink);
  std::string numbers;
  for (uint32_t step : steps) numbers += std::to_string(step) + " ";
  FAIL() << "seed " << Seed() << " frames " << GetParam().frames << "; it also fails with "
         << steps.size() << " steps: QUIRE_STEPS='" << numbers << "'";
}

INSTANTIATE_TEST_SUITE_P(PlentyOfMemory, RandomTest,
                         testing::Values(RandomCase{1, 8192, 30000, false},
                                         RandomCase{2, 8192, 30000, true}));
INSTANTIATE_TEST_SUITE_P(LargePages, RandomTest,
                         testing::Values(RandomCase{7, 8192, 1000, true, true}));
INSTANTIATE_TEST_SUITE_P(LittleMemory, RandomTest,
                         testing::Values(RandomCase{3, 1100, 30000, false, false, 0},
                                         RandomCase{4, 1100, 30000, true, false, 0},
                                         RandomCase{5, 900, 30000, true, false, 0},
                                         RandomCase{6, 750, 30000, true, false, 0}));

INSTANTIATE_TEST_SUITE_P(Swap, RandomTest,
                         testing::Values(RandomCase{11, 8192, 30000, false, false, 3000},
                                         RandomCase{12, 1100, 30000, false, false, 2000},
                                         RandomCase{13, 800, 30000, false, false, 2000},
                                         RandomCase{14, 800, 30000, true, false, 500},
                                         RandomCase{15, 720, 30000, true, false, 100},
                                         RandomCase{16, 720, 30000, true, false, 2000}));

}  // namespace
