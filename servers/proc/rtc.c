#include "servers/proc/rtc.h"

#include <stddef.h>
#include <string.h>

#include "libsys/kcall.h"

#define NANOSECONDS 1000000000u

// Registers of 32 bits, nanoseconds since 1970. Reading the low half latches the high one.
enum { TIME_LOW = 0, TIME_HIGH = 1 };

static volatile uint32_t *find(const struct server_info *info) {
  for (uint32_t i = 0; i < info->devices; i++) {
    if (strcmp(info->device[i].compatible, "google,goldfish-rtc") == 0) {
      return (volatile uint32_t *)info->device[i].address;
    }
  }
  return NULL;
}

uint64_t rtc_epoch(const struct server_info *info) {
  volatile uint32_t *registers = find(info);
  if (!registers) return 0;
  uint64_t now = registers[TIME_LOW];
  now |= (uint64_t)registers[TIME_HIGH] << 32;
  uint64_t ticks = rdtime();
  return now - ticks / info->timebase * NANOSECONDS -
         ticks % info->timebase * NANOSECONDS / info->timebase;
}
