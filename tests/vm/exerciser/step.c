#include "tests/vm/exerciser/step.h"

#include <stdio.h>

static const char *const names[] = {
#define X(name, weight) #name,
    STEPS(X)
#undef X
};

void step_print(const struct step *step) {
  printf("    {%s, %u, %u, %u, %u, 0x%x, 0x%x},\n", names[step->kind], step->actor, step->cell,
         step->count, step->option, (unsigned)step->other, (unsigned)step->value);
}
