// Endpoints: where calls wait for a server, and a server for calls.
//
// An endpoint has senders or receivers waiting, never both. It also carries 64 notification bits:
// a receiver gets them before it gets the next call. Guarded by the kernel lock.
#ifndef MICROKERNEL_ENDPOINT_H
#define MICROKERNEL_ENDPOINT_H

#include "microkernel/handle_table.h"
#include "microkernel/schedule.h"
#include "microkernel/space.h"
#include "microkernel/thread.h"

struct endpoint {
  struct queue senders;
  struct queue receivers;
  uint64_t bits;
  uint64_t deadline;            // of its timer, while armed
  struct endpoint *next_timer;  // in order of deadlines
  bool timer_armed;
};

// A message that a thread sends, or that the kernel sends for it.
struct message {
  uint32_t via;  // badge of the handle it goes through
  uint8_t kind;  // enum event_kind
  uint64_t word[CALL_WORDS];
};

// Sets notification bits and wakes a receiver.
void endpoint_notify(struct endpoint *endpoint, uint64_t bits);
// Takes a SENDING or RECEIVING thread out of its queue.
void endpoint_forget(struct thread *thread);
// Ends an endpoint: who waits gets EPIPE. Bounded by the number of threads.
void endpoint_destroy(struct endpoint *endpoint);

// A SENDING thread's place in the queue, with its message kept.
void endpoint_enqueue(struct thread *sender, struct endpoint *endpoint,
                      const struct message *message);
// What endpoint_send and endpoint_wait do when nobody is there.
struct thread *endpoint_send_later(struct endpoint *endpoint, const struct message *message);
struct thread *endpoint_take_waiting(struct endpoint *endpoint, struct thread *instead);

// The endpoint handle in a slot of the current space if it has the right; else NULL.
static inline struct handle *endpoint_handle(uint64_t index, uint8_t right) {
  struct space *space = current->space;
  if (UNLIKELY(index >= space->handle_count)) return NULL;
  struct handle *handle =
      &space->handles[index >> HANDLE_CHUNK_SHIFT][index & (HANDLES_INLINE - 1)];
  if (UNLIKELY(handle->type != OBJECT_ENDPOINT || !(handle->rights & right) ||
               !handle_is_current(handle)))
    return NULL;
  return handle;
}

// The thread that waits for an answer to this token, if the current space may give it; else NULL.
static inline struct thread *token_thread(token_t token) {
  uint32_t frame = (uint32_t)token;
  if (UNLIKELY(!frame_exists(frame) || frame_type(frame) != OBJECT_THREAD)) return NULL;
  struct thread *thread = arch_frame_address(frame);
  if (UNLIKELY(thread->token != token || thread->state != THREAD_REPLY ||
               thread->server != current->space))
    return NULL;
  return thread;
}

// Puts the event into a receiver's registers; the sender waits for an answer from its space.
static inline void endpoint_deliver(struct thread *receiver, struct thread *sender, uint8_t kind,
                                    uint32_t via, const uint64_t *word) {
  uint64_t *a = &receiver->x[REG_A0];
  sender->sequence = (sender->sequence + 1) & 0xffffff;
  sender->token = (uint64_t)kind << TOKEN_KIND_SHIFT | (uint64_t)sender->sequence << 32 |
                  arch_address_frame(sender);
  sender->server = receiver->space;
  sender->state = THREAD_REPLY;
  a[0] = sender->token;
  a[1] = sender->badge | (uint64_t)via << 32;
  for (uint32_t i = 0; i < CALL_WORDS; i++) a[2 + i] = word[i];
}

// Delivers a message of the current thread, which then waits for the answer; returns the thread
// to run, dispatched.
static inline struct thread *endpoint_send(struct endpoint *endpoint,
                                           const struct message *message) {
  struct thread *receiver = endpoint->receivers.head;
  hart_count(STAT_CALLS);
  if (UNLIKELY(!receiver)) return endpoint_send_later(endpoint, message);
  queue_remove(&endpoint->receivers, receiver);
  endpoint_deliver(receiver, current, message->kind, message->via, message->word);
  return dispatch(receiver);
}

// The current thread waits for an event: returns itself with the event in its registers, or,
// blocked, `instead` (READY, in no queue; may be NULL) or the next thread, dispatched.
static inline struct thread *endpoint_wait(struct endpoint *endpoint, struct thread *instead) {
  if (UNLIKELY(endpoint->bits || endpoint->senders.head || !instead))
    return endpoint_take_waiting(endpoint, instead);
  struct thread *thread = current;
  thread->state = THREAD_RECEIVING;
  thread->waiting = endpoint;
  queue_append(&endpoint->receivers, thread);
  return dispatch(instead);
}

// The same as endpoint_send for a thread that waits for an answer (forward): it stays blocked; a
// receiver it finds is made ready.
void endpoint_send_for(struct thread *sender, struct endpoint *endpoint,
                       const struct message *message);

#endif
