// Calls to proc: processes. A process is named by its pid; its badge stays between servers.
#ifndef PROTOCOLS_PROC_H
#define PROTOCOLS_PROC_H

#include <stdint.h>

enum proc_op {
  PROC_FORK = 1,  // () -> pid, in the child 0. EAGAIN (limit) ENOMEM
  PROC_EXIT = 2,  // (status 0..255). Does not return
  // (pid > 0, -1 any child, 0 or < -1 process group; WNOHANG 1 | WUNTRACED 2)
  //   -> pid, wait status; 0 with WNOHANG if none ended. DEFERRED. ECHILD EINVAL EINTR
  PROC_WAIT = 3,
  // (pid > 0; < -1, 0: process group; -1: all but the caller and init; signal). What the signal
  // does is in protocols/signal.h; 0 only checks. There is no stopping: EINVAL for SIGSTOP, and
  // SIGTSTP, SIGTTIN, SIGTTOU do nothing unless they are handled. ESRCH EINVAL EPERM (init)
  PROC_KILL = 4,
  PROC_GETPID = 5,  // () -> pid, parent's pid, process group, session
  // (nanoseconds) -> 0. DEFERRED. EINTR: a signal came; the rest of the time follows
  PROC_SLEEP = 6,
  // (fd). libsys has put struct exec_image into the message page. Forwarded to fs, then to the
  // pager. Takes the name from it, also if the exec fails later on.
  PROC_EXEC = 7,
  PROC_SETPGID = 8,  // (pid or 0, group or 0). ESRCH EPERM EINVAL EACCES (child after exec)
  // (group, 0 = query) -> group. Ctrl-C sends SIGINT to it, but not to the process that set the
  // foreground last (the shell). That one's read ends with EINTR instead; if it does not read but
  // is starting a job, SIGINT goes to the next group that it puts into the foreground.
  // ESRCH EINVAL
  PROC_FOREGROUND = 9,
  // Writes struct proc_entry[] to the message page. (first slot) -> entries, next slot; 0 at the
  // end
  PROC_LIST = 10,
  PROC_POWEROFF = 11,  // (status 0..255). Ends all programs, unmounts, halts. Does not return
  PROC_TIMES = 12,     // () -> reserved for times(): own, children's CPU time in nanoseconds
  // () -> ticks a second of rdtime, nanoseconds since 1970 when rdtime was 0 (0 without a clock)
  PROC_CLOCK = 13,
  // (nanoseconds until SIGALRM, 0: never, or PROC_ITIMER_ASK; nanoseconds from one to the next, 0:
  // only one) -> 0, nanoseconds that were left, 0: none was to come; interval before
  PROC_ITIMER = 15,
  // (nanoseconds, ~0: for ever; set of signals) -> 0: one of the set or one that is not masked is
  // pending. DEFERRED. EAGAIN: the time is over
  PROC_PAUSE = 16,

  // (fd). libsys has put struct exec_image and struct spawn_request (spawn.h) into the message
  // page. A child that runs the program in that file, with the parent's files as the request says.
  // -> pid. EAGAIN (limit) ENOMEM EPERM (group) EBADF EACCES ENOEXEC ENOTDIR EINVAL: no child has
  // been
  PROC_SPAWN = 14,

  // () -> 0, faults, major ones, the most resident pages of one: of all children that were waited
  // for, and theirs (struct pager_usage)
  PROC_USAGE = 17,

  // --- from the pager: a forwarded faulter (via VIA_PAGER; the event's kind stays EVENT_FAULT,
  // so an answer of any words makes it try again) ---
  // (PROC_FAULT_WHAT(signal, access, reason), address, program counter). The signal is SIGSEGV,
  // SIGBUS, or SIGKILL for no memory.
  PROC_FAULT = 32,
  // --- from fs, on a broken pipe: (via VIA_FS), a forwarded caller ---
  PROC_SIGNAL_SELF = 33,  // (signal): the caller is answered -EPIPE if it lives on
  // --- from fs (via VIA_FS): the forwarded caller of FS_UNMOUNT ---
  PROC_UNMOUNTED = 34,  // (0 or a negative errno)
};

enum fault_reason {
  FAULT_UNMAPPED = 1,    // "unmapped memory"
  FAULT_PROTECTED = 2,   // "protected memory"
  FAULT_BEYOND_END = 3,  // behind the end of a mapped file
  FAULT_IO_ERROR = 4,    // the file could not be read
  FAULT_NO_MEMORY = 5,
  FAULT_STACK = 6,  // stack limit
};

// enum fault_access (FAULT_READ, FAULT_WRITE or FAULT_EXECUTE) and enum fault_reason.
#define PROC_FAULT_WHAT(signal, access, reason) \
  ((uint64_t)(signal) | (uint64_t)(access) << 8 | (uint64_t)(reason) << 16)
#define PROC_FAULT_SIGNAL(what) ((uint32_t)(what)&0xffu)
#define PROC_FAULT_ACCESS(what) ((uint32_t)(what) >> 8 & 0xffu)
#define PROC_FAULT_REASON(what) ((uint32_t)(what) >> 16 & 0xffu)

#define PROC_ITIMER_ASK UINT64_MAX

enum proc_state { PROC_RUNNING = 1, PROC_WAITING = 2, PROC_ZOMBIE = 3 };

struct proc_entry {
  uint32_t pid, parent, group, state;
  uint32_t slot;  // for PAGER_REGIONS
  uint32_t status;
  uint64_t started;  // rdtime ticks
  char name[32];
};

#endif
