// For MAP_ANONYMOUS, mremap and others.
#define _GNU_SOURCE

#include "tests/vm/exerciser/actor.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vm/features.h"

enum { SECONDS_TO_LIVE = 60 };  // where nobody kills

static struct answer *answering;

#if HAVE_SIGACTION
static sigjmp_buf back;

static void caught(int signal, siginfo_t *info, void *context) {
  (void)context;
  answering->signal = signal;
  answering->code = info->si_code;
  answering->address = (uintptr_t)info->si_addr;
  siglongjmp(back, 1);
}

static void catch_faults(void) {
  struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
}
#endif

static void access_byte(const struct command *command) {
  volatile uint8_t *byte = (uint8_t *)command->address;
  if (command->flags) {
    *byte = 1;
  } else {
    (void)*byte;
  }
}

// The access, by a child if faults cannot be caught.
static long touch(const struct command *command) {
#if HAVE_SIGACTION
  access_byte(command);
#else
  int status = 0;
  pid_t pid = fork();
  if (pid == 0) {
    access_byte(command);
    _exit(0);
  }
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) answering->signal = WTERMSIG(status);
#endif
  return 0;
}

static long wait_for(pid_t pid) {
  int status = 0;
  return waitpid(pid, &status, 0) == pid ? status : -1;
}

static long do_memory(const struct command *c) {
  void *address = (void *)c->address;
  switch (c->kind) {
    case DO_MMAP:
      return (long)mmap(address, c->length, c->prot, c->flags, c->fd, c->offset);
    case DO_MUNMAP:
      return munmap(address, c->length);
    case DO_MPROTECT:
      return mprotect(address, c->length, c->prot);
#if HAVE_MREMAP
    case DO_MREMAP:
      return (long)mremap(address, c->length, c->new_length, c->flags, (void *)c->new_address);
#endif
    case DO_MSYNC:
      return msync(address, c->length, c->flags);
#if HAVE_MADVISE
    case DO_MADVISE:
      return madvise(address, c->length, c->flags);
#endif
#if HAVE_MLOCK
    case DO_MLOCK:
      return mlock(address, c->length);
    case DO_MUNLOCK:
      return munlock(address, c->length);
#endif
#if HAVE_MINCORE
    case DO_MINCORE: {
      unsigned char resident[64];
      return mincore(address, c->length, resident);
    }
#endif
    case DO_BRK:
      return brk(address);
    default:
      errno = ENOSYS;
      return -1;
  }
}

static long do_command(struct stage *stage, int slot) {
  struct mailbox *mailbox = &stage->mailbox[slot];
  const struct command *c = &mailbox->command;
  void *memory = c->address ? (void *)c->address : mailbox->data;
  switch (c->kind) {
    case DO_PREAD:
      return pread(c->fd, memory, c->length, c->offset);
    case DO_PWRITE:
      return pwrite(c->fd, memory, c->length, c->offset);
    case DO_FTRUNCATE:
      return ftruncate(c->fd, c->offset);
    case DO_FSYNC:
      return fsync(c->fd);
    case DO_LOAD:
      memcpy(mailbox->data, memory, c->length);
      return 0;
    case DO_STORE:
      memcpy(memory, mailbox->data, c->length);
      return 0;
    case DO_TOUCH:
      return touch(c);
    case DO_WAIT:
      return wait_for((pid_t)c->offset);
    case DO_EXIT:
      return 0;
    case DO_FORK: {
      int child = c->flags;
      pid_t pid = fork();
      if (pid == 0) actor_run(stage, child);
      return pid;
    }
    default:
      return do_memory(c);
  }
}

static void serve(struct stage *stage, int slot) {
  struct mailbox *mailbox = &stage->mailbox[slot];
  answering = &mailbox->answer;
  memset(answering, 0, sizeof *answering);
#if HAVE_SIGACTION
  if (sigsetjmp(back, 1)) return;
#endif
  errno = 0;
  long value = do_command(stage, slot);
  answering->value = value;
  answering->error = value == -1 ? errno : 0;
}

static void __attribute__((noreturn)) end(int status) {
  if (status == TO_BE_KILLED) sleep(SECONDS_TO_LIVE);
  _exit(status == TO_BE_KILLED ? 2 : status);
}

void actor_run(struct stage *stage, int slot) {
  // Who alone holds the other ends is the driver: its end is seen as the end of a pipe.
  for (int i = 0; i < ACTORS_MAX; i++) close(stage->command[i][1]);
  close(stage->answer[0]);
#if HAVE_SIGACTION
  catch_faults();
#endif
  char byte;
  while (read(stage->command[slot][0], &byte, 1) == 1) {
    serve(stage, slot);
    // Behind the answer the mailbox may be that of the next actor of this slot.
    struct command command = stage->mailbox[slot].command;
    if (write(stage->answer[1], &byte, 1) != 1) break;
    if (command.kind == DO_EXIT) end(command.flags);
  }
  _exit(2);
}
