// What the pager core asks of the kernel: a link-time seam. The server implements it with system
// calls, the host tests with a model of page tables and TLBs.
//
// A space is named by its process slot (protocols/server.h); the implementation keeps one space
// and one thread handle for each. Ranges are page-aligned byte addresses [start, end). Frames are
// physical address >> PAGE_SHIFT. Functions without a result cannot fail for a slot in use.
#ifndef SERVERS_PAGER_CORE_KERNEL_OPS_H
#define SERVERS_PAGER_CORE_KERNEL_OPS_H

#include <stdint.h>

#include "abi/event.h"

// Board bits of a frame. The kernel sets them when it takes an entry away or harvests it, and so
// only within the calls below; the core clears them.
enum { BOARD_ACCESSED = 1, BOARD_DIRTY = 2 };

// Makes the space of a slot in `frame` (type object), with the handles that its occupant may
// have. No tables are funded yet. Negative errno if the kernel refuses.
int kops_space_create(uint32_t slot, uint32_t badge, uint32_t frame);

// Ends the thread and the space of a slot, whichever exist. All mappings are gone, their accessed
// and dirty bits on the board; every frame given for space, thread and tables is of type object
// again and free for other use.
void kops_space_destroy(uint32_t slot);

// Makes the thread of a slot in `frame` (type object), not yet running.
int kops_thread_create(uint32_t slot, uint32_t frame);
void kops_thread_start(uint32_t slot, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1);
// Starts the thread of `slot` as a copy of that of slot `of`, which waits for an answer; the copy
// runs as if answered a0.
int kops_thread_clone(uint32_t slot, uint32_t of, uint64_t a0);

// Makes the message page's frame the thread's call buffer. -EEXIST: it is one already.
int kops_thread_buffer(uint32_t slot, uint32_t frame);
// Sends the thread elsewhere, unless it waits in a call or for an event: -EBUSY.
int kops_thread_upcall(uint32_t slot, uint64_t pc);

// Donates frames of type object for page tables, all or none.
enum { FUND_FRAMES_MAX = 5 };
int kops_fund_tables(uint32_t slot, uint32_t count, const uint32_t frames[]);

// Enters count <= MAP_BUFFER_MAX pages; entries that exist are replaced, their bits go to the
// board. va_prot is va | PROT_* (abi/syscall.h); with MAP_RUN or MAP_LARGE only frames[0] is read.
// -ENOMEM: a page table is missing, nothing is mapped.
int kops_map(uint32_t slot, uint64_t va_prot, uint32_t count, const uint32_t *frames);
// As kops_map for one page, of which none is or another mapping, with any rights or none; together
// with the answer to the call that is being served, which is 0. The last thing that call does.
void kops_map_with_answer(uint32_t slot, uint64_t va_prot, uint32_t frame);
// Device registers: count pages from physical page number `first`.
int kops_map_device(uint32_t slot, uint64_t va_prot, uint32_t count, uint64_t first);

// Take entries, rights, or accessed and dirty bits away, in the whole range.
void kops_unmap(uint32_t slot, uint64_t start, uint64_t end);
void kops_protect(uint32_t slot, uint64_t start, uint64_t end, uint32_t prot);
void kops_harvest(uint32_t slot, uint64_t start, uint64_t end);

// 512 aligned frames become type object and leave the window. Negative errno: nothing changed.
int kops_retype_objects(uint32_t first);

// Makes a program's call again that was refused for want of memory. As its function in pager.h.
int64_t kops_call(const struct event *event);

// Answers that were put off. Stale tokens are ignored.
void kops_reply(token_t token, uint64_t r0, uint64_t r1);
// Answers a fault with mappings, as kops_map. On error nothing is mapped or answered.
int kops_map_reply(token_t token, uint32_t slot, uint64_t va_prot, uint32_t count,
                   const uint32_t *frames);
// A flush is done: its caller goes on to fs with these two words (FS_FLUSHED, protocols/fs.h).
void kops_flushed(token_t token, uint64_t then, int64_t status);
// A read or write moved `status` bytes, not all of `length`, or failed: its caller goes on to fs
// (FS_MOVED, protocols/fs.h).
void kops_moved(token_t token, uint64_t then, int64_t status, uint64_t offset, uint64_t length);
// Gives a PAGER_SERVE its request: the first four words of the answer.
void kops_serve(token_t token, const uint64_t word[4]);
// The waiting caller starts anew at pc.
void kops_reply_start(token_t token, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1);
// Answers a fault by an upcall. 0 or a negative errno: nobody is answered.
int kops_reply_upcall(token_t token, uint64_t pc);
// Forwards a waiting faulter to proc with these five words (PROC_FAULT, protocols/proc.h).
void kops_forward_to_proc(token_t token, const uint64_t word[5]);

// Time in ticks, and when pager_tick is to be called: once, at `deadline` or later; UINT64_MAX
// never.
uint64_t kops_now(void);
void kops_timer(uint64_t deadline);

// NOTIFY_OOM to proc: somebody is to be ended (PAGER_OOM_VICTIM).
void kops_notify_out_of_memory(void);

// NOTIFY_RING to fs: there are requests in the ring.
void kops_notify_provider(void);

#endif
