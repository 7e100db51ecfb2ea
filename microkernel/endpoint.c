#include "microkernel/endpoint.h"

#include <errno.h>

#include "abi/handle.h"
#include "microkernel/frame.h"
#include "microkernel/interrupt.h"
#include "microkernel/schedule.h"

// A new token for a thread whose message a thread of `server` receives.
static inline token_t token_make(struct thread *thread, uint8_t kind, struct space *server) {
  thread->sequence = (thread->sequence + 1) & 0xffffff;
  thread->token = (uint64_t)kind << TOKEN_KIND_SHIFT | (uint64_t)thread->sequence << 32 |
                  arch_address_frame(thread);
  thread->server = server;
  thread->state = THREAD_REPLY;
  return thread->token;
}

struct thread *token_thread(token_t token) {
  uint32_t frame = (uint32_t)token;
  if (UNLIKELY(!frame_exists(frame) || frame_type(frame) != OBJECT_THREAD)) return NULL;
  struct thread *thread = arch_frame_address(frame);
  if (UNLIKELY(thread->token != token || thread->state != THREAD_REPLY ||
               thread->server != current->space))
    return NULL;
  return thread;
}

// Puts the event into a receiver's registers.
static inline void deliver(struct thread *receiver, struct thread *sender, uint8_t kind,
                           uint32_t via, const uint64_t *word) {
  uint64_t *a = &receiver->x[REG_A0];
  a[0] = token_make(sender, kind, receiver->space);
  a[1] = sender->badge | (uint64_t)via << 32;
  for (uint32_t i = 0; i < CALL_WORDS; i++) a[2 + i] = word[i];
}

static void enqueue_sender(struct thread *sender, struct endpoint *endpoint,
                           const struct message *message) {
  sender->state = THREAD_SENDING;
  sender->waiting = endpoint;
  sender->via = message->via;
  sender->kind = message->kind;
  for (uint32_t i = 0; i < CALL_WORDS; i++) sender->word[i] = message->word[i];
  queue_append(&endpoint->senders, sender);
}

struct thread *endpoint_send(struct endpoint *endpoint, const struct message *message) {
  struct thread *receiver = endpoint->receivers.head;
  hart_count(STAT_CALLS);
  if (UNLIKELY(!receiver)) {
    enqueue_sender(current, endpoint, message);
    return schedule_next();
  }
  queue_remove(&endpoint->receivers, receiver);
  deliver(receiver, current, message->kind, message->via, message->word);
  return dispatch(receiver);
}

void endpoint_send_for(struct thread *sender, struct endpoint *endpoint,
                       const struct message *message) {
  struct thread *receiver = endpoint->receivers.head;
  hart_count(STAT_CALLS);
  if (!receiver) {
    enqueue_sender(sender, endpoint, message);
    return;
  }
  queue_remove(&endpoint->receivers, receiver);
  deliver(receiver, sender, message->kind, message->via, message->word);
  schedule_ready(receiver);
}

static void deliver_bits(struct thread *receiver, struct endpoint *endpoint) {
  uint64_t *a = &receiver->x[REG_A0];
  a[0] = (uint64_t)EVENT_NOTIFY << TOKEN_KIND_SHIFT;
  a[1] = endpoint->bits;
  for (uint32_t i = 0; i < CALL_WORDS; i++) a[2 + i] = 0;
  endpoint->bits = 0;
}

struct thread *endpoint_wait(struct endpoint *endpoint, struct thread *instead) {
  struct thread *thread = current;
  struct thread *sender = endpoint->senders.head;
  if (UNLIKELY(endpoint->bits)) {
    deliver_bits(thread, endpoint);
  } else if (sender) {
    queue_remove(&endpoint->senders, sender);
    deliver(thread, sender, sender->kind, sender->via, sender->word);
  } else {
    thread->state = THREAD_RECEIVING;
    thread->waiting = endpoint;
    queue_append(&endpoint->receivers, thread);
    return LIKELY(instead) ? dispatch(instead) : schedule_next();
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
