// The terminal: puts typed bytes, readers, writers and the screen together. One for the system.
#ifndef SERVERS_CONSOLE_TERMINAL_H
#define SERVERS_CONSOLE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/event.h"

// Result of an operation whose caller is answered later.
#define TERMINAL_LATER INT64_MIN

void terminal_init(void);

// Writes `length` bytes, 0..MESSAGE_BYTES, from the origin's message page -> length. EINVAL EINTR
// EAGAIN
int64_t terminal_write(token_t token, uint32_t origin, uint64_t length);

// Reads at most `length` bytes into the origin's message page -> bytes, 0 at end of
// input. EINTR EAGAIN
int64_t terminal_read(token_t token, uint32_t origin, uint64_t length);

// Sets CONSOLE_* mode bits, -1 asks -> mode in force. EINVAL
int64_t terminal_mode(uint64_t mode);

// A server's own text, at most 32 bytes.
void terminal_message(uint32_t origin, const char *bytes, size_t count);

// A process has ended: nobody waits for it any more, and its line is free.
void terminal_ended(uint32_t badge);

// A process waits for others: its unfinished line is free for them.
void terminal_yield(uint32_t badge);

// A process that survived Ctrl-C: its read ends with EINTR => 1; without one, its next => 0
int64_t terminal_interrupted(uint32_t badge);

// Calls that off for its next read => 1 if it was due
int64_t terminal_take_interrupt(uint32_t badge);

// A signal came for a process: its read or write ends with EINTR => 1; there is none, or the
// signal has been taken before it => 0
int64_t terminal_interrupt(uint32_t badge);

// Everything written so far is out.
void terminal_flush(void);

// Is there room for more input? If not, what was typed stays where it is until something is read.
bool terminal_takes_input(void);

// A byte was typed, and taken: there was room.
void terminal_input(uint8_t byte);

// The time asked for with outside_tick_after is over.
void terminal_tick(void);

// The backlog of output has become shorter.
void terminal_drained(void);

#endif
