// A run of the exerciser in a process of its own, so that it may crash and hang.
#ifndef TESTS_VM_EXERCISER_SESSION_H
#define TESTS_VM_EXERCISER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/vm/exerciser/step.h"

enum { SESSION_STEPS_MAX = 8192 };

// In memory that the session shares with who started it.
struct record {
  char failure[256];  // empty: all was as it must be
  uint32_t count;     // of the steps done, the last of which failed
  struct step step[SESSION_STEPS_MAX];
};

struct record *record_new(void);  // NULL: no memory
void record_delete(struct record *record);

// Starts a session of `steps` random steps; `name` is unlike those of other sessions of the same
// time. Returns its pid, or -1.
pid_t session_start(struct record *record, const char *name, uint64_t seed, uint32_t steps);
// Waits for it. False if it failed: record->failure.
bool session_wait(struct record *record, pid_t pid);

// Does these steps in a session. False if that fails: record->failure.
bool session_replay(struct record *record, const char *name, const struct step *steps,
                    uint32_t count);

// Of the failed steps of a record, finds few that fail still, in about `seconds`, and prints them.
void session_shrink(struct record *record, const char *name, unsigned seconds);

#endif
