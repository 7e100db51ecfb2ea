// System calls: number in a7, arguments in a0..a6, result in a0 (a negative errno on error), as
// the table says. Registers a0..a7 and t0..t6 do not survive a system call, but for the results;
// all others do. docs/system_calls.md describes each with its errors.
#ifndef ABI_SYSCALL_H
#define ABI_SYSCALL_H

enum syscall_number {
  SYS_NULL = 0,  // () -> 0

  // Messages (abi/event.h).
  SYS_CALL = 1,        // (endpoint, w0..w5) -> a0..a4: the answer
  SYS_WAIT = 2,        // (endpoint) -> event
  SYS_REPLY_WAIT = 3,  // (token, endpoint, r0..r4) -> event. A stale token is ignored
  SYS_REPLY = 4,       // (token, r0..r4). ESRCH for a stale token
  // Forwards the waiting caller with new words: whoever receives it answers it. The forwarder
  // never waits: the caller stands in the endpoint's queue.
  SYS_FORWARD_WAIT = 5,  // (token | none, endpoint | to << 32, w0..w4) -> event; w5 = 0
  SYS_FORWARD = 6,       // (token, to, w0..w4); w5 = 0
  // Answers a fault with mappings. One page or MAP_RUN: first frame in f0. Up to 6 pages: frame
  // numbers, two to a word, low half first. More: from the thread's call buffer.
  SYS_MAP_REPLY_WAIT = 7,  // (token, endpoint | frames << 32, va | prot | flags,
                           //  count, f0..f2) -> event. On error nothing is mapped or answered
  SYS_MAP_REPLY = 8,       // the same without waiting -> 0. endpoint is unused
  SYS_NOTIFY = 9,          // (endpoint): sets the bit named by the handle's badge

  // Memory. Ranges are page-aligned [start, end).
  SYS_MAP = 10,      // (space, frames, va | prot | flags, count, f0..f2)
  SYS_UNMAP = 11,    // (space, start, end) -> where it stopped: end, or less after a bounded
                     // amount of work. Accessed and dirty bits go to the board
  SYS_PROTECT = 12,  // (space, start, end, prot) -> as SYS_UNMAP. Only takes rights away
  SYS_HARVEST = 13,  // (space, start, end) -> as SYS_UNMAP. Moves A and D bits to the board
  SYS_RETYPE = 14,   // (frames, first frame, RETYPE_*): 512 aligned frames at once

  // Objects. A new object is made in a frame of type object and named by a free slot of the
  // caller's table.
  SYS_CREATE = 16,         // (object_type, frames, frame, slot, arg). arg: space: its badge;
                           // thread: handle of its space; endpoint: 0
  SYS_DESTROY = 17,        // (handle). The frame is of type object again
  SYS_FUND = 18,           // (space, frames, frame, FUND_*, more, more): donates a frame, and up to
                           // four more: two to a word, low half first, 0 for none. All or none
  SYS_COPY = 19,           // (space | HANDLE_NONE for the own one, to slot, from slot,
                           //  rights, badge or (first | count << 32) for ranges,
                           //  how many more from the slots behind, to those behind)
  SYS_DROP = 20,           // (slot)
  SYS_THREAD_START = 21,   // (thread, pc, sp, a0, a1): all other registers zero
  SYS_THREAD_CLONE = 22,   // (thread, of thread, a0): registers of a thread that waits for an
                           // answer; the clone runs as if it had been answered a0
  SYS_REPLY_START = 23,    // (token, pc, sp, a0, a1): as SYS_THREAD_START, for a waiting caller
  SYS_THREAD_BUFFER = 24,  // (thread, frames, frame): its call buffer; frame stays pinned
  SYS_THREAD_PRIORITY = 25,  // (thread, 0 lowest .. 3 highest)

  // Interrupts, time, the rest.
  SYS_IRQ_BIND = 28,  // (irq, number, endpoint): notify that endpoint handle's bit
  SYS_IRQ_ACK = 29,   // (irq, number)
  SYS_TIMER = 30,     // (endpoint, deadline in timebase ticks, ~0 = off): sets NOTIFY_TIMER
  SYS_STAT = 31,      // (kernel, enum kernel_stat) -> value
  SYS_PUTC = 32,      // (kernel, character): firmware console, for crash records
  SYS_HALT = 33,      // (kernel, status 0..255): power off, QEMU exits with the status

  // Upcalls: a thread goes on somewhere else, its registers in its call buffer (struct
  // upcall_registers of abi/layout.h, at UPCALL_OFFSET); all other registers stay.
  SYS_UPCALL_WAIT = 34,    // (token, endpoint, pc) -> event. Answers a fault or exception
  SYS_REPLY_UPCALL = 35,   // (token, pc): the same without waiting
  SYS_THREAD_UPCALL = 36,  // (thread, pc): for one that waits for nothing but such an answer
  SYS_RESUME = 37,         // (): the caller's registers from its call buffer
  SYS_COUNT = 38,
};

// Low bits of va in SYS_MAP*.
enum {
  PROT_R = 1,
  PROT_W = 2,
  PROT_X = 4,
  MAP_RUN = 8,     // consecutive frames from f0
  MAP_LARGE = 16,  // LARGE_FRAMES of them, both ends aligned, in one entry
};

#define MAP_INLINE_MAX 6u
#define MAP_BUFFER_MAX 1024u  // entries of 32 bits in a call buffer

enum { RETYPE_OBJECT = 0, RETYPE_USER = 1 };
enum { FUND_TABLE = 0, FUND_HANDLES = 1 };

#endif
