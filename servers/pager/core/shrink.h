// Finds few steps of a random run that failed which fail, too.
#ifndef SERVERS_PAGER_CORE_SHRINK_H_
#define SERVERS_PAGER_CORE_SHRINK_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

using Steps = std::vector<uint32_t>;

// Runs some of the steps, in their order. => how many were taken before the failure, counting the
// one that failed; 0: none failed
using Attempt = std::function<size_t(const Steps &)>;

// Leaves out runs of steps, half of them at first and single ones at last, as long as the rest
// fails, for about as long as `limit` says (delta debugging, Zeller and Hildebrandt).
// => `steps` fails
inline Steps Shrink(Steps steps, const Attempt &attempt, std::chrono::seconds limit) {
  auto end = std::chrono::steady_clock::now() + limit;
  for (size_t length = steps.size() / 2; length > 0; length = length == 1 ? 0 : (length + 1) / 2) {
    for (size_t at = 0; at < steps.size() && std::chrono::steady_clock::now() < end;) {
      Steps fewer(steps.begin(), steps.begin() + (std::ptrdiff_t)at);
      if (at + length < steps.size()) {
        fewer.insert(fewer.end(), steps.begin() + (std::ptrdiff_t)(at + length), steps.end());
      }
      size_t taken = attempt(fewer);
      if (taken > 0) {
        fewer.resize(std::min(taken, fewer.size()));
        steps = fewer;
      } else {
        at += length;
      }
    }
  }
  return steps;
}

#endif  // SERVERS_PAGER_CORE_SHRINK_H_
