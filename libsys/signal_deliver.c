// What happens to a signal between its coming and its handler.
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

#include "libsys/message.h"
#include "libsys/signal_actions.h"
#include "libsys/signal_frame.h"
#include "libsys/signals.h"

_Static_assert(SIGNAL_PAGE == MESSAGE_PAGE + UPCALL_OFFSET, "the assembly knows");
_Static_assert(offsetof(struct signal_page, mask) == PAGE_MASK_SET, "the assembly knows");
_Static_assert(offsetof(struct signal_page, pending) == PAGE_PENDING, "the assembly knows");
_Static_assert(offsetof(struct signal_page, busy) == PAGE_BUSY, "the assembly knows");
_Static_assert(offsetof(struct signal_page, signal) == PAGE_SIGNAL, "the assembly knows");
_Static_assert(offsetof(struct signal_page, guard) == PAGE_GUARD, "the assembly knows");
_Static_assert(offsetof(struct signal_page, guard_sp) == PAGE_GUARD_SP, "the assembly knows");
_Static_assert(offsetof(struct signal_frame, info) == FRAME_INFO, "the assembly knows");
_Static_assert(offsetof(struct signal_frame, context) == FRAME_CONTEXT, "the assembly knows");
_Static_assert(offsetof(struct signal_frame, context.uc_sigmask) == FRAME_MASK, "as above");
_Static_assert(offsetof(struct signal_frame, context.uc_mcontext.__gregs) == FRAME_X(0), "");
_Static_assert(offsetof(struct signal_frame, context.uc_mcontext.__fpregs) == FRAME_F(0), "");
_Static_assert(offsetof(struct signal_frame, context.uc_mcontext.__fpregs.__d.__fcsr) == FRAME_FCSR,
               "the assembly knows");
_Static_assert(offsetof(struct signal_frame, kept) == FRAME_KEPT, "the assembly knows");
_Static_assert(offsetof(struct signal_page, fp) == PAGE_FP, "the assembly knows");
_Static_assert(sizeof(struct signal_frame) == FRAME_BYTES && FRAME_BYTES % 16 == 0, "the stack");
_Static_assert(FRAME_MESSAGE_BYTES == MESSAGE_BYTES, "the assembly knows");
_Static_assert(MINSIGSTKSZ >= FRAME_BYTES + FRAME_MESSAGE_BYTES + FRAME_SPARE, "a frame fits");
_Static_assert(SIGNAL_ILL == SIGILL && SIGNAL_BUS == SIGBUS && SIGNAL_CHLD == SIGCHLD &&
                   SIGNAL_CONT == SIGCONT && SIGNAL_WINCH == SIGWINCH && SIGNAL_ALRM == SIGALRM,
               "one numbering");
_Static_assert(SIGNAL_NO_ADDRESS == BUS_ADRERR && SIGNAL_MISALIGNED == BUS_ADRALN &&
                   SIGNAL_NOT_MAPPED == SEGV_MAPERR && SIGNAL_NOT_ALLOWED == SEGV_ACCERR &&
                   SIGNAL_ILLEGAL_OPCODE == ILL_ILLOPC && SIGNAL_BREAKPOINT == TRAP_BRKPT,
               "one numbering");

struct sigaction signals_action[SIGNALS_MAX];
uint64_t signals_on_stack;
struct signal_stack signals_stack;
uint64_t signals_held_registers[32];
struct signals_after signals_after;

static bool on_stack(uint64_t sp) { return sp - signals_stack.start - 1 < signals_stack.bytes; }

void signals_child_info(siginfo_t *info, uint64_t status) {
  info->si_code = WIFEXITED(status) ? CLD_EXITED : CLD_KILLED;
  info->si_status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

static void fill_sent(siginfo_t *info, int signal) {
  volatile struct signal_page *page = signals_page();
  uint32_t sender = page->sender[signal - 1];
  *info = (siginfo_t){.si_signo = signal, .si_code = sender ? SI_USER : SI_KERNEL};
  info->si_pid = (pid_t)sender;
  if (signal == SIGCHLD && page->child_status != SIGNAL_BY_KILL) {
    signals_child_info(info, page->child_status);
  }
}

int signals_take_info(uint64_t set, siginfo_t *info) {
  int signal = signals_first(set);
  if (signal == 0) return 0;
  fill_sent(info, signal);
  signals_taken(signal);
  return signal;
}

// The next signal that is due and has a handler. What becomes of the others is proc's to do.
static int next_handled(siginfo_t *info) {
  volatile struct signal_page *page = signals_page();
  for (;;) {
    int signal = signals_take_info(~page->mask, info);
    if (signal == 0 || (page->handled & SIGNAL_BIT((uint32_t)signal))) return signal;
    signals_default(signal);
  }
}

// The handler's stack: where the frame is, unless the signal is one for the other stack. A frame
// that serves a second signal may lie on the wrong one.
static inline void *stack_for(struct signal_frame *frame, bool wants_other) {
  if (!signals_stack.bytes) return frame;
  uint64_t here = (uint64_t)(uintptr_t)frame;
  bool other = on_stack(here);
  if (other == wants_other) return frame;
  if (wants_other) {
    return (void *)((signals_stack.start + signals_stack.bytes) & ~(uint64_t)15);
  }
  uint64_t interrupted = frame->context.uc_mcontext.__gregs[REG_SP];
  return on_stack(interrupted) ? frame : (void *)(interrupted & ~(uint64_t)15);
}

// The mask and everything else is as the handler is to find it. Upcalls may come again then.
__attribute__((always_inline)) static inline struct signal_target prepare(
    struct signal_frame *frame, volatile struct signal_page *page, int signal, uint64_t mask) {
  struct sigaction *action = &signals_action[signal - 1];
  struct signal_target target = {(void *)(uintptr_t)action->sa_handler,
                                 stack_for(frame, action->sa_flags & SA_ONSTACK)};
  uint64_t bit = SIGNAL_BIT((uint32_t)signal);
  page->guard = 0;  // the frame has it
  page->mask = mask | action->sa_mask | (action->sa_flags & SA_NODEFER ? 0 : bit);
  signals_counts += action->sa_flags & SA_RESTART ? SIGNALS_TAKEN : SIGNALS_TAKEN + SIGNALS_FINAL;
  if (action->sa_flags & (int)SA_RESETHAND) {
    action->sa_handler = SIG_DFL;
    page->handled &= ~bit;
  }
  __atomic_store_n(&page->busy, 0, __ATOMIC_SEQ_CST);
  return target;
}

// What a context has but for the registers.
static inline void fill_context(ucontext_t *context, uint64_t mask) {
  context->__uc_flags = 0;
  context->uc_link = NULL;
  struct signal_stack stack = signals_stack;
  context->uc_stack.ss_sp = (void *)stack.start;
  context->uc_stack.ss_size = stack.bytes;
  context->uc_stack.ss_flags = SS_DISABLE;
  if (stack.bytes) {
    context->uc_stack.ss_flags = on_stack(context->uc_mcontext.__gregs[REG_SP]) ? SS_ONSTACK : 0;
  }
  context->uc_sigmask = mask;
}

static inline void fill_info(siginfo_t *info, int signal, volatile struct signal_page *page) {
  *info = (siginfo_t){.si_signo = signal, .si_code = (int)page->code};
  info->si_addr = (void *)page->address;
}

struct signal_target signals_more(struct signal_frame *frame, volatile struct signal_page *page) {
  int signal = next_handled(&frame->info);
  if (signal) return prepare(frame, page, signal, frame->context.uc_sigmask);
  __atomic_store_n(&page->busy, 0, __ATOMIC_SEQ_CST);
  return (struct signal_target){NULL, NULL};
}

// What interrupted a wait for signals, has the message page to keep, or is no fault; and where
// there is an alternate stack.
__attribute__((noinline)) static struct signal_target begin_any(struct signal_frame *frame,
                                                                volatile struct signal_page *page) {
  uint64_t mask = page->mask;
  fill_context(&frame->context, mask);
  if (signals_after.set) {
    frame->context.uc_sigmask = signals_after.mask;
    signals_after.set = false;
    signals_held = 0;
  }
  if (frame->kept & KEPT_MESSAGE) {
    memcpy(frame->content, message_page(), MESSAGE_BYTES);
    frame->guard = page->guard;
    frame->guard_sp = page->guard_sp;
  }
  int signal = (int)page->signal;
  if (signal) {
    fill_info(&frame->info, signal, page);
  } else if ((signal = next_handled(&frame->info)) == 0) {
    __atomic_store_n(&page->busy, 0, __ATOMIC_SEQ_CST);
    return (struct signal_target){NULL, NULL};
  }
  return prepare(frame, page, signal, mask);
}

struct signal_target signals_begin(struct signal_frame *frame, volatile struct signal_page *page) {
  int signal = (int)page->signal;
  uint64_t mask = page->mask;
  if (!signal || signals_after.set || (frame->kept & KEPT_MESSAGE) || signals_stack.bytes) {
    return begin_any(frame, page);
  }
  fill_context(&frame->context, mask);
  fill_info(&frame->info, signal, page);
  return prepare(frame, page, signal, mask);
}

void signals_restore_message(const struct signal_frame *frame) {
  volatile struct signal_page *page = signals_page();
  memcpy(message_page(), frame->content, MESSAGE_BYTES);
  page->guard_sp = frame->guard_sp;
  page->guard = frame->guard;
}
