// Random steps by several processes at once, checked byte by byte. EXERCISER_SEED and
// EXERCISER_STEPS in the environment say where to begin and how long a session is; a failing
// session is shrunk, and its steps are printed as lines for regressions.c.
#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/cases.h"
#include "tests/vm/exerciser/regressions.h"
#include "tests/vm/exerciser/session.h"

enum { AT_ONCE_MAX = 4, SHRINK_SECONDS = 30 };

static uint32_t setting(const char *name, uint32_t otherwise) {
  const char *text = getenv(name);
  return text ? (uint32_t)strtoul(text, NULL, 0) : otherwise;
}

// `rounds` times `at_once` sessions at the same time.
static void exercise(uint32_t seed, uint32_t rounds, uint32_t at_once, uint32_t steps) {
  static const char *const names[AT_ONCE_MAX] = {"world0", "world1", "world2", "world3"};
  struct record *record[AT_ONCE_MAX];
  pid_t pid[AT_ONCE_MAX];
  seed = setting("EXERCISER_SEED", seed);
  steps = setting("EXERCISER_STEPS", steps);
  rounds = setting("EXERCISER_ROUNDS", rounds);
  for (uint32_t i = 0; i < at_once; i++) CHECK(record[i] = record_new());
  for (uint32_t round = 0; round < rounds && !case_has_failed(); round++) {
    for (uint32_t i = 0; i < at_once; i++) {
      pid[i] = session_start(record[i], names[i], seed + round * at_once + i, steps);
    }
    uint32_t failed = at_once;
    for (uint32_t i = 0; i < at_once; i++) {
      if (!session_wait(record[i], pid[i])) failed = i;
    }
    if (failed == at_once) continue;
    case_failed(__FILE__, __LINE__, "seed %u, step %u: %s",
                (unsigned)(seed + round * at_once + failed), (unsigned)record[failed]->count,
                record[failed]->failure);
    session_shrink(record[failed], names[failed], SHRINK_SECONDS);
  }
  for (uint32_t i = 0; i < at_once; i++) record_delete(record[i]);
}

CASE(Exerciser, WhatOnceFailed) {
  struct record *record = record_new();
  CHECK(record);
  for (const struct regression *r = regressions; r->step; r++) {
    if (session_replay(record, "again", r->step, r->count)) continue;
    case_failed(__FILE__, __LINE__, "number %d: %s", (int)(r - regressions), record->failure);
  }
  record_delete(record);
}

CASE(Exerciser, OneWorld) { exercise(1, 4, 1, 800); }

CASE(Exerciser, WorldsAtOnce) { exercise(1000, 2, 3, 800); }
