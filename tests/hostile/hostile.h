// What hostile programs share: words and children, for programs that do everything wrong. Whatever
// they call with whatever words, they get an error or die; the system and its other programs go on.
#ifndef TESTS_HOSTILE_HOSTILE_H
#define TESTS_HOSTILE_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/harness/cases.h"

#define CALLS_A_CHILD 40

// Random numbers; a child begins with a state that its argument decides.
uint64_t random_bits(void);
// Words that are worth trying as address, length, number, handle or flags.
uint64_t random_word(void);

// Runs the function in a child for some time, and then kills it: it waits for what never comes.
// false: even fork does not work any more.
bool run_for_some_time(void (*function)(uint64_t), uint64_t argument);
// Runs the function in a child until it ends; *status is as wait's. false: that does not work.
bool run_to_the_end(void (*function)(uint64_t), int *status);
// That programs still start, read, write and end.
bool system_works(void);

#endif
