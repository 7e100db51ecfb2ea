#include "tests/behaviour/signal_support.h"

volatile struct signal_seen signal_seen;

void signal_note(int signal, siginfo_t *info, void *context) {
  (void)context;
  signal_seen.signal = signal;
  signal_seen.code = info->si_code;
  signal_seen.pid = info->si_pid;
  if (signal == SIGCHLD) signal_seen.status = info->si_status;
  sigprocmask(SIG_SETMASK, NULL, (sigset_t *)&signal_seen.mask);
  ++signal_seen.count;
}

void signal_handle(int signal, signal_handler *handler, int flags, int also) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  if (also) sigaddset(&action.sa_mask, also);
  signal_seen.count = 0;
  if (sigaction(signal, &action, NULL)) case_failed(__FILE__, __LINE__, "sigaction");
}

static void change_mask(int how, int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(how, &set, NULL);
}

void signal_block(int signal) { change_mask(SIG_BLOCK, signal); }

void signal_unblock(int signal) { change_mask(SIG_UNBLOCK, signal); }

bool signal_is_pending(int signal) {
  sigset_t set;
  return sigpending(&set) == 0 && sigismember(&set, signal) == 1;
}
