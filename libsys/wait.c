#include <sys/wait.h>

#include "libsys/call.h"

pid_t waitpid(pid_t pid, int *status, int options) {
  uint64_t mark = signals_mark();
  struct reply reply;
  do {
    reply = call_proc(PROC_WAIT, (uint64_t)pid, (uint64_t)(unsigned)options);
  } while (reply.status == -EINTR && signals_restart(&mark));
  if (reply.status > 0 && status) *status = (int)reply.word[0];
  return (pid_t)result(reply.status);
}

pid_t wait(int *status) { return waitpid(-1, status, 0); }
