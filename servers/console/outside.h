// What the terminal needs of the world: the UART, the kernel and its clients' memory. Implemented
// over the kernel in outside.c and by a fake in the tests.
#ifndef SERVERS_CONSOLE_OUTSIDE_H
#define SERVERS_CONSOLE_OUTSIDE_H

#include <stddef.h>
#include <stdint.h>

#include "abi/event.h"

// Sends bytes to the terminal, a newline as carriage return and newline. Never loses any.
void outside_put(const char *bytes, size_t count);

// Bytes that were put and wait for the UART.
size_t outside_backlog(void);

// Waits until the backlog has left the UART.
void outside_drain(void);

// Answers a caller that was left waiting.
void outside_answer(token_t token, int64_t status);

// The message page of the process with this badge. Its owner may change it at
// any time.
char *outside_page(uint32_t badge);

// Calls terminal_tick once, after so many milliseconds.
void outside_tick_after(uint32_t milliseconds);

// Tells proc about Ctrl-C.
void outside_interrupt(void);

#endif
