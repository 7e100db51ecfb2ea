// Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
// 2002), by complements: parts of the list are left out, large ones first, as long as the rest
// fails.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/vm/exerciser/session.h"

struct shrink {
  struct record *trial;
  const char *name;
  time_t deadline;
  struct step step[SESSION_STEPS_MAX];
  uint32_t count;
  char failure[256];
};

// Leaves [at, at + length) out if the rest fails still.
static bool leave_out(struct shrink *shrink, uint32_t at, uint32_t length) {
  static struct step rest[SESSION_STEPS_MAX];
  uint32_t behind = shrink->count - at - length;
  memcpy(rest, shrink->step, at * sizeof rest[0]);
  memcpy(rest + at, shrink->step + at + length, behind * sizeof rest[0]);
  if (session_replay(shrink->trial, shrink->name, rest, at + behind)) return false;
  // What comes behind the failure is not needed either.
  shrink->count = shrink->trial->count;
  memcpy(shrink->step, rest, shrink->count * sizeof rest[0]);
  memcpy(shrink->failure, shrink->trial->failure, sizeof shrink->failure);
  return true;
}

static void reduce(struct shrink *shrink) {
  for (uint32_t length = shrink->count / 2; length > 0 && time(NULL) < shrink->deadline;) {
    bool shorter = false;
    for (uint32_t at = 0; at + length <= shrink->count && time(NULL) < shrink->deadline;) {
      if (leave_out(shrink, at, length)) {
        shorter = true;
      } else {
        at += length;
      }
    }
    if (!shorter || length > shrink->count) length /= 2;
  }
}

void session_shrink(struct record *record, const char *name, unsigned seconds) {
  static struct shrink shrink;
  shrink = (struct shrink){.trial = record_new(), .name = name, .count = record->count};
  if (!shrink.trial) return;
  shrink.deadline = time(NULL) + (time_t)seconds;
  memcpy(shrink.step, record->step, record->count * sizeof record->step[0]);
  if (session_replay(shrink.trial, name, record->step, record->count)) {
    printf("The failure does not come again. The last steps were:\n");
    shrink.count = record->count < 20 ? record->count : 20;
    memmove(shrink.step, shrink.step + record->count - shrink.count,
            shrink.count * sizeof shrink.step[0]);
  } else {
    reduce(&shrink);
    printf("Of %u steps, these fail, with: %s\n", (unsigned)record->count, shrink.failure);
  }
  for (uint32_t i = 0; i < shrink.count; i++) step_print(&shrink.step[i]);
  record_delete(shrink.trial);
}
