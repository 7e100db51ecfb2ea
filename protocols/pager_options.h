// Options of the pager, all of them: PAGER_OPTION asks for and sets them, words "name=value" of the
// kernel's command line set them at boot. They change how fast things go, never what they do.
#ifndef PROTOCOLS_PAGER_OPTIONS_H
#define PROTOCOLS_PAGER_OPTIONS_H

#include <stdint.h>

// Replacement policies: (name, command-line name).
#define PAGER_POLICIES(X)                                    \
  X(PAGER_POLICY_FIFO, "fifo")     /* first in, first out */ \
  X(PAGER_POLICY_CLOCK, "clock")   /* second chance */       \
  X(PAGER_POLICY_AGEING, "ageing") /* LRU, approximated */   \
  X(PAGER_POLICY_2Q, "2q")         /* two queues */          \
  X(PAGER_POLICY_RANDOM, "random") /* repeatable */

#define PAGER_POLICY_NUMBER(number, name) number,
enum pager_policy { PAGER_POLICIES(PAGER_POLICY_NUMBER) PAGER_POLICY_COUNT };
#undef PAGER_POLICY_NUMBER

// (name, command-line name, least, greatest, default).
#define PAGER_OPTIONS(X)                                                                       \
  /* Cached neighbours entered with a page, rounded down to a power of two. */                 \
  X(PAGER_FAULT_AROUND, "fault_around", 1, 16, 16)                                             \
  /* Zeroed pages per fault of an ascending run. */                                            \
  X(PAGER_BATCH_MAX, "batch_max", 1, 16, 16)                                                   \
  /* Pages per page-in of an ascending run, from file or swap. */                              \
  X(PAGER_READ_AHEAD, "read_ahead", 1, 16, 16)                                                 \
  /* enum pager_policy; the command line takes its name as well. */                            \
  X(PAGER_POLICY, "policy", 0, PAGER_POLICY_COUNT - 1, PAGER_POLICY_CLOCK)                     \
  /* Seed of the random policy. */                                                             \
  X(PAGER_RANDOM_SEED, "random_seed", 1, 0xffffffff, 1)                                        \
  /* Whether 2 MiB mappings are made. */                                                       \
  X(PAGER_LARGE_PAGES, "large_pages", 0, 1, 1)                                                 \
  /* Dirty pages of files, in percent of memory, above which writers wait until some are       \
     stored. */                                                                                \
  X(PAGER_DIRTY_LIMIT, "dirty_limit", 1, 90, 20)                                               \
  /* How long a page of a file stays dirty before it is stored unasked, in ms; 0: for ever. */ \
  X(PAGER_DIRTY_AGE, "dirty_age", 0, 3600000, 5000)                                            \
  /* Free frames, in 1/1024 of memory, below which eviction begins and at which it ends. */    \
  X(PAGER_FREE_LOW, "free_low", 1, 256, 8)                                                     \
  X(PAGER_FREE_HIGH, "free_high", 1, 512, 16)                                                  \
  /* Setting it to 1 drops all clean pages of files at once, and swap slots whose pages are in \
     memory. */                                                                                \
  X(PAGER_DROP_CACHES, "drop_caches", 0, 1, 0)

#define PAGER_OPTION_NUMBER(number, name, least, greatest, initial) number,
enum pager_option { PAGER_OPTIONS(PAGER_OPTION_NUMBER) PAGER_OPTION_COUNT };
#undef PAGER_OPTION_NUMBER

#define PAGER_OPTION_ASK UINT64_MAX  // instead of a value

#endif
