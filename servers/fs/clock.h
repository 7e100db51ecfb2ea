// The time of day.
#ifndef SERVERS_FS_CLOCK_H_
#define SERVERS_FS_CLOCK_H_

#include <stdint.h>

#include "protocols/server.h"
#include "servers/fs/ext2/ext2.h"

// Reads the real-time clock if the machine has one; the clock starts in 1970 if not.
void clock_start(const struct server_info *info);

// The time now, or that of the pinned tick. `ctx` is not used.
struct ext2_time clock_now(void *ctx);

// Makes clock_now tell the time of a tick of rdtime, until 0 is pinned: for changes that are
// recorded later than they were made.
void clock_pin(uint64_t tick);

// Ticks in so many microseconds.
uint64_t clock_ticks(uint64_t microseconds);

// Hundredths of a second since the start.
uint64_t clock_hundredths(void);

#endif  // SERVERS_FS_CLOCK_H_
