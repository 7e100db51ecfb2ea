// Addresses that are none, given to calls that take or fill in something other than a file's data.
#define _GNU_SOURCE

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/vm/errors/errors.h"

// A page, then nothing: a string that has no end, and structures that are there in part.
static char *edge;

void errors_bad_paths(void) {
  edge = errors_memory(1);
  memset(edge, 'x', PAGE);
  char *endless = edge + PAGE - 5;
  ROW("open the kernel", open(KERNEL, O_RDONLY));
  ROW("open 0", open(NOWHERE, O_RDONLY));
  ROW("open a string without an end", open(endless, O_RDONLY));
  struct stat status;
  ROW("stat 0", stat(NOWHERE, &status));
  ROW("lstat the kernel", lstat(KERNEL, &status));
  ROW("access", access(endless, R_OK));
  ROW("chdir", chdir(KERNEL));
  ROW("mkdir", mkdir(endless, 0700));
  ROW("rmdir", rmdir(NOWHERE));
  ROW("unlink", unlink(KERNEL));
  ROW("rename from 0", rename(NOWHERE, "x"));
  ROW("link from the kernel", link(KERNEL, "x"));
  ROW("link to a string without an end", link("/", endless));
  ROW("symlink with no text", symlink(NOWHERE, "x"));
  ROW("symlink with no name", symlink("x", KERNEL));
  ROW("chmod", chmod(endless, 0600));
  ROW("truncate", truncate(KERNEL, 0));
  ROW("mkfifo", mkfifo(NOWHERE, 0600));
  char text[8];
  ROW("readlink", readlink(KERNEL, text, sizeof text));
  errors_memory_free(edge, 1);
}

// The bytes that are in the pipe already.
static void fill(int fd, size_t bytes) {
  char text[64];
  memset(text, 'x', sizeof text);
  if (write(fd, text, bytes) != (ssize_t)bytes) abort();
}

void errors_bad_pipe_data(void) {
  int ends[2];
  char *memory = errors_memory_with_hole(4, 1), bytes[64];
  mprotect(memory + 2 * PAGE, PAGE, PROT_READ);
  mprotect(memory + 3 * PAGE, PAGE, PROT_NONE);
  if (pipe(ends)) abort();
  ROW("write from a hole", write(ends[1], memory + PAGE, 10));
  ROW("write into a hole", write(ends[1], memory + PAGE - 5, 10));
  ROW("write from memory without rights", write(ends[1], memory + 3 * PAGE, 10));
  ROW("write from memory that is read only", write(ends[1], memory + 2 * PAGE, 10));
  ROW("write from the kernel", write(ends[1], KERNEL, 10));
  ROW("write from 0", write(ends[1], NOWHERE, 10));
  ROW("write nothing from a hole", write(ends[1], memory + PAGE, 0));
  ROW("read what was written", read(ends[0], bytes, sizeof bytes));
  fill(ends[1], 20);
  ROW("read to a hole", read(ends[0], memory + PAGE, 10));
  ROW("read to memory that is read only", read(ends[0], memory + 2 * PAGE, 10));
  ROW("read to memory without rights", read(ends[0], memory + 3 * PAGE, 10));
  ROW("read to the kernel", read(ends[0], KERNEL, 10));
  ROW("read to 0", read(ends[0], NOWHERE, 10));
  ROW("read nothing to a hole", read(ends[0], memory + PAGE, 0));
  ROW("read up to a hole", read(ends[0], memory + PAGE - 20, 60));
  ROW("write to the end for reading", write(ends[0], memory + PAGE, 10));
  ROW("read from the end for writing", read(ends[1], memory + PAGE, 10));
  close(ends[0]);
  close(ends[1]);
  int zero = open("/dev/zero", O_RDONLY);
  ROW("read zeros to a hole", read(zero, memory + PAGE, 10));
  close(zero);
  ROW("ends of a pipe to 0", pipe(NOWHERE));
  ROW("ends of a pipe to a hole", pipe((int *)(memory + PAGE - 4)));
  if (pipe(ends)) abort();
  ROW("no descriptor is lost", ends[0] == zero);
  close(ends[0]);
  close(ends[1]);
  errors_memory_free(memory, 4);
}

static pid_t child_that_ends(void) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  return child;
}

void errors_bad_results(void) {
  edge = errors_memory(1);
  char *partly = edge + PAGE - 8;
  int fd = errors_file(O_RDONLY);
  ROW("stat", stat("/", KERNEL));
  ROW("lstat", lstat("/", (void *)partly));
  ROW("fstat", fstat(fd, NOWHERE));
  close(fd);
  ROW("working directory", (long)getcwd(KERNEL, 4096) - 1);
  ROW("name of the system", uname((void *)partly));
  pid_t child = child_that_ends();
  ROW("status of a child", waitpid(child, KERNEL, 0));
  ROW("the child then", waitpid(child, NULL, 0));
  struct timespec time = {0, 1};
  ROW("sleep for the kernel's time", nanosleep(KERNEL, NULL));
  ROW("sleep without being interrupted", nanosleep(&time, KERNEL));
  errors_memory_free(edge, 1);
}

#if HAVE_LIMITS
void errors_bad_limits(void) {
  ROW("get a limit", getrlimit(RLIMIT_STACK, KERNEL));
  ROW("get another limit", getrlimit(RLIMIT_NOFILE, KERNEL));
  ROW("set a limit", setrlimit(RLIMIT_AS, KERNEL));
  ROW("set an unknown limit", setrlimit(9999, KERNEL));
  ROW("usage", getrusage(RUSAGE_SELF, KERNEL));
  ROW("usage of an unknown one", getrusage(9999, KERNEL));
  char *memory = errors_memory(1);
  ROW("resident pages", mincore(memory, PAGE, KERNEL));
  errors_memory_free(memory, 1);
}
#endif

#if HAVE_SIGACTION
void errors_bad_signals(void) {
  edge = errors_memory(1);
  void *partly = edge + PAGE - 4;
  ROW("old mask", sigprocmask(SIG_BLOCK, NULL, KERNEL));
  ROW("pending", sigpending(partly));
  ROW("suspend", sigsuspend(NOWHERE));
  struct timespec time = {0, 0};
  sigset_t set;
  sigemptyset(&set);
  ROW("wait for the kernel's set", sigtimedwait(KERNEL, NULL, &time));
  ROW("wait for the kernel's time", sigtimedwait(&set, NULL, KERNEL));
  ROW("set a stack", sigaltstack(partly, NULL));
  ROW("old stack", sigaltstack(NULL, KERNEL));
  ROW("get a timer", getitimer(ITIMER_REAL, partly));
  ROW("set a timer", setitimer(ITIMER_REAL, KERNEL, NULL));
  struct itimerval off = {{0, 0}, {0, 0}};
  ROW("old timer", setitimer(ITIMER_REAL, &off, KERNEL));
  errors_memory_free(edge, 1);
}
#endif

// The errno of an execve that must fail.
static void row_exec(const char *text, const char *path, char *const argv[], char *const envp[]) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    execve(path, argv, envp);
    _exit(errno);
  }
  waitpid(child, &status, 0);
  errors_row_number(text, WIFEXITED(status) ? WEXITSTATUS(status) : -status);
}

void errors_bad_exec(void) {
  char *const none[] = {NULL}, *const bad[] = {KERNEL, NULL};
  edge = errors_memory(1);
  char **unbounded = (char **)(edge + PAGE) - 1;
  unbounded[0] = edge;
  row_exec("path", KERNEL, none, none);
  row_exec("arguments", "/bin/true", KERNEL, none);
  row_exec("environment", "/bin/true", none, KERNEL);
  row_exec("an argument", "/bin/true", bad, none);
  row_exec("a string of the environment", "/bin/true", none, bad);
  row_exec("arguments without an end", "/bin/true", unbounded, none);
  errors_row_number("spawn with a bad path", posix_spawn(NULL, KERNEL, NULL, NULL, none, none));
  errors_row_number("spawn with a bad argument",
                    posix_spawn(NULL, "/bin/true", NULL, NULL, bad, none));
  errors_memory_free(edge, 1);
}
