// What proc does: the operations of protocols/proc.h, faults, Ctrl-C, time.
#ifndef SERVERS_PROC_PROCESSES_H
#define SERVERS_PROC_PROCESSES_H

#include <stdint.h>

#include "abi/event.h"

// Answers whose caller gets none now: it is parked, forwarded or dead.
#define ANSWER_LATER INT64_MIN

struct answer {
  int64_t status;  // or ANSWER_LATER
  uint64_t word[3];
};

// A shell's status for a program that died of a signal; init's death powers off with it.
#define STATUS_OF_SIGNAL 128u

// What a server's death powers the machine off with.
#define STATUS_SERVER_DIED 70u
// The same when the disk could not be written at the end and the status was to be 0.
#define STATUS_DISK_NOT_WRITTEN 74u

// The first process exists.
void processes_init(void);

// A call or an exception.
void processes_call(const struct event *event, struct answer *answer);

// Ctrl-C was typed.
void processes_interrupt(void);

// Memory and swap are full.
void processes_out_of_memory(void);

// The time of outside_timer has come.
void processes_tick(void);

#endif
