// Measures one operation of the system at a time.
//
// An operation is run some times with the clock around each run, and then RUNS_COUNTED times with
// the system's counters around it. The report has a line for it, figures per unit:
//
//   bench,KEY,RUNS,MEDIAN,MINIMUM,ENTRIES,MESSAGES,SWITCHES,FENCES,FAULTS,MAPPED,ZEROED,COPIED
#ifndef BENCH_POSIX_MEASURE_H
#define BENCH_POSIX_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#define PAGE ((size_t)4096)
#define RUNS_COUNTED 8u
#define RUNS_MAX 1001u

// The numbers of runs go from 0 to runs + RUNS_COUNTED - 1. NULL: nothing to do.
struct operation {
  const char *key;
  unsigned runs;   // <= RUNS_MAX
  unsigned units;  // that one run does; 0 stands for 1
  bool waits;      // for the disk: what the idle machine executes is not counted
  void (*setup)(void);
  void (*before)(unsigned number);
  void (*run)(unsigned number);
  void (*after)(unsigned number);
  void (*teardown)(void);
};

// The run's number among all runs of the operation.
#define RUNS_OF(operation_runs) ((operation_runs) + RUNS_COUNTED)

// Prints the line when all has been measured.
void measure(const struct operation *operation);

// Ends the program with a message, if a call of the operation's failed.
_Noreturn void measure_failed(const char *what);

static inline void must(bool good, const char *what) {
  if (!good) measure_failed(what);
}

#endif
