// What the exerciser does, one step at a time. A step names everything by small numbers, so that
// any selection from a list of steps can be run: a step that makes no sense any more does nothing.
#ifndef TESTS_VM_EXERCISER_STEP_H
#define TESTS_VM_EXERCISER_STEP_H

#include <stdint.h>

// X(name, weight): how often a step is drawn, relative to the others.
#define STEPS(X)                                                                   \
  X(STEP_MAP_ANONYMOUS, 10)  /* option: enum map_option; value: bit 0 shared */    \
  X(STEP_MAP_FILE, 14)       /* the same; other: file | first page << 8 */         \
  X(STEP_UNMAP, 6)           /* */                                                 \
  X(STEP_PROTECT, 10)        /* option: prot */                                    \
  X(STEP_REMAP, 7)           /* other: new cell | new count << 8; option: flags */ \
  X(STEP_READ, 20)           /* */                                                 \
  X(STEP_WRITE, 30)          /* other: first byte; value: seed of the data */      \
  X(STEP_TOUCH, 8)           /* one access that must fault. option: 1 write */     \
  X(STEP_FILE_READ, 8)       /* other: file | offset << 8; option: bytes / 64 */   \
  X(STEP_FILE_WRITE, 12)     /* the same; value: seed of the data */               \
  X(STEP_FILE_FROM_CELLS, 5) /* write(file, cells); as STEP_FILE_READ */           \
  X(STEP_FILE_TO_CELLS, 5)   /* read(file, cells) */                               \
  X(STEP_TRUNCATE, 5)        /* other: file | bytes << 8 */                        \
  X(STEP_SYNC_FILE, 1)       /* other: file */                                     \
  X(STEP_SYNC, 4)            /* option: flags of msync */                          \
  X(STEP_ADVISE, 8)          /* option: number of the advice */                    \
  X(STEP_LOCK, 3)            /* */                                                 \
  X(STEP_UNLOCK, 3)          /* */                                                 \
  X(STEP_RESIDENT, 2)        /* */                                                 \
  X(STEP_BREAK, 4)           /* count: pages of the heap from now on */            \
  X(STEP_FORK, 4)            /* other: slot of the child */                        \
  X(STEP_EXIT, 3)            /* option: 1 by SIGKILL */                            \
  X(STEP_CHECK, 2)           /* all cells of all actors */

enum step_kind {
#define X(name, weight) name,
  STEPS(X)
#undef X
      STEP_KINDS
};

// Of STEP_MAP_*, beside the rights (PROT_*) in its low three bits.
enum map_option {
  MAP_OPTION_HINT = 8,
  MAP_OPTION_NOREPLACE = 16,
  MAP_OPTION_POPULATE = 32,
};

struct step {
  uint8_t kind;
  uint8_t actor;
  uint8_t cell, count;  // of the pages it is about
  uint8_t option;
  uint32_t other;
  uint32_t value;
};

// Prints the step as a line of a table in C, for regressions.c.
void step_print(const struct step *step);

#endif
