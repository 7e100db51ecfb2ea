#include <sys/wait.h>

#include "libsys/call.h"
#include "libsys/guarded.h"

pid_t waitpid(pid_t pid, int *status, int options) {
  uint64_t mark = signals_mark();
  struct reply reply;
  do {
    reply = call_proc(PROC_WAIT, (uint64_t)pid, (uint64_t)(unsigned)options);
  } while (reply.status == -EINTR && signals_restart(&mark));
  int how = (int)reply.word[0];
  if (reply.status > 0 && status && guarded_copy(status, &how, sizeof how)) return -1;
  return (pid_t)result(reply.status);
}

pid_t wait(int *status) { return waitpid(-1, status, 0); }
