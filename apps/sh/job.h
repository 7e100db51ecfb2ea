// Child processes.
#ifndef APPS_SH_JOB_H
#define APPS_SH_JOB_H

#include "apps/sh/shell.h"

// Forks. In the child, which is 0: it is in process group `group` (0: a new one), which has the
// terminal if `foreground`. Without job control groups stay as they are. -1: a message has been
// written.
pid_t job_fork(struct shell *shell, pid_t group, bool foreground);

// Starts a program in a child, without a copy of the shell; with job control it is in a group of
// its own. Returns 0, or the status of the command after a message.
int job_spawn(struct shell *shell, char **argv, pid_t *pid);

// The process group has the terminal. Not for the child to do: Ctrl-C spares who did this last.
void job_give_terminal(struct shell *shell, pid_t group);

// Waits for a child. Returns its status as a command; tells what ended it if that was a signal.
int job_wait(struct shell *shell, pid_t pid);

// The shell itself has the terminal again.
void job_take_terminal(struct shell *shell);

// Collects background processes that have ended.
void job_reap(struct shell *shell);

// Replaces the process by a program. Does not return.
_Noreturn void job_exec(struct shell *shell, char **argv);

#endif
