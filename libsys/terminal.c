// The terminal's foreground process group: who gets Ctrl-C.
#include <unistd.h>

#include "libsys/call.h"

pid_t tcgetpgrp(int fd) {
  if (!isatty(fd)) return -1;
  return (pid_t)result(call_proc(PROC_FOREGROUND, 0, 0).status);
}

int tcsetpgrp(int fd, pid_t group) {
  if (!isatty(fd)) return -1;
  if (group <= 0) {
    errno = EINVAL;
    return -1;
  }
  return result(call_proc(PROC_FOREGROUND, (uint64_t)group, 0).status) < 0 ? -1 : 0;
}
