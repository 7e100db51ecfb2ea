#include "servers/pager/server/boot_devices.h"

#include <stdbool.h>
#include <string.h>

#include "lib/fdt/fdt.h"
#include "libsys/server_rt/panic.h"
#include "servers/pager/server/boot.h"
#include "servers/pager/server/kernel.h"

#define DEVICE_BYTES_MAX (64ul << 10)

// Interrupt numbers [first, end).
struct interrupts {
  uint32_t first, end;
};

static void include(struct interrupts *interrupts, uint32_t number) {
  if (interrupts->end == 0 || number < interrupts->first) interrupts->first = number;
  if (number >= interrupts->end) interrupts->end = number + 1;
}

// Registers without a whole page for themselves are mapped with their neighbours.
static void add_device(struct pager *pager, uint32_t slot, const struct server_device *found,
                       uint64_t physical, uint32_t prot, struct server_info *info) {
  uint64_t va = SERVER_MMIO + info->devices * (DEVICE_BYTES_MAX + PAGE_SIZE);
  uint64_t first = physical & ~PAGE_MASK;
  uint64_t bytes = ((physical + found->bytes + PAGE_MASK) & ~PAGE_MASK) - first;
  boot_check(pager_map_device(pager, pager_space(pager, slot), va, first, bytes, prot), "registers",
             found->compatible);
  struct server_device *device = &info->device[info->devices++];
  *device = *found;
  device->address = va + (physical & PAGE_MASK);
}

// Maps all devices of a kind. Returns their interrupts.
static struct interrupts add_devices(struct pager *pager, const struct boot_info *boot,
                                     const char *compatible, uint32_t slot, uint32_t prot,
                                     struct server_info *info) {
  struct fdt tree;
  if (!fdt_open(&tree, boot_window(boot->dtb.first), (uint64_t)boot->dtb.count << PAGE_SHIFT)) {
    panic("pager: the device tree is unreadable");
  }
  struct interrupts interrupts = {0, 0};
  struct fdt_node node;
  for (bool more = fdt_root(&tree, &node); more; more = fdt_next(&tree, &node)) {
    uint64_t physical;
    struct server_device device = {0};
    if (info->devices == SERVER_DEVICES_MAX || !fdt_compatible(&tree, &node, compatible) ||
        !fdt_reg(&tree, &node, 0, &physical, &device.bytes) || device.bytes > DEVICE_BYTES_MAX) {
      continue;
    }
    strncpy(device.compatible, compatible, sizeof(device.compatible) - 1);
    if (fdt_u32(&tree, &node, "interrupts", &device.irq)) include(&interrupts, device.irq);
    add_device(pager, slot, &device, physical, prot, info);
  }
  return interrupts;
}

void boot_devices(struct pager *pager, const struct boot_info *boot, const char *compatible,
                  uint32_t slot, struct server_info *info) {
  struct interrupts interrupts = add_devices(pager, boot, compatible, slot, PROT_R | PROT_W, info);
  if (interrupts.end == 0) return;
  uint64_t range = interrupts.first | (uint64_t)(interrupts.end - interrupts.first) << 32;
  kernel_give(slot, HANDLE_IRQ, HANDLE_BOOT_IRQS, RIGHT_MANAGE, range);
}

void boot_clock(struct pager *pager, const struct boot_info *boot, uint32_t slot,
                struct server_info *info) {
  add_devices(pager, boot, "google,goldfish-rtc", slot, PROT_R, info);
}
