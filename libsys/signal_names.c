// Texts for signals.
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    [SIGHUP] = "Hangup",
    [SIGINT] = "Interrupt",
    [SIGQUIT] = "Quit",
    [SIGILL] = "Illegal instruction",
    [SIGTRAP] = "Trace/breakpoint trap",
    [SIGABRT] = "Aborted",
    [SIGBUS] = "Bus error",
    [SIGFPE] = "Floating point exception",
    [SIGKILL] = "Killed",
    [SIGUSR1] = "User defined signal 1",
    [SIGSEGV] = "Segmentation fault",
    [SIGUSR2] = "User defined signal 2",
    [SIGPIPE] = "Broken pipe",
    [SIGALRM] = "Alarm clock",
    [SIGTERM] = "Terminated",
    [SIGSTKFLT] = "Stack fault",
    [SIGCHLD] = "Child exited",
    [SIGCONT] = "Continued",
    [SIGSTOP] = "Stopped (signal)",
    [SIGTSTP] = "Stopped",
    [SIGTTIN] = "Stopped (tty input)",
    [SIGTTOU] = "Stopped (tty output)",
    [SIGURG] = "Urgent I/O condition",
    [SIGXCPU] = "CPU time limit exceeded",
    [SIGXFSZ] = "File size limit exceeded",
    [SIGVTALRM] = "Virtual timer expired",
    [SIGPROF] = "Profiling timer expired",
    [SIGWINCH] = "Window changed",
    [SIGIO] = "I/O possible",
    [SIGPWR] = "Power failure",
    [SIGSYS] = "Bad system call",
};

char *strsignal(int signal) {
  static char text[32];
  if (signal > 0 && signal <= SIGSYS) return (char *)names[signal];
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) {
    snprintf(text, sizeof text, "Real-time signal %d", signal - SIGRTMIN);
  } else {
    snprintf(text, sizeof text, "Unknown signal %d", signal);
  }
  return text;
}

void psignal(int signal, const char *before) {
  if (before && *before) fprintf(stderr, "%s: ", before);
  fprintf(stderr, "%s\n", strsignal(signal));
}

void psiginfo(const siginfo_t *info, const char *before) {
  if (before && *before) fprintf(stderr, "%s: ", before);
  fprintf(stderr, "%s (code %d, ", strsignal(info->si_signo), info->si_code);
  if (info->si_code <= 0 || info->si_signo == SIGCHLD) {
    fprintf(stderr, "from %d)\n", (int)info->si_pid);
  } else {
    fprintf(stderr, "at %p)\n", info->si_addr);
  }
}
