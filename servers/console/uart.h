// The ns16550a: bytes in and out, driven by interrupts.
#ifndef SERVERS_CONSOLE_UART_H
#define SERVERS_CONSOLE_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Starts to use the device whose registers are at `registers`, one byte each. Nothing that was
// received before is lost.
void uart_start(volatile uint8_t *registers);

// Sends bytes, or queues them while the device is busy. Waits for the device when the queue is
// full.
void uart_put(const char *bytes, size_t count);

// Bytes queued.
size_t uart_backlog(void);

// Waits until all bytes have left the device.
void uart_drain(void);

// Moves queued bytes into the device while it has room.
void uart_send(void);

// Says whether received bytes raise the interrupt. Those that nobody takes stay in the device, and
// with their sender.
void uart_listen(bool on);

// A received byte, or -1.
int uart_get(void);

#endif
