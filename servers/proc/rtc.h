// The wall clock: a Goldfish RTC, if the machine has one.
#ifndef SERVERS_PROC_RTC_H
#define SERVERS_PROC_RTC_H

#include <stdint.h>

#include "protocols/server.h"

// Nanoseconds since 1970 when rdtime was 0; 0 without a clock.
uint64_t rtc_epoch(const struct server_info *info);

#endif
