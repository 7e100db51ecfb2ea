// Which frames are free at boot.
#ifndef SERVERS_PAGER_SERVER_FREE_RANGES_H
#define SERVERS_PAGER_SERVER_FREE_RANGES_H

#include "abi/boot.h"

#define FREE_RANGES_MAX 6

// RAM without what struct boot_info says is taken (whatever the order, overlaps included), by
// ascending frame number, empty ranges left out. Returns how many.
uint32_t free_ranges(const struct boot_info *info, struct boot_range range[FREE_RANGES_MAX]);

#endif
