// What is put on the stack for a handler, and where signal_entry.S finds things in it and in
// struct signal_page.
#ifndef LIBSYS_SIGNAL_FRAME_H
#define LIBSYS_SIGNAL_FRAME_H

#define SIGNAL_PAGE 0x3fffffee00
#define PAGE_X(n) (8 * (n))
#define PAGE_FP 256
#define PAGE_MASK_SET 288
#define PAGE_PENDING 296
#define PAGE_BUSY 304
#define PAGE_SIGNAL 312
#define PAGE_GUARD 480
#define PAGE_GUARD_SP 488

#define FRAME_INFO 0
#define FRAME_CONTEXT 32
#define FRAME_MASK 72
#define FRAME_X(n) (80 + 8 * (n))
#define FRAME_F(n) (336 + 8 * (n))
#define FRAME_FCSR 592
#define FRAME_KEPT 600
#define KEPT_MESSAGE 1 /* the message page's content follows the frame */
#define KEPT_FP 2      /* floating-point registers are saved, else 0 */
#define FRAME_BYTES 624
#define FRAME_MESSAGE_BYTES 3584
#define FRAME_SPARE 512 /* for the functions that fill it */

#ifndef __ASSEMBLER__

#include <signal.h>
#include <stdint.h>

struct signal_frame {
  siginfo_t info;
  ucontext_t context;
  uint64_t kept;             // KEPT_*
  uint64_t guard, guard_sp;  // of the page, with KEPT_MESSAGE
  char content[];
};

// The handler and the stack that it runs on; NULL: there is none to be run.
struct signal_target {
  void *handler;
  void *stack;
};

// signal_entry.S: where upcalls go. What is due is delivered to the caller, as if an upcall had
// come in its place.
void signals_upcall(void);
void signals_self(bool message);

// For signal_entry.S.
extern uint64_t signals_on_stack;  // set of signals with SA_ONSTACK
extern struct signal_stack {
  uint64_t start, bytes;  // 0 bytes: none
} signals_stack;
extern uint64_t signals_held_registers[32];

// Fills a frame that has the registers, for the signal that the upcall came for.
struct signal_target signals_begin(struct signal_frame *frame, volatile struct signal_page *page);
// For the next one that is due where the frame leads to; NULL: none. `busy` is set.
struct signal_target signals_more(struct signal_frame *frame, volatile struct signal_page *page);
// Gives the message page its content back, and the guard.
void signals_restore_message(const struct signal_frame *frame);

#endif

#endif
