// What proc needs of the world: the kernel, the other servers, its clients' memory. Implemented
// over the kernel in outside.c and by a fake in the tests.
#ifndef SERVERS_PROC_OUTSIDE_H
#define SERVERS_PROC_OUTSIDE_H

#include <stddef.h>
#include <stdint.h>

#include "abi/event.h"
#include "protocols/pager.h"

// Answers a caller that was left waiting.
void outside_answer(token_t token, int64_t status, uint64_t word);

// Answers an exception by an upcall to `pc`. 0 or a negative errno.
int64_t outside_reply_upcall(token_t token, uint64_t pc);

// Forwards a waiting caller to fs. 0 or a negative errno.
int64_t outside_forward_to_fs(token_t token, uint64_t op, uint64_t word);

// Calls to the servers, see their protocols for the results.
int64_t outside_fs_fork(uint32_t parent, uint32_t child, uint32_t child_pid);
int64_t outside_pager_fork(uint32_t parent, uint32_t child);
int64_t outside_fs_spawn(uint32_t parent, uint32_t child, uint64_t fd, uint32_t child_pid);
int64_t outside_pager_spawn(uint32_t object, uint32_t parent, uint32_t child);
void outside_fs_exited(uint32_t badge);
// => what it has used, until the next call to the pager
const struct pager_usage *outside_pager_kill(uint32_t badge);
int64_t outside_pager_oom_victim(void);
void outside_console_exited(uint32_t badge);
void outside_console_yield(uint32_t badge);
int64_t outside_console_interrupted(uint32_t badge);
int64_t outside_console_take_interrupt(uint32_t badge);
int64_t outside_pager_interrupt(uint32_t badge);
int64_t outside_fs_interrupt(uint32_t badge);
int64_t outside_console_interrupt(uint32_t badge);

// Text for the terminal, and once everything else may be broken, for the firmware's console.
void outside_message(const char *text, size_t count);
void outside_firmware_message(const char *text, size_t count);

// The message page of the process with this badge. Its owner may change it at
// any time.
void *outside_page(uint32_t badge);

// Time: ticks since some start, ticks a second, nanoseconds since 1970 at tick 0 (0: unknown).
uint64_t outside_now(void);
uint64_t outside_timebase(void);
uint64_t outside_epoch(void);

// processes_tick is called once, at this time; TIMER_NEVER: not at all.
void outside_timer(uint64_t deadline);

// Returns when all output is out.
void outside_flush(void);

// Powers off. Returns in tests only.
void outside_halt(uint32_t status);

#endif
