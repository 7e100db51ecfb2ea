#include "servers/console/registers.h"

uint8_t register_read(volatile uint8_t *registers, uint32_t number) { return registers[number]; }

void register_write(volatile uint8_t *registers, uint32_t number, uint8_t value) {
  registers[number] = value;
}
