// Endpoints: where calls wait for a server, and a server for calls.
//
// An endpoint has senders or receivers waiting, never both. It also carries 64 notification bits:
// a receiver gets them before it gets the next call. Guarded by the kernel lock.
#ifndef MICROKERNEL_ENDPOINT_H
#define MICROKERNEL_ENDPOINT_H

#include "microkernel/frame.h"
#include "microkernel/handle_table.h"
#include "microkernel/schedule.h"
#include "microkernel/space.h"
#include "microkernel/thread.h"

struct endpoint {
  struct queue senders;      // first come, first served
  struct thread *receivers;  // the last to come is the first to be served
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

static inline void endpoint_add_receiver(struct endpoint *endpoint, struct thread *thread) {
  thread->state = THREAD_RECEIVING;
  thread->waiting = endpoint;
  thread->next = endpoint->receivers;
  endpoint->receivers = thread;
}

// A SENDING thread's place in the queue, with its message kept.
void endpoint_enqueue(struct thread *sender, struct endpoint *endpoint,
                      const struct message *message);
// endpoint_send where it need not be short.
struct thread *endpoint_send_any(struct endpoint *endpoint, const struct message *message);
// What endpoint_send does when no receiver waits.
struct thread *endpoint_send_later(struct endpoint *endpoint, const struct message *message);
// The current thread waits for an event: returns itself with the event in its registers, or,
// blocked, `instead` (in no queue; may be NULL) or the next thread, dispatched.
struct thread *endpoint_wait_any(struct endpoint *endpoint, struct thread *instead);

// The endpoint handle in a slot of the current space if it has the right; else NULL.
struct handle *endpoint_handle(uint64_t index, uint8_t right);
// The same in one comparison, for paths that must be short and have a general one behind them:
// whether a handle in the space's own frame (index < HANDLES_INLINE) is such a one.
static inline bool handle_may_call(const struct handle *handle) {
  return LIKELY(frame_table[handle->object].type_generation == handle->call);
}
static inline bool handle_may_receive(const struct handle *handle) {
  return LIKELY(frame_table[handle->object].type_generation == handle->receive);
}

// The thread that waits for an answer to this token, if the current space may give it; else NULL.
struct thread *token_thread(token_t token);
// The same, where it must be short.
static inline struct thread *token_find(token_t token) {
  uint32_t frame = (uint32_t)token;
  if (!frame_exists(frame) || frame_type(frame) != OBJECT_THREAD) return NULL;
  struct thread *thread = (struct thread *)arch_frame_address(frame);
  if (thread->token != token || thread->state != THREAD_REPLY || thread->server != current->serial)
    return NULL;
  return thread;
}

// Puts the event into a receiver's registers; the sender waits for an answer from its space.
static inline void endpoint_deliver(struct thread *receiver, struct thread *sender, uint8_t kind,
                                    uint32_t via, uint64_t w0, uint64_t w1, uint64_t w2,
                                    uint64_t w3, uint64_t w4, uint64_t w5) {
  uint64_t *a = &receiver->x[REG_A0];
  // The next sequence number, 24 bits, above the frame number.
  sender->stamp += 1ull << 40;
  sender->token = sender->stamp >> 8 | (uint64_t)kind << TOKEN_KIND_SHIFT;
  sender->server = receiver->serial;
  sender->receiver = receiver;
  sender->state = THREAD_REPLY;
  receiver->caller = sender;
  a[0] = sender->token;
  a[1] = sender->badge | (uint64_t)via << 32;
  a[2] = w0;
  a[3] = w1;
  a[4] = w2;
  a[5] = w3;
  a[6] = w4;
  a[7] = w5;
}

// Delivers a message of the current thread, which then waits for the answer; returns the thread
// to run, dispatched.
static inline struct thread *endpoint_send(struct endpoint *endpoint, uint8_t kind, uint32_t via,
                                           uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3,
                                           uint64_t w4, uint64_t w5) {
  struct thread *receiver = endpoint->receivers;
  if (kind == EVENT_CALL) hart_count(STAT_CALLS);  // stats_get adds the faults
  if (UNLIKELY(!receiver)) {
    struct message message = {via, kind, {w0, w1, w2, w3, w4, w5}};
    return endpoint_send_later(endpoint, &message);
  }
  endpoint->receivers = receiver->next;
  endpoint_deliver(receiver, current, kind, via, w0, w1, w2, w3, w4, w5);
  return dispatch(receiver);
}

// The same as endpoint_send for a thread that waits for an answer (forward): it stays blocked; a
// receiver it finds is made ready.
void endpoint_send_for(struct thread *sender, struct endpoint *endpoint,
                       const struct message *message);

#endif
