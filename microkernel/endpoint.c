#include "microkernel/endpoint.h"

#include <errno.h>

#include "abi/handle.h"
#include "microkernel/frame.h"
#include "microkernel/interrupt.h"
#include "microkernel/schedule.h"

struct handle *endpoint_handle(uint64_t index, uint8_t right) {
  int error;
  return handle_get(current->space, index, OBJECT_ENDPOINT, right, &error);
}

struct thread *token_thread(token_t token) {
  return token_find(token);
}

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

// As endpoint_deliver, where it need not be short.
static __attribute__((noinline)) void deliver(struct thread *receiver, struct thread *sender,
                                              uint8_t kind, uint32_t via, const uint64_t *word) {
  endpoint_deliver(receiver, sender, kind, via, word[0], word[1], word[2], word[3], word[4],
                   word[5]);
}

struct thread *endpoint_send_any(struct endpoint *endpoint, const struct message *message) {
  struct thread *receiver = endpoint->receivers;
  if (message->kind == EVENT_CALL) hart_count(STAT_CALLS);
  if (!receiver) return endpoint_send_later(endpoint, message);
  endpoint->receivers = receiver->next;
  deliver(receiver, current, message->kind, message->via, message->word);
  return dispatch(receiver);
}

void endpoint_send_for(struct thread *sender, struct endpoint *endpoint,
                       const struct message *message) {
  struct thread *receiver = endpoint->receivers;
  hart_count(STAT_CALLS);
  thread_end_wait(sender);
  if (!receiver) {
    endpoint_enqueue(sender, endpoint, message);
    return;
  }
  endpoint->receivers = receiver->next;
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

struct thread *endpoint_wait_any(struct endpoint *endpoint, struct thread *instead) {
  struct thread *thread = current;
  struct thread *sender = endpoint->senders.head;
  if (endpoint->bits) {
    deliver_bits(thread, endpoint);
  } else if (sender) {
    queue_remove(&endpoint->senders, sender);
    deliver(thread, sender, sender->kind, sender->via, sender->word);
  } else {
    endpoint_add_receiver(endpoint, thread);
    return instead ? dispatch(instead) : schedule_next();
  }
  if (instead) schedule_ready(instead);
  return thread;
}

void endpoint_notify(struct endpoint *endpoint, uint64_t bits) {
  endpoint->bits |= bits;
  struct thread *receiver = endpoint->receivers;
  if (!receiver) return;
  endpoint->receivers = receiver->next;
  deliver_bits(receiver, endpoint);
  schedule_ready_first(receiver);
}

COLD void endpoint_forget(struct thread *thread) {
  struct endpoint *endpoint = thread->waiting;
  if (thread->state == THREAD_SENDING) {
    queue_remove(&endpoint->senders, thread);
    return;
  }
  struct thread **link = &endpoint->receivers;
  while (*link != thread) link = &(*link)->next;
  *link = thread->next;
}

// A faulter has no register for the answer: it faults again, and stops for want of a pager.
static COLD void refuse(struct thread *thread) {
  if (thread->resume == RESUME_CALL) thread->x[REG_A0] = (uint64_t)-EPIPE;
  schedule_ready(thread);
}

COLD void endpoint_destroy(struct endpoint *endpoint) {
  struct thread *thread;
  while ((thread = endpoint->senders.head)) {
    queue_remove(&endpoint->senders, thread);
    refuse(thread);
  }
  while ((thread = endpoint->receivers)) {
    endpoint->receivers = thread->next;
    refuse(thread);
  }
  timer_disarm(endpoint);
  frame_release(arch_address_frame(endpoint));
}
