#include "servers/fs/outside.h"

#include "libsys/kcall.h"
#include "protocols/pager.h"
#include "protocols/server.h"

void outside_reply(token_t token, const uint64_t word[REPLY_WORDS]) {
  kcall_reply(token, word[0], word[1], word[2], word[3], word[4]);
}

int64_t outside_forward(token_t token, handle_t to, const uint64_t word[REPLY_WORDS]) {
  return kcall_forward(token, to, word[0], word[1], word[2], word[3], word[4]);
}

static int64_t call_pager(uint64_t word0, uint64_t word1, uint64_t word2) {
  return kcall_call(HANDLE_PAGER, word0, word1, word2, 0, 0, 0).status;
}

int64_t outside_object_create(uint64_t cookie, uint64_t size) {
  return call_pager(PAGER_OBJECT_CREATE, cookie, size);
}

int64_t outside_object_resize(uint32_t object, uint64_t size) {
  return call_pager(PAGER_WORD0(PAGER_OBJECT_RESIZE, object), size, 0);
}

int64_t outside_object_close(uint32_t object) {
  return call_pager(PAGER_WORD0(PAGER_OBJECT_CLOSE, object), 0, 0);
}

int64_t outside_object_destroy(uint32_t object, uint64_t force) {
  return call_pager(PAGER_WORD0(PAGER_OBJECT_DESTROY, object), force, 0);
}

int64_t outside_object_create_kind(uint64_t cookie, uint64_t size, uint64_t kind, uint64_t bound) {
  return kcall_call(HANDLE_PAGER, PAGER_OBJECT_CREATE, cookie, size, kind, bound, 0).status;
}

int64_t outside_exec_status(uint32_t badge) { return call_pager(PAGER_EXEC_STATUS, badge, 0); }

int64_t outside_counts(void) { return call_pager(PAGER_COUNTS, 0, 0); }

int64_t outside_space_counts(uint32_t slot) { return call_pager(PAGER_SPACE_COUNTS, slot, 0); }

int64_t outside_regions(uint32_t slot, uint64_t first) {
  return call_pager(PAGER_REGIONS, slot, first);
}

int64_t outside_swaps(void) { return call_pager(PAGER_SWAPS, 0, 0); }

const void *outside_own_page(void) { return (const void *)MESSAGE_PAGE; }

int64_t outside_swap_add(uint64_t cookie, uint64_t slots, uint64_t priority) {
  return kcall_call(HANDLE_PAGER, PAGER_SWAP_ADD, cookie, slots, priority, 0, 0).status;
}

struct object_ring *outside_ring(void) {
  return (struct object_ring *)SERVER_RING;
}

void outside_ring_pager(void) { kcall_notify(HANDLE_NOTIFY_PAGER); }

void *outside_page(uint32_t badge) { return message_page_of(badge); }

uint64_t outside_ticks(void) { return rdtime(); }

void outside_timer(uint64_t tick) { kcall_timer(HANDLE_SELF, tick); }

void *outside_dma(void) { return (void *)SERVER_DMA; }

// HANDLE_SELF has the bit as its badge.
int outside_irq_bind(uint32_t irq) {
  return (int)kcall(SYS_IRQ_BIND, HANDLE_IRQ, irq, HANDLE_SELF, 0, 0, 0, 0);
}

void outside_irq_ack(uint32_t irq) { kcall(SYS_IRQ_ACK, HANDLE_IRQ, irq, 0, 0, 0, 0, 0); }
