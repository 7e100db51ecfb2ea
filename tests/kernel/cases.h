// Cases of the kernel's own tests. They run in the first process, in the place of the pager, and
// report over the firmware's console (//tests/harness:qemu_test.cc, --batch).
#ifndef TESTS_KERNEL_CASES_H
#define TESTS_KERNEL_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/harness/case_table.h"

// Ends the case, or the function of it, as failed unless the condition holds.
#define CHECK(condition)                                 \
  do {                                                   \
    if (!(condition)) {                                  \
      case_failed(__FILE__, __LINE__, #condition, 0, 0); \
      return;                                            \
    }                                                    \
  } while (0)

#define CHECK_EQ(left, right)                                                        \
  do {                                                                               \
    int64_t left_value = (int64_t)(left), right_value = (int64_t)(right);            \
    if (left_value != right_value) {                                                 \
      case_failed(__FILE__, __LINE__, #left " == " #right, left_value, right_value); \
      return;                                                                        \
    }                                                                                \
  } while (0)

// The first failure of a case counts.
void case_failed(const char *file, int line, const char *what, int64_t left, int64_t right);
bool case_has_failed(void);

#endif
