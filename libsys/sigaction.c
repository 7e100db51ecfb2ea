// What is done with signals.
#include <signal.h>

#include "libsys/call.h"
#include "libsys/guarded.h"
#include "libsys/signal_actions.h"
#include "libsys/signal_frame.h"
#include "libsys/signals.h"

// From now on upcalls can come.
static bool accept_upcalls(void) {
  volatile struct signal_page *page = signals_page();
  if (page->entry) return true;
  if (result(call_pager(PAGER_UPCALL, 0, 0, 0).status) < 0) return false;
  signals_deliver = signals_self;
  page->entry = (uint64_t)(uintptr_t)signals_upcall;
  return true;
}

static void set_bit(volatile uint64_t *set, uint64_t bit, bool on) {
  *set = on ? *set | bit : *set & ~bit;
}

// What is pending has no effect any more if the new action is to ignore it.
static void drop_ignored(volatile struct signal_page *page, int signal) {
  bool by_default =
      signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
  _sig_func_ptr handler = signals_action[signal - 1].sa_handler;
  if (handler == SIG_IGN || (handler == SIG_DFL && by_default)) {
    __atomic_fetch_and(&page->pending, ~SIGNAL_BIT((uint32_t)signal), __ATOMIC_SEQ_CST);
  }
}

static int set_action(int signal, const struct sigaction *action) {
  volatile struct signal_page *page = signals_page();
  uint64_t bit = SIGNAL_BIT((uint32_t)signal);
  bool handled = action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
  if ((SIGNALS_ALWAYS & bit) != 0) {
    errno = EINVAL;
    return -1;
  }
  if (handled && !accept_upcalls()) return -1;
  // Not while the table is written.
  uint64_t mask = page->mask;
  page->mask = UINT64_MAX;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  signals_action[signal - 1] = *action;
  signals_action[signal - 1].sa_mask &= ~SIGNALS_ALWAYS;
  set_bit(&page->handled, bit, handled);
  set_bit(
      &page->ignored, bit,
      action->sa_handler == SIG_IGN || (signal == SIGCHLD && (action->sa_flags & SA_NOCLDWAIT)));
  set_bit(&signals_on_stack, bit, action->sa_flags & SA_ONSTACK);
  drop_ignored(page, signal);
  page->mask = mask;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  signals_check(false);
  return 0;
}

int sigaction(int signal, const struct sigaction *restrict action, struct sigaction *restrict old) {
  if (!signal_valid(signal)) {
    errno = EINVAL;
    return -1;
  }
  struct sigaction before = signals_action[signal - 1];
  // Inherited from before exec.
  if (before.sa_handler == SIG_DFL && (signals_page()->ignored & SIGNAL_BIT((uint32_t)signal)) &&
      !(before.sa_flags & SA_NOCLDWAIT)) {
    before.sa_handler = SIG_IGN;
  }
  struct sigaction wanted;
  if (action && guarded_copy(&wanted, action, sizeof wanted)) return -1;
  if (action && set_action(signal, &wanted)) return -1;
  return old ? guarded_copy(old, &before, sizeof before) : 0;
}

_sig_func_ptr signal(int signal, _sig_func_ptr handler) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;
  return sigaction(signal, &action, &old) ? SIG_ERR : old.sa_handler;
}

int siginterrupt(int signal, int flag) {
  struct sigaction action;
  if (sigaction(signal, NULL, &action)) return -1;
  action.sa_flags = flag ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
  return sigaction(signal, &action, NULL);
}

int sigaltstack(const stack_t *restrict stack, stack_t *restrict old) {
  uint64_t sp = (uint64_t)(uintptr_t)__builtin_frame_address(0);
  struct signal_stack now = signals_stack;
  bool inside = sp - now.start - 1 < now.bytes;
  stack_t wanted;
  if (stack && guarded_copy(&wanted, stack, sizeof wanted)) return -1;
  if (stack) {
    int error = 0;
    bool disable = wanted.ss_flags & SS_DISABLE;
    if (inside) {
      error = EPERM;
    } else if (wanted.ss_flags & ~(SS_DISABLE | SS_ONSTACK)) {
      error = EINVAL;
    } else if (!disable && wanted.ss_size < MINSIGSTKSZ) {
      error = ENOMEM;
    }
    if (error) {
      errno = error;
      return -1;
    }
    // No signal sees a half of it: without bytes it is not used.
    *(volatile uint64_t *)&signals_stack.bytes = 0;
    if (!disable) {
      *(volatile uint64_t *)&signals_stack.start = (uint64_t)(uintptr_t)wanted.ss_sp;
      *(volatile uint64_t *)&signals_stack.bytes = wanted.ss_size;
    }
  }
  stack_t before = {.ss_sp = (void *)now.start,
                    .ss_flags = !now.bytes ? SS_DISABLE
                                : inside   ? SS_ONSTACK
                                           : 0,
                    .ss_size = now.bytes};
  return old ? guarded_copy(old, &before, sizeof before) : 0;
}
