// Where things are in a user address space (Sv39: 256 GiB, addresses below USER_END).
//
// The kernel enforces USER_END only; the rest is the convention of the pager, libsys and the
// linker scripts.
#ifndef ABI_LAYOUT_H
#define ABI_LAYOUT_H

#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ul
#define PAGE_MASK 4095ul
#define LARGE_SHIFT 21
#define LARGE_SIZE (1ul << LARGE_SHIFT)
#define LARGE_FRAMES 512u

#define USER_END 0x4000000000ul

// Programs and servers are linked at IMAGE_BASE. The break starts behind the image.
#define IMAGE_BASE 0x10000ul
// mmap places mappings without an address from here upwards.
#define MMAP_BASE 0x1000000000ul
#define MMAP_END 0x3000000000ul
// The stack's first byte is below STACK_TOP; a guard page is above it.
#define STACK_TOP 0x3fffff0000ul
#define STACK_MAX (8ul << 20)
// The process's message page: strings and structures that do not fit into registers.
// Resident and shared with the servers, which see that of process slot i at
// MESSAGE_WINDOW + i * PAGE_SIZE. Messages are in its first MESSAGE_BYTES; the rest is for signals
// (protocols/signal.h) and begins with the registers that the kernel saves at an upcall.
#define MESSAGE_PAGE 0x3fffffe000ul
#define MESSAGE_BYTES 3584u

// Where in its call buffer, which for programs is the message page, a thread's registers are after
// an upcall.
#define UPCALL_OFFSET 3584u
#define UPCALL_BYTES 264u
struct upcall_registers {
  uint64_t pc;
  uint64_t x[31];  // x1..x31
  uint64_t fp;     // not 0: the thread has used floating-point registers
};

// In servers.
#define SERVER_STACK_TOP 0x3f00000000ul
#define SERVER_INFO 0x3f00010000ul     // struct server_info, see protocols/server.h
#define MESSAGE_WINDOW 0x3100000000ul  // message pages of all process slots
#define SERVER_RING 0x3200000000ul     // memory-object rings (fs, pager)
#define SERVER_DMA 0x3300000000ul      // physically contiguous, resident memory
#define SERVER_MMIO 0x3400000000ul     // device registers

// In the first process (the pager).
#define BOOT_INFO 0x3f00010000ul    // struct boot_info
#define BOOT_BUFFER 0x3f00011000ul  // the first thread's call buffer
#define BOOT_STACK_TOP 0x3f00000000ul
#define BOOT_BOARD 0x3800000000ul   // accessed/dirty board, one byte a frame
#define BOOT_WINDOW 0x2000000000ul  // physical address p is at BOOT_WINDOW + p

#endif
