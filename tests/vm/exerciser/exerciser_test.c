// Random steps by several processes at once, checked byte by byte. EXERCISER_SEED and
// EXERCISER_STEPS in the environment say where to begin and how long a session is; a failing
// session is shrunk, and its steps are printed as lines for regressions.c.
// For MAP_ANONYMOUS.
#define _GNU_SOURCE

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/cases.h"
#include "tests/vm/exerciser/regressions.h"
#include "tests/vm/exerciser/session.h"

enum { AT_ONCE_MAX = 4, SHRINK_SECONDS = 30 };

static uint32_t setting(const char *name, uint32_t otherwise) {
  const char *text = getenv(name);
  return text ? (uint32_t)strtoul(text, NULL, 0) : otherwise;
}

#ifdef HOG_MEGABYTES
// A process that uses more memory than there is, so that what others have is evicted all the time.
static pid_t hog_start(void) {
  size_t pages = HOG_MEGABYTES * (1ul << 20) / 4096;
  fflush(stdout);
  pid_t pid = fork();
  if (pid != 0) return pid;
  volatile char *memory =
      mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) _exit(1);
  for (;;) {
    for (size_t i = 0; i < pages; i++) memory[i * 4096]++;
  }
}
#else
static pid_t hog_start(void) { return 0; }
#endif

static void hog_end(pid_t pid) {
  if (pid <= 0) return;
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
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
  pid_t hog = hog_start();
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
  hog_end(hog);
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
