// What fs needs of the world beside the disk: the kernel, the pager, its clients' memory.
// Implemented over the kernel in outside.c and by a fake in the tests.
#ifndef SERVERS_FS_OUTSIDE_H_
#define SERVERS_FS_OUTSIDE_H_

#include <stdint.h>

#include "abi/event.h"
#include "abi/handle.h"
#include "protocols/object.h"

// Answers a caller that was left waiting.
void outside_reply(token_t token, const uint64_t word[REPLY_WORDS]);

// Forwards a waiting caller. 0 or a negative errno.
int64_t outside_forward(token_t token, handle_t to, const uint64_t word[REPLY_WORDS]);

// Calls to the pager, see protocols/pager.h.
int64_t outside_object_create(uint64_t cookie, uint64_t size);
int64_t outside_object_resize(uint32_t object, uint64_t size);
int64_t outside_object_close(uint32_t object);
int64_t outside_object_destroy(uint32_t object, uint64_t force);

// The same for an object that is no file's (enum object_kind).
int64_t outside_object_create_kind(uint64_t cookie, uint64_t size, uint64_t kind, uint64_t bound);

// PAGER_EXEC_STATUS.
int64_t outside_exec_status(uint32_t badge);

// PAGER_COUNTS, PAGER_SPACE_COUNTS, PAGER_REGIONS, PAGER_SWAPS: what they tell is then in
// outside_own_page().
int64_t outside_counts(void);
int64_t outside_space_counts(uint32_t slot);
int64_t outside_regions(uint32_t slot, uint64_t first);
int64_t outside_swaps(void);
const void *outside_own_page(void);

// => the area's number in the pager, or a negative errno.
int64_t outside_swap_add(uint64_t cookie, uint64_t slots, uint64_t priority);

// The ring that is shared with the pager, and its bell.
struct object_ring *outside_ring(void);
void outside_ring_pager(void);

// The message page of the process with this badge. Its owner may change it at any time.
void *outside_page(uint32_t badge);

// Ticks of the clock since some start.
uint64_t outside_ticks(void);

// Has timers_due called once, at this tick. For timer.h alone.
void outside_timer(uint64_t tick);

// The memory that devices see, struct server_info's dma_bytes of it.
void *outside_dma(void);

// Has disks_interrupt called when the interrupt comes; it comes again after outside_irq_ack.
// 0 or a negative errno.
int outside_irq_bind(uint32_t irq);
void outside_irq_ack(uint32_t irq);

#endif  // SERVERS_FS_OUTSIDE_H_
