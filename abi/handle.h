// Handles: how a thread names kernel objects. An index into its space's handle table.
#ifndef ABI_HANDLE_H
#define ABI_HANDLE_H

#include <stdint.h>

typedef uint32_t handle_t;

// Well-known slots. The kernel itself uses the first two: a page fault is a call that the kernel
// makes for the thread on HANDLE_PAGER, any other exception one on HANDLE_EXCEPTION.
enum {
  HANDLE_NONE = 0,
  HANDLE_PAGER = 1,
  HANDLE_EXCEPTION = 2,
  HANDLE_PROC = 2,  // exceptions go to proc
  HANDLE_FS = 3,
  HANDLE_CONSOLE = 4,
  HANDLE_SELF = 5,    // a server's own endpoint, with RIGHT_RECEIVE
  HANDLE_KERNEL = 6,  // kernel control: debug output, counters, power
  HANDLE_IRQ = 7,     // a driver's interrupt
  HANDLE_FIRST_FREE = 8,
  // What the first process finds in its table.
  HANDLE_BOOT_SPACE = 8,     // its own space
  HANDLE_BOOT_THREAD = 9,    // its only thread
  HANDLE_BOOT_RAM = 10,      // all free frames
  HANDLE_BOOT_DEVICES = 11,  // all physical addresses below RAM
  HANDLE_BOOT_IRQS = 12,     // all interrupts
  HANDLE_BOOT_FIRST_FREE = 16,
};

// Handles a space can have: HANDLES_INLINE in its own frame, more with SYS_FUND.
#define HANDLES_INLINE 128u
#define HANDLES_PER_FRAME 256u
#define HANDLES_MAX 4096u
#define COPY_MAX 8u  // handles that one SYS_COPY copies

enum object_type {
  OBJECT_NONE = 0,
  OBJECT_SPACE = 1,  // page table, address-space identifier, handle table
  OBJECT_THREAD = 2,
  OBJECT_ENDPOINT = 3,  // calls with replies, and 64 notification bits
  OBJECT_FRAMES = 4,    // authority over a range of frames
  OBJECT_DEVICES = 5,   // the same over device registers: no frame table entries, never donated
  OBJECT_IRQ = 6,       // authority over a range of interrupt numbers
  OBJECT_KERNEL = 7,
};

// Rights. A copy can only have fewer.
enum {
  RIGHT_CALL = 1,     // endpoint: call, forward to
  RIGHT_RECEIVE = 2,  // endpoint: wait, arm its timer
  RIGHT_MANAGE = 4,   // space: map, fund, handles; thread: start, kill; frames: map, donate;
                      // any: destroy; irq: bind; kernel: power off
  RIGHT_COPY = 8,     // may be copied into another space
  RIGHT_NOTIFY = 16,  // endpoint: notify, have an interrupt notify
  RIGHTS_ALL = 31,
};

#endif
