#include "servers/fs/clock.h"

#include <string.h>

#include "servers/fs/outside.h"

#define NANOSECONDS 1000000000ull

// Goldfish real-time clock: reading the low word of the nanoseconds latches the high one.
enum { RTC_TIME_LOW = 0, RTC_TIME_HIGH = 1 };

static uint64_t timebase = 1;
static uint64_t started_tick;
static uint64_t started_nanoseconds;  // since 1970
static uint64_t pinned;

void clock_start(const struct server_info *info) {
  timebase = info->timebase != 0 ? info->timebase : 1;
  started_tick = outside_ticks();
  for (uint32_t i = 0; i < info->devices; i++) {
    const struct server_device *device = &info->device[i];
    if (strncmp(device->compatible, "google,goldfish-rtc", sizeof(device->compatible)) != 0) {
      continue;
    }
    const volatile uint32_t *registers = (const volatile uint32_t *)(uintptr_t)device->address;
    uint64_t low = registers[RTC_TIME_LOW];
    started_nanoseconds = low | (uint64_t)registers[RTC_TIME_HIGH] << 32;
    return;
  }
}

struct ext2_time clock_now(void *ctx) {
  (void)ctx;
  uint64_t passed = (pinned != 0 ? pinned : outside_ticks()) - started_tick;
  uint64_t nanoseconds =
      started_nanoseconds % NANOSECONDS + passed % timebase * NANOSECONDS / timebase;
  uint64_t seconds =
      started_nanoseconds / NANOSECONDS + passed / timebase + nanoseconds / NANOSECONDS;
  return (struct ext2_time){(int64_t)seconds, (uint32_t)(nanoseconds % NANOSECONDS)};
}

void clock_pin(uint64_t tick) { pinned = tick; }

uint64_t clock_ticks(uint64_t microseconds) { return microseconds * timebase / 1000000 + 1; }

uint64_t clock_hundredths(void) {
  uint64_t passed = outside_ticks() - started_tick;
  return passed / timebase * 100 + passed % timebase * 100 / timebase;
}
