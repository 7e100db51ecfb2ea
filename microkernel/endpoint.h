// Endpoints: where calls wait for a server, and a server for calls.
//
// An endpoint has senders or receivers waiting, never both. It also carries 64 notification bits:
// a receiver gets them before it gets the next call. Guarded by the kernel lock.
#ifndef MICROKERNEL_ENDPOINT_H
#define MICROKERNEL_ENDPOINT_H

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

// Delivers a message of the current thread, which then waits for the answer; returns the thread
// to run, dispatched.
struct thread *endpoint_send(struct endpoint *endpoint, const struct message *message);
// The same for a thread that waits for an answer (forward): it stays blocked; a receiver it finds
// is made ready.
void endpoint_send_for(struct thread *sender, struct endpoint *endpoint,
                       const struct message *message);
// The current thread waits for an event: returns itself with the event in its registers, or,
// blocked, `instead` (READY in no queue; may be NULL) or the next thread, dispatched.
struct thread *endpoint_wait(struct endpoint *endpoint, struct thread *instead);
// Sets notification bits and wakes a receiver.
void endpoint_notify(struct endpoint *endpoint, uint64_t bits);
// Takes a SENDING or RECEIVING thread out of its queue.
void endpoint_forget(struct thread *thread);
// Ends an endpoint: who waits gets EPIPE. Bounded by the number of threads.
void endpoint_destroy(struct endpoint *endpoint);

// The thread that waits for an answer to this token, if the current space may give it; else NULL.
struct thread *token_thread(token_t token);

#endif
