// Threads and the harts that run them.
//
//            start                     dispatch
//   INACTIVE ──────▶ READY ◀─────────────────────────▶ RUNNING
//                      ▲       preempt, yield to a      │ │ │
//                      │       message                  │ │ └─ endpoint_wait_any ─▶ RECEIVING ─┐
//                      │                                │ │                                │
//                      │        no receiver ┌───────────┘ └─ call, fault ──▶ REPLY         │
//                      │                    ▼                                ▲  │          │
//                      │                 SENDING ──── received ──────────────┘  │          │
//                      └──────────────── answered ──────────────────────────────┘          │
//                      └──────────────── event ────────────────────────────────────────────┘
//   any ── thread_kill ──▶ DEAD
//
// A blocked thread is this record, not a stack. Invariants:
//   T1  READY threads are in exactly one hart's run queue, SENDING ones in exactly one endpoint's
//       senders, RECEIVING ones in its receivers; all others in no queue.
//   T2  a thread in REPLY has a token that only a thread of its server's space can use, once.
//   T4  r->caller == t only while t is in REPLY and t->receiver == r.
//   T5  upcall_due is set only while another hart waits for it (thread_wait_for_hart); the thread
//   has
//       a call buffer.
//   T3  x[] holds the thread's user registers whenever it is not RUNNING.
// Guarded by the kernel lock, but for x[] of a RUNNING thread, which its hart owns.
#ifndef MICROKERNEL_THREAD_H
#define MICROKERNEL_THREAD_H

#include "abi/event.h"
#include "abi/stats.h"
#include "microkernel/types.h"

struct space;
struct endpoint;
struct hart;

enum thread_state {
  THREAD_INACTIVE = 0,
  THREAD_READY,
  THREAD_RUNNING,
  THREAD_SENDING,
  THREAD_REPLY,
  THREAD_RECEIVING,
  THREAD_DEAD,
};

// How a thread's registers are restored.
enum resume {
  RESUME_CALL = 0,  // it made a system call: t0..t6 are not kept
  RESUME_ALL = 1,   // it was interrupted: all of them
  RESUME_IDLE = 2,  // a hart's idle thread
};

// User registers x1..x31 by number; x[0] is the program counter.
enum { REG_PC = 0, REG_RA = 1, REG_SP = 2, REG_GP = 3, REG_TP = 4, REG_A0 = 10 };

struct thread {
  uint64_t x[32];     // trap_entry.S knows the offsets down to `resume`
  struct hart *hart;  // where it runs or ran last
  uint8_t resume;     // enum resume
  uint8_t state;      // enum thread_state
  uint8_t priority;   // 0..PRIORITIES-1, highest last
  uint8_t dying;      // to be killed by the hart that runs it
  uint32_t badge;     // of its space
  uint64_t translation;
  struct space *space;
  uint64_t serial;    // of its space: never used twice, unlike badges and addresses
  uint64_t leaf_key;  // space_leaf_key of the address whose leaf table it faulted in last
  uint64_t *leaf;     // that table

  // THREAD_REPLY
  uint64_t server;          // serial number of the space whose threads may answer
  token_t token;            // with what
  struct thread *receiver;  // who got the message; it may have ended since
  uint64_t stamp;           // of its last token: (sequence number << 32 | frame) << 8
  uint64_t first_stamp;     // what it began with

  // THREAD_SENDING
  uint32_t via;  // badge of the handle
  uint8_t kind;  // enum event_kind
  uint64_t word[CALL_WORDS];
  struct endpoint *waiting;  // also THREAD_RECEIVING
  struct thread *next, *previous;

  struct hart *queue;  // THREAD_READY: in whose run queue

  struct thread *caller;  // whose message it received last and has not answered, or NULL
  uint32_t *buffer;       // call buffer, or NULL
  uaddr_t upcall_pc;      // if upcall_due:
  uint8_t upcall_due;     // the hart that runs it is to send it there
  bool fp_used;           // fp[] is meaningful, or its registers are live on its hart
  uint64_t fp[33];        // f0..f31, fcsr
};
_Static_assert(sizeof(struct thread) <= PAGE_SIZE, "an object is a frame");

#define PRIORITIES 4u
#define HARTS_MAX 8u

struct queue {
  struct thread *head, *tail;
};

// The hart's kernel stack lies right below.
struct hart {
  uint64_t stat[STAT_COUNT];  // trap_entry.S counts STAT_ENTRIES
  uint64_t shares_kernel;     // there are other harts: the kernel lock matters
  struct thread *current;     // kept only while shares_kernel
  uint64_t alarm;             // what its timer is set for
  uint64_t slice_end;         // of the running thread
  uint64_t bit;               // 1 << id
  uint32_t id;                // index here
  uint32_t machine_id;        // mhartid
  struct queue ready[PRIORITIES];
  struct thread idle;
};

// The running thread, in tp. (While a hart idles, its idle thread.)
#ifdef __riscv
register struct thread *current __asm__("tp");
#else
extern struct thread *current;
#endif

static inline struct hart *this_hart(void) { return current->hart; }

// All 32 words of x[], or of what is saved of it.
static inline void registers_copy(uint64_t *to, const uint64_t *from) {
  for (const uint64_t *end = from + 32; from < end; from += 8, to += 8) {
    to[0] = from[0], to[1] = from[1], to[2] = from[2], to[3] = from[3];
    to[4] = from[4], to[5] = from[5], to[6] = from[6], to[7] = from[7];
  }
}

extern struct hart *harts[HARTS_MAX];
extern uint32_t hart_count_running;

static inline void queue_append(struct queue *queue, struct thread *thread) {
  thread->next = NULL;
  thread->previous = queue->tail;
  if (queue->tail)
    queue->tail->next = thread;
  else
    queue->head = thread;
  queue->tail = thread;
}

static inline void queue_prepend(struct queue *queue, struct thread *thread) {
  thread->previous = NULL;
  thread->next = queue->head;
  if (queue->head)
    queue->head->previous = thread;
  else
    queue->tail = thread;
  queue->head = thread;
}

static inline void queue_remove(struct queue *queue, struct thread *thread) {
  if (thread->previous)
    thread->previous->next = thread->next;
  else
    queue->head = thread->next;
  if (thread->next)
    thread->next->previous = thread->previous;
  else
    queue->tail = thread->previous;
}

// Makes an INACTIVE thread in a zeroed frame of type OBJECT_THREAD.
void thread_create(struct thread *thread, struct space *space);
// Sets all registers and makes it ready. EBUSY unless INACTIVE; EINVAL: its space has no table
int thread_start(struct thread *thread, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1);
// Registers of `of`, which must be in THREAD_REPLY to a call (EBUSY), with a0; then ready.
int thread_clone(struct thread *thread, const struct thread *of, uint64_t a0);
// A thread leaves THREAD_REPLY otherwise than by its receiver's next words (T4).
void thread_end_wait(struct thread *thread);
// A thread that runs on another hart was told what to do before it goes back to user mode (dying,
// upcall_due): interrupts it there and waits until it has done so or stopped by itself, which is
// for one entry into the kernel, for which that hart needs the lock. Of harts that wait for each
// other one whose thread is to end gives way and, if `yields`, one whose thread is due for an
// upcall: EAGAIN. EBADF: the thread has been ended
int thread_wait_for_hart(struct thread *thread, bool yields);
// Ends a thread in whatever state, and its object. EBUSY: itself. EAGAIN: the caller must end
// first. EBADF: another hart has ended it meanwhile
int thread_kill(struct thread *thread);
// Puts the registers of a fresh start in place.
void thread_set_start(struct thread *thread, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1);

#endif
