// What every server finds when it starts, and who may call whom.
//
// Order of calls. A server may make a synchronous call only to one further down, and only an
// operation marked IMMEDIATE, which is answered without waiting for anybody:
//
//     programs -> proc -> console -> fs -> pager
//
// Everything upwards is a notification, an entry in a ring, or a forwarded caller. So no cycle of
// waiting servers can exist.
//
// Identity. A process is its slot and a generation, together the badge of its space. The kernel
// attaches it to each message as the origin (abi/event.h). Servers have fixed badges, programs
// start at SLOT_FIRST_PROGRAM. A handle with a badge of its own (via) gives authority that
// programs lack.
#ifndef PROTOCOLS_SERVER_H
#define PROTOCOLS_SERVER_H

#include <stdint.h>

#include "abi/handle.h"
#include "abi/layout.h"

// Space badge: slot in the low 12 bits, generation above.
#define SLOT_BITS 12
#define SLOT_MASK 0xfffu
#define SLOTS_MAX 1024u
enum slot {
  SLOT_NONE = 0,
  SLOT_PAGER = 1,
  SLOT_FS = 2,
  SLOT_PROC = 3,
  SLOT_CONSOLE = 4,
  SLOT_INIT = 8,  // the first program; badge SLOT_INIT, generation 0
  SLOT_FIRST_PROGRAM = 8,
};

// Programs that proc lets live at once, zombies counted. fs has room for as many.
#define PROGRAMS_MAX 512u

static inline uint32_t badge_slot(uint32_t badge) { return badge & SLOT_MASK; }

// Badges of endpoint handles (via). Programs call with VIA_PROGRAM, servers with their own.
enum via {
  VIA_PROGRAM = 0,
  VIA_FS = 1,
  VIA_PROC = 2,
  VIA_CONSOLE = 3,
  VIA_PAGER = 4,
};

// Notification bits, the badges of notify handles.
enum {
  NOTIFY_RING = 0,       // pager <-> provider: there are entries in the ring
  NOTIFY_IRQ = 1,        // a driver's interrupt
  NOTIFY_INTERRUPT = 2,  // console -> proc: Ctrl-C
  NOTIFY_OOM = 4,        // pager -> proc: memory is full (PAGER_OOM_VICTIM)
};

// A server's handles. Endpoints with RIGHT_CALL alone, HANDLE_NOTIFY_* with RIGHT_NOTIFY, unless
// said otherwise; the badge is the server's own via. HANDLE_EXCEPTION is the same slot as
// HANDLE_PROC: a server's exceptions go to proc, those of proc itself to the pager. Page faults of
// servers go to the pager: none is right. What goes wrong in the pager, the kernel reports.
//
//               pager      fs          proc       console
//   PAGER 1     -          x           x          x
//   PROC 2      -          x           pager      x
//   FS 3        -          -           x          -
//   CONSOLE 4   -          x           x          -
//   SELF 5      its own endpoint with RIGHT_RECEIVE, and RIGHT_NOTIFY with the badge NOTIFY_IRQ:
//               SYS_IRQ_BIND(HANDLE_IRQ, device.irq, HANDLE_SELF)
//   KERNEL 6    debug output and counters; pager and proc: with RIGHT_MANAGE (power)
//   IRQ 7       -          its devices -          its devices
//   16, 17      below
enum {
  HANDLE_NOTIFY_PAGER = 16,  // fs: rings the pager
  HANDLE_NOTIFY_PROC = 17,   // console: Ctrl-C
};

#define SERVER_DEVICES_MAX 16

// At SERVER_INFO, read-only. a0 of the server's first thread points to it.
struct server_info {
  uint64_t timebase;      // ticks a second of rdtime
  uint64_t dma_physical;  // physical address of SERVER_DMA
  uint64_t dma_bytes;     // 0 for servers without
  uint64_t ring_bytes;    // 0 for servers without a ring
  uint32_t harts;
  uint32_t devices;  // entries used below
  struct server_device {
    uint64_t address;  // virtual address of its registers
    uint64_t bytes;
    uint32_t irq;         // interrupt number, for SYS_IRQ_* on HANDLE_IRQ; 0 if none
    char compatible[28];  // device-tree name: "virtio,mmio", "ns16550a", ...
  } device[SERVER_DEVICES_MAX];
  char command_line[1024];
};

// The message page of the process with this badge, in a server.
static inline void *message_page_of(uint32_t badge) {
  return (void *)(MESSAGE_WINDOW + (uint64_t)badge_slot(badge) * PAGE_SIZE);
}

#endif
