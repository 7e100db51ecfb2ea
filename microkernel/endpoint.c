#include "microkernel/endpoint.h"

#include <errno.h>

#include "abi/handle.h"
#include "microkernel/frame.h"
#include "microkernel/interrupt.h"
#include "microkernel/schedule.h"

void endpoint_enqueue(struct thread *sender, struct endpoint *endpoint,
                      const struct message *message) {
  sender->state = THREAD_SENDING;
  sender->waiting = endpoint;
  sender->via = message->via;
  sender->kind = message->kind;
  for (uint32_t i = 0; i < CALL_WORDS; i++) sender->word[i] = message->word[i];
  queue_append(&endpoint->senders, sender);
}

struct thread *endpoint_send_later(struct endpoint *endpoint, const struct message *message) {
  endpoint_enqueue(current, endpoint, message);
  return schedule_next();
}

void endpoint_send_for(struct thread *sender, struct endpoint *endpoint,
                       const struct message *message) {
  struct thread *receiver = endpoint->receivers.head;
  hart_count(STAT_CALLS);
  if (!receiver) {
    endpoint_enqueue(sender, endpoint, message);
    return;
  }
  queue_remove(&endpoint->receivers, receiver);
  endpoint_deliver(receiver, sender, message->kind, message->via, message->word);
  schedule_ready(receiver);
}

static void deliver_bits(struct thread *receiver, struct endpoint *endpoint) {
  uint64_t *a = &receiver->x[REG_A0];
  a[0] = (uint64_t)EVENT_NOTIFY << TOKEN_KIND_SHIFT;
  a[1] = endpoint->bits;
  for (uint32_t i = 0; i < CALL_WORDS; i++) a[2 + i] = 0;
  endpoint->bits = 0;
}

struct thread *endpoint_take_waiting(struct endpoint *endpoint, struct thread *instead) {
  struct thread *thread = current;
  struct thread *sender = endpoint->senders.head;
  if (endpoint->bits) {
    deliver_bits(thread, endpoint);
  } else if (sender) {
    queue_remove(&endpoint->senders, sender);
    endpoint_deliver(thread, sender, sender->kind, sender->via, sender->word);
  } else {
    thread->state = THREAD_RECEIVING;
    thread->waiting = endpoint;
    queue_append(&endpoint->receivers, thread);
    return schedule_next();
  }
  if (instead) schedule_ready(instead);
  return thread;
}

void endpoint_notify(struct endpoint *endpoint, uint64_t bits) {
  endpoint->bits |= bits;
  struct thread *receiver = endpoint->receivers.head;
  if (!receiver) return;
  queue_remove(&endpoint->receivers, receiver);
  deliver_bits(receiver, endpoint);
  schedule_ready_first(receiver);
}

void endpoint_forget(struct thread *thread) {
  struct endpoint *endpoint = thread->waiting;
  queue_remove(thread->state == THREAD_SENDING ? &endpoint->senders : &endpoint->receivers,
               thread);
}

static void refuse_all(struct queue *queue) {
  struct thread *thread;
  while ((thread = queue->head)) {
    queue_remove(queue, thread);
    // A faulter has no answer register to spoil: it faults again, and without a pager it stops.
    if (thread->resume == RESUME_CALL) thread->x[REG_A0] = (uint64_t)-EPIPE;
    schedule_ready(thread);
  }
}

void endpoint_destroy(struct endpoint *endpoint) {
  refuse_all(&endpoint->senders);
  refuse_all(&endpoint->receivers);
  timer_disarm(endpoint);
  frame_release(arch_address_frame(endpoint));
}
