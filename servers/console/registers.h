// Access to a device's registers, one byte each. Done in registers.c, and by a model of the device
// in the tests.
#ifndef SERVERS_CONSOLE_REGISTERS_H
#define SERVERS_CONSOLE_REGISTERS_H

#include <stdint.h>

uint8_t register_read(volatile uint8_t *registers, uint32_t number);

void register_write(volatile uint8_t *registers, uint32_t number, uint8_t value);

#endif
