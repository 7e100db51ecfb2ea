// Test cases that run on Quire and, from the same source, on Linux.
//
//   #include "tests/harness/cases.h"
//   CASE(Mmap, IsZero) {
//     char *p = mmap(...);
//     CHECK(p != MAP_FAILED);
//     CHECK_EQ(p[0], 0);
//   }
//
// The library brings main, which speaks to the runner (qemu_test.cc) over standard input and
// output, a line each:
//   program: @ready                    when it has started
//   runner:  list                      program: @case Suite.Name, for each; then @end
//   runner:  run Suite.Name            program: @pass Suite.Name, or @fail Suite.Name: message
//   runner:  exit N                    the program exits with N
#ifndef TESTS_HARNESS_CASES_H
#define TESTS_HARNESS_CASES_H

#include <stdbool.h>

#include "tests/harness/case_table.h"

// Ends the case as failed unless the condition holds.
#define CHECK(condition)                                 \
  do {                                                   \
    if (!(condition)) {                                  \
      case_failed(__FILE__, __LINE__, "%s", #condition); \
      return;                                            \
    }                                                    \
  } while (0)

// Likewise for two integers, with their values.
#define CHECK_EQ(left, right)                                                            \
  do {                                                                                   \
    long left_value = (long)(left), right_value = (long)(right);                         \
    if (left_value != right_value) {                                                     \
      case_failed(__FILE__, __LINE__, "%s is %ld, %s is %ld", #left, left_value, #right, \
                  right_value);                                                          \
      return;                                                                            \
    }                                                                                    \
  } while (0)

// Marks the case as failed; the first message of a case counts. Also for functions that a case
// calls and that return a value: the case goes on, and asks case_has_failed.
void case_failed(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool case_has_failed(void);

#endif
