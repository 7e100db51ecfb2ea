// Strings of page references for the study of replacement policies: the same ones in the program
// that touches the pages and on the host, where the best that could be done is computed.
//
// All pages are first touched in order, 0 to pages - 1; then `touches` references follow.
#ifndef BENCH_POLICY_WORKLOAD_H
#define BENCH_POLICY_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

enum workload_kind {
  WORKLOAD_UNIFORM,  // each page is as likely as any other
  WORKLOAD_SKEWED,   // four of five touches go to a fifth of the pages
  WORKLOAD_LOOP,     // all pages in order, again and again
  WORKLOAD_SCAN,     // a fifth of the pages is hot: touched at random twice as often as there are
                     // hot ones, then the others are scanned once; again and again
  WORKLOAD_MIXED,    // every second touch is of a random hot page, a fifth of all, while the others
                     // are scanned again and again
  WORKLOAD_COUNT,
};

struct workload {
  enum workload_kind kind;
  uint32_t pages, touches;
  uint32_t number;  // references given so far
  uint32_t phase;   // SCAN, MIXED: references of the round given so far
  uint64_t random;
};

struct reference {
  uint32_t page;
  bool writes;  // every fourth page is written whenever it is touched
  bool fills;   // one of the first, in order
  bool hot;     // SCAN, MIXED: of the hot pages
};

// => pages >= 5
void workload_start(struct workload *workload, enum workload_kind kind, uint32_t pages,
                    uint32_t touches);
// false: that was all.
bool workload_next(struct workload *workload, struct reference *reference);

// The name in command lines and tables.
const char *workload_name(enum workload_kind kind);
// WORKLOAD_COUNT if there is none of this name.
enum workload_kind workload_named(const char *name);

#endif
