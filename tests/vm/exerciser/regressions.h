// Steps that once failed.
#ifndef TESTS_VM_EXERCISER_REGRESSIONS_H
#define TESTS_VM_EXERCISER_REGRESSIONS_H

#include "tests/vm/exerciser/step.h"

struct regression {
  const struct step *step;  // NULL behind the last one
  uint32_t count;
};

extern const struct regression regressions[];

#endif
