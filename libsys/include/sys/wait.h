#ifndef _SYS_WAIT_H
#define _SYS_WAIT_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WNOHANG 1
#define WUNTRACED 2

/* Exit status << 8, or the signal that ended the process. */
/* picolibc's <stdlib.h> may have made these already, some of them otherwise. */
#undef WIFEXITED
#undef WEXITSTATUS
#undef WIFSIGNALED
#undef WTERMSIG
#undef WIFSTOPPED
#undef WSTOPSIG
#define WIFEXITED(w) (((w)&0x7f) == 0)
#define WEXITSTATUS(w) (((w) >> 8) & 0xff)
#define WIFSIGNALED(w) (((w)&0x7f) > 0 && ((w)&0x7f) < 0x7f)
#define WTERMSIG(w) ((w)&0x7f)
#define WCOREDUMP(w) ((w)&0x80)
#define WIFSTOPPED(w) (((w)&0xff) == 0x7f)
#define WSTOPSIG(w) WEXITSTATUS(w)

pid_t wait(int *);
pid_t waitpid(pid_t, int *, int);

#ifdef __cplusplus
}
#endif

#endif
