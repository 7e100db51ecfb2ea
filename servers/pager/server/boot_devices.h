// Devices for servers, from the device tree.
#ifndef SERVERS_PAGER_SERVER_BOOT_DEVICES_H
#define SERVERS_PAGER_SERVER_BOOT_DEVICES_H

#include "abi/boot.h"
#include "protocols/server.h"
#include "servers/pager/core/pager.h"

// Finds all devices with this `compatible` name, maps their registers at SERVER_MMIO of the
// space of `slot`, gives it HANDLE_IRQ over their interrupts, and fills info->device[]. Devices
// beyond SERVER_DEVICES_MAX are left out. Panics if the device tree is unreadable.
void boot_devices(struct pager *pager, const struct boot_info *boot, const char *compatible,
                  uint32_t slot, struct server_info *info);

// Maps the real-time clock, if there is one, to be read.
void boot_clock(struct pager *pager, const struct boot_info *boot, uint32_t slot,
                struct server_info *info);

#endif
