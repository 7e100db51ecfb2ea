#include <stdbool.h>
#include <string.h>

#include "libsys/server_rt/panic.h"
#include "protocols/object.h"
#include "protocols/server.h"
#include "servers/pager/server/boot.h"
#include "servers/pager/server/boot_devices.h"
#include "servers/pager/server/handles.h"
#include "servers/pager/server/kernel.h"

#define STACK_BYTES (32ul << 10)
#define DMA_BYTES (512ul << 10)
#define RING_BYTES ((sizeof(struct object_ring) + PAGE_MASK) & ~PAGE_MASK)

static const struct server {
  const char *name;
  uint32_t slot;
  const char *devices;  // that it drives: their `compatible` name
  bool clock;           // that it reads
} kServers[] = {
    {"fs", SLOT_FS, "virtio,mmio", true},
    {"proc", SLOT_PROC, NULL, true},
    {"console", SLOT_CONSOLE, "ns16550a", false},
};
#define SERVERS (sizeof(kServers) / sizeof(kServers[0]))

// The handle tables of protocols/server.h.
static const struct grant {
  uint32_t slot;  // SLOT_NONE: the pager
  handle_t to, from;
  uint32_t rights;
  uint64_t badge;
} kGrants[] = {
    {SLOT_NONE, HANDLE_TO_PROC, HANDLE_ENDPOINT_PROC, RIGHT_CALL, VIA_PAGER},
    {SLOT_NONE, HANDLE_TO_FS, HANDLE_ENDPOINT_FS, RIGHT_CALL, VIA_PAGER},
    {SLOT_NONE, HANDLE_NOTIFY_FS, HANDLE_ENDPOINT_FS, RIGHT_NOTIFY, NOTIFY_RING},
    {SLOT_NONE, HANDLE_TELL_OOM, HANDLE_ENDPOINT_PROC, RIGHT_NOTIFY, NOTIFY_OOM},
    {SLOT_NONE, HANDLE_OF_PROGRAM, HANDLE_SELF, RIGHT_CALL | RIGHT_COPY, VIA_PROGRAM},
    {SLOT_NONE, HANDLE_OF_PROGRAM + 1, HANDLE_ENDPOINT_PROC, RIGHT_CALL | RIGHT_COPY, VIA_PROGRAM},
    {SLOT_NONE, HANDLE_OF_PROGRAM_LAST, HANDLE_ENDPOINT_FS, RIGHT_CALL | RIGHT_COPY, VIA_PROGRAM},

    {SLOT_FS, HANDLE_PAGER, HANDLE_SELF, RIGHT_CALL, VIA_FS},
    {SLOT_FS, HANDLE_PROC, HANDLE_ENDPOINT_PROC, RIGHT_CALL, VIA_FS},
    {SLOT_FS, HANDLE_CONSOLE, HANDLE_ENDPOINT_CONSOLE, RIGHT_CALL, VIA_FS},
    {SLOT_FS, HANDLE_SELF, HANDLE_ENDPOINT_FS, RIGHT_RECEIVE | RIGHT_NOTIFY, NOTIFY_IRQ},
    {SLOT_FS, HANDLE_KERNEL, HANDLE_KERNEL, RIGHT_CALL, 0},
    {SLOT_FS, HANDLE_NOTIFY_PAGER, HANDLE_SELF, RIGHT_NOTIFY, NOTIFY_RING},

    {SLOT_PROC, HANDLE_PAGER, HANDLE_SELF, RIGHT_CALL, VIA_PROC},
    {SLOT_PROC, HANDLE_EXCEPTION, HANDLE_SELF, RIGHT_CALL, VIA_PROC},
    {SLOT_PROC, HANDLE_FS, HANDLE_ENDPOINT_FS, RIGHT_CALL, VIA_PROC},
    {SLOT_PROC, HANDLE_CONSOLE, HANDLE_ENDPOINT_CONSOLE, RIGHT_CALL, VIA_PROC},
    {SLOT_PROC, HANDLE_SELF, HANDLE_ENDPOINT_PROC, RIGHT_RECEIVE | RIGHT_NOTIFY, NOTIFY_IRQ},
    {SLOT_PROC, HANDLE_KERNEL, HANDLE_KERNEL, RIGHT_CALL | RIGHT_MANAGE, 0},

    {SLOT_CONSOLE, HANDLE_PAGER, HANDLE_SELF, RIGHT_CALL, VIA_CONSOLE},
    {SLOT_CONSOLE, HANDLE_PROC, HANDLE_ENDPOINT_PROC, RIGHT_CALL, VIA_CONSOLE},
    {SLOT_CONSOLE, HANDLE_SELF, HANDLE_ENDPOINT_CONSOLE, RIGHT_RECEIVE | RIGHT_NOTIFY, NOTIFY_IRQ},
    {SLOT_CONSOLE, HANDLE_KERNEL, HANDLE_KERNEL, RIGHT_CALL, 0},
    {SLOT_CONSOLE, HANDLE_NOTIFY_PROC, HANDLE_ENDPOINT_PROC, RIGHT_NOTIFY, NOTIFY_INTERRUPT},
};

// Zeroed, physically contiguous, mapped for good. Returns the first frame.
static uint32_t map_contiguous(struct pager *pager, uint32_t slot, uint64_t va, uint64_t bytes,
                               const char *what) {
  uint32_t count = (uint32_t)(bytes >> PAGE_SHIFT);
  uint32_t first = pager_take_frames(pager, count);
  if (first == 0) panic("pager: no memory for %s", what);
  memset(boot_window(first), 0, bytes);
  boot_check(pager_map_frames(pager, pager_space(pager, slot), va, first, count, PROT_R | PROT_W),
             "memory", what);
  return first;
}

static void add_store(struct pager *pager, struct server_info *info) {
  uint32_t ring = map_contiguous(pager, SLOT_FS, SERVER_RING, RING_BYTES, "ring");
  pager_attach_ring(pager, boot_window(ring));
  info->ring_bytes = RING_BYTES;
  uint32_t dma = map_contiguous(pager, SLOT_FS, SERVER_DMA, DMA_BYTES, "DMA");
  info->dma_physical = (uint64_t)dma << PAGE_SHIFT;
  info->dma_bytes = DMA_BYTES;
}

// Returns the entry point.
static uint64_t make_server(struct pager *pager, const struct boot_info *boot,
                            const struct server *server) {
  static struct server_info info;  // too large for the stack
  memset(&info, 0, sizeof(info));
  uint64_t end;
  uint64_t entry = boot_load(pager, boot, server->name, server->slot, &end);
  struct space *space = pager_space(pager, server->slot);
  boot_check(pager_load(pager, space, SERVER_STACK_TOP - STACK_BYTES, NULL, 0, STACK_BYTES,
                        PROT_R | PROT_W),
             "stack", server->name);
  info.timebase = boot->timebase;
  info.harts = boot->harts;
  memcpy(info.command_line, boot->command_line, sizeof(info.command_line) - 1);
  if (server->slot == SLOT_FS) add_store(pager, &info);
  if (server->devices) boot_devices(pager, boot, server->devices, server->slot, &info);
  if (server->clock) boot_clock(pager, boot, server->slot, &info);
  boot_check(pager_load(pager, space, SERVER_INFO, &info, sizeof(info), sizeof(info), PROT_R),
             "information", server->name);
  return entry;
}

void boot_servers(struct pager *pager, const struct boot_info *info) {
  kernel_create_endpoint(HANDLE_SELF);
  kernel_create_endpoint(HANDLE_ENDPOINT_FS);
  kernel_create_endpoint(HANDLE_ENDPOINT_PROC);
  kernel_create_endpoint(HANDLE_ENDPOINT_CONSOLE);
  uint64_t entry[SERVERS];
  for (uint32_t i = 0; i < SERVERS; i++) entry[i] = make_server(pager, info, &kServers[i]);
  for (uint32_t i = 0; i < sizeof(kGrants) / sizeof(kGrants[0]); i++) {
    const struct grant *grant = &kGrants[i];
    kernel_give(grant->slot, grant->to, grant->from, grant->rights, grant->badge);
  }
  for (uint32_t i = 0; i < SERVERS; i++) {
    pager_start(pager, pager_space(pager, kServers[i].slot), entry[i], SERVER_STACK_TOP,
                SERVER_INFO, 0);
  }
}
