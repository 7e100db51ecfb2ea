// Processes begin, end and are told apart.
#include <stdlib.h>
#include <unistd.h>

#include "libsys/call.h"

// fork was refused for want of memory.
static __attribute__((noinline)) int64_t fork_again(int64_t status) {
  for (int tries = 0; memory_came(status, tries); tries++) {
    status = kcall_call(HANDLE_PROC, PROC_FORK, 0, 0, 0, 0, 0).status;
  }
  return status;
}

// The child shares its pages with its parent, the stack, too: it does not write without need.
pid_t fork(void) {
  int64_t status = kcall_call(HANDLE_PROC, PROC_FORK, 0, 0, 0, 0, 0).status;
  if (status < 0) status = fork_again(status);
  return (pid_t)result(status);
}

// The child runs beside its parent and has memory of its own: all that a program may do after vfork
// does not tell the two apart. Who wants no copy uses posix_spawn.
pid_t vfork(void) { return fork(); }

void _exit(int status) {
  kcall_call(HANDLE_PROC, PROC_EXIT, (unsigned)status & 0xff, 0, 0, 0, 0);
  __builtin_trap();  // proc does not answer
}

// It is known where no child inherits it: a handler may be the first that runs in one.
pid_t getpid(void) {
  volatile struct signal_page *page = signals_page();
  if (!page->pid) page->pid = (uint64_t)call_proc(PROC_GETPID, 0, 0).status;
  return (pid_t)page->pid;
}

pid_t getppid(void) { return (pid_t)call_proc(PROC_GETPID, 0, 0).word[0]; }

pid_t getpgrp(void) { return (pid_t)call_proc(PROC_GETPID, 0, 0).word[1]; }

int setpgid(pid_t pid, pid_t group) {
  return (int)result(call_proc(PROC_SETPGID, (uint64_t)pid, (uint64_t)group).status);
}

// There is one user, who may do everything.
uid_t getuid(void) { return 0; }
uid_t geteuid(void) { return 0; }
gid_t getgid(void) { return 0; }
gid_t getegid(void) { return 0; }
