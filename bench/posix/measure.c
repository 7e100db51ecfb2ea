#include "bench/posix/measure.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/posix/counts.h"
#include "bench/posix/ticks.h"

#define CALIBRATION 32u

static uint64_t sample[RUNS_MAX];
static const char *measured = "bench";  // what is being measured

_Noreturn void measure_failed(const char *what) {
  fprintf(stderr, "%s: %s: %s\n", measured, what, strerror(errno));
  exit(1);
}

static void nothing(unsigned number) { (void)number; }

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void call(void (*function)(unsigned), unsigned number) {
  if (function) function(number);
}

// One run by the clock.
static uint64_t timed(void (*run)(unsigned), unsigned number) {
  uint64_t start = ticks();
  run(number);
  return ticks() - start;
}

// What a run that does nothing takes.
static uint64_t overhead(void) {
  uint64_t least = UINT64_MAX;
  void (*volatile empty)(unsigned) = nothing;
  for (unsigned i = 0; i < CALIBRATION; i++) {
    uint64_t now = timed(empty, i);
    if (now < least) least = now;
  }
  return least;
}

static uint64_t timed_without_idle(void (*run)(unsigned), unsigned number) {
  uint64_t before[COUNT_NUMBER], after[COUNT_NUMBER];
  counts_read(before);
  uint64_t all = timed(run, number);
  counts_read(after);
  return all - (after[COUNT_IDLE] - before[COUNT_IDLE]);
}

static void take_samples(const struct operation *op) {
  uint64_t empty = overhead();
  for (unsigned i = 0; i < op->runs; i++) {
    call(op->before, i);
    uint64_t now = op->waits ? timed_without_idle(op->run, i) : timed(op->run, i);
    sample[i] = now > empty ? now - empty : 0;
    call(op->after, i);
  }
  qsort(sample, op->runs, sizeof sample[0], by_value);
}

// Adds what the counters went up by during a run, to `sum`.
static void count_run(void (*run)(unsigned), unsigned number, uint64_t sum[COUNT_NUMBER]) {
  uint64_t before[COUNT_NUMBER], after[COUNT_NUMBER];
  counts_read(before);
  run(number);
  counts_read(after);
  for (unsigned i = 0; i < COUNT_NUMBER; i++) sum[i] += after[i] - before[i];
}

static void take_counts(const struct operation *op, uint64_t sum[COUNT_NUMBER]) {
  uint64_t empty[COUNT_NUMBER] = {0};
  count_run(nothing, 0, sum);  // the first one may differ
  memset(sum, 0, COUNT_NUMBER * sizeof sum[0]);
  for (unsigned i = op->runs; i < RUNS_OF(op->runs); i++) {
    call(op->before, i);
    count_run(nothing, i, empty);
    count_run(op->run, i, sum);
    call(op->after, i);
  }
  for (unsigned i = 0; i < COUNT_NUMBER; i++) sum[i] -= empty[i];
}

void measure(const struct operation *op) {
  uint64_t sum[COUNT_NUMBER];
  unsigned units = op->units ? op->units : 1;
  measured = op->key;
  if (op->setup) op->setup();
  take_samples(op);
  take_counts(op, sum);
  if (op->teardown) op->teardown();
  printf("bench,%s,%u,%llu,%llu", op->key, op->runs,
         (unsigned long long)((sample[op->runs / 2] + units / 2) / units),
         (unsigned long long)((sample[0] + units / 2) / units));
  for (unsigned i = 0; i < COUNT_IDLE; i++) {
    // Two digits behind the point.
    uint64_t hundredths = (sum[i] * 100 + RUNS_COUNTED * units / 2) / (RUNS_COUNTED * units);
    printf(",%llu.%02u", (unsigned long long)(hundredths / 100), (unsigned)(hundredths % 100));
  }
  printf("\n");
}
