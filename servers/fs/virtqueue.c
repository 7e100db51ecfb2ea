#include "servers/fs/virtqueue.h"

#include <stddef.h>

enum { DESC_NEXT = 1, DESC_WRITE = 2 };

_Static_assert(VIRTQUEUE_AVAIL + sizeof(struct virtq_avail) + 2 <= VIRTQUEUE_USED, "overlap");
_Static_assert(VIRTQUEUE_USED + sizeof(struct virtq_used) + 2 <= VIRTQUEUE_BYTES, "too small");

void virtqueue_init(struct virtqueue *queue, void *memory, uint16_t size) {
  char *base = memory;
  queue->desc = (volatile struct virtq_desc *)base;
  queue->avail = (volatile struct virtq_avail *)(base + VIRTQUEUE_AVAIL);
  queue->used = (volatile struct virtq_used *)(base + VIRTQUEUE_USED);
  queue->size = size;
  queue->free_head = 0;
  queue->free_count = size;
  queue->avail_index = 0;
  queue->used_index = 0;
  for (uint16_t i = 0; i < VIRTQUEUE_SIZE; i++) {
    queue->next[i] = (uint16_t)(i + 1);
    queue->owner[i] = NULL;
  }
}

bool virtqueue_add(struct virtqueue *queue, const struct virtq_segment *segments, unsigned count,
                   void *owner) {
  if (count == 0 || count > queue->free_count) return false;
  uint16_t head = queue->free_head;
  uint16_t at = head;
  for (unsigned i = 0; i < count; i++) {
    volatile struct virtq_desc *desc = &queue->desc[at];
    desc->address = segments[i].address;
    desc->bytes = segments[i].bytes;
    desc->flags =
        (uint16_t)((segments[i].device_writes ? DESC_WRITE : 0) | (i + 1 < count ? DESC_NEXT : 0));
    desc->next = queue->next[at];
    if (i + 1 < count) at = queue->next[at];
  }
  queue->free_head = queue->next[at];
  queue->next[at] = VIRTQUEUE_SIZE;  // ends the chain
  queue->free_count = (uint16_t)(queue->free_count - count);
  queue->owner[head] = owner;
  queue->avail->ring[queue->avail_index & (queue->size - 1)] = head;
  queue->avail_index++;
  __atomic_thread_fence(__ATOMIC_RELEASE);
  queue->avail->index = queue->avail_index;
  return true;
}

static void free_chain(struct virtqueue *queue, uint16_t head) {
  uint16_t last = head;
  uint16_t count = 1;
  for (; queue->next[last] < VIRTQUEUE_SIZE; count++) last = queue->next[last];
  queue->next[last] = queue->free_head;
  queue->free_head = head;
  queue->free_count = (uint16_t)(queue->free_count + count);
}

enum virtqueue_result virtqueue_take(struct virtqueue *queue, void **owner) {
  if (queue->used_index == queue->used->index) return VIRTQUEUE_EMPTY;
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  uint32_t id = queue->used->ring[queue->used_index & (queue->size - 1)].id;
  if (id >= queue->size || queue->owner[id] == NULL) return VIRTQUEUE_BROKEN;
  *owner = queue->owner[id];
  queue->owner[id] = NULL;
  queue->used_index++;
  free_chain(queue, (uint16_t)id);
  return VIRTQUEUE_TAKEN;
}
