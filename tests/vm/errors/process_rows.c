// Limits, signals, alternate stacks, timers.
#define _GNU_SOURCE

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vm/errors/errors.h"

#if HAVE_LIMITS
#include <sys/resource.h>

// The errno of the function after setting a limit, in a child; 0 if it succeeds.
static void row_under(const char *text, int resource, rlim_t limit, long (*function)(void)) {
  int status = 0;
  pid_t pid = fork();
  if (pid == 0) {
    struct rlimit set = {limit, limit};
    if (setrlimit(resource, &set)) _exit(255);
    errno = 0;
    _exit(function() == -1 ? errno : 0);
  }
  waitpid(pid, &status, 0);
  errors_row_number(text, WIFEXITED(status) ? WEXITSTATUS(status) : -status);
}

static long map_much(void) {
  return (long)mmap(NULL, 64ul << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long map_much_shared(void) {
  return (long)mmap(NULL, 64ul << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static long break_much(void) { return (long)sbrk(64l << 20); }

void errors_limits(void) {
  struct rlimit limit = {0, 0};
  ROW("get an unknown one", getrlimit(9999, &limit));
  ROW("set an unknown one", setrlimit(9999, &limit));
  ROW("get one of number -1", getrlimit(-1, &limit));
  ROW("get the stack's", getrlimit(RLIMIT_STACK, &limit));
  ROW("set the stack's", setrlimit(RLIMIT_STACK, &limit));
  ROW("get that of address space", getrlimit(RLIMIT_AS, &limit));
  ROW("set that of address space", setrlimit(RLIMIT_AS, &limit));
  ROW("get that of data", getrlimit(RLIMIT_DATA, &limit));
  ROW("get that of locked memory", getrlimit(RLIMIT_MEMLOCK, &limit));
  limit = (struct rlimit){2, 1};
  ROW("soft above hard", setrlimit(RLIMIT_AS, &limit));
  row_under("map with little address space", RLIMIT_AS, 32ul << 20, map_much);
  row_under("map shared memory with little address space", RLIMIT_AS, 32ul << 20, map_much_shared);
  row_under("map with little data", RLIMIT_DATA, 32ul << 20, map_much);
  row_under("map shared memory with little data", RLIMIT_DATA, 32ul << 20, map_much_shared);
  row_under("break with little data", RLIMIT_DATA, 32ul << 20, break_much);
  row_under("break with little address space", RLIMIT_AS, 32ul << 20, break_much);
  row_under("map with enough", RLIMIT_AS, 16ul << 30, map_much);
}
#endif

#if HAVE_SIGACTION
static void handler(int signal) { (void)signal; }

void errors_signals(void) {
  struct sigaction action = {.sa_handler = handler}, old;
  ROW("action of 0", sigaction(0, &action, NULL));
  ROW("action of -1", sigaction(-1, &action, NULL));
  ROW("action of 999", sigaction(999, &action, NULL));
  ROW("action of kill", sigaction(SIGKILL, &action, NULL));
  ROW("action of stop", sigaction(SIGSTOP, &action, NULL));
  ROW("ask for kill", sigaction(SIGKILL, NULL, &old));
  ROW("ask for 0", sigaction(0, NULL, &old));
  ROW("action of a user's", sigaction(SIGUSR1, &action, &old));
  ROW("back again", sigaction(SIGUSR1, &old, NULL));
  ROW("signal of 999", (long)signal(999, handler));
  ROW("signal of kill", (long)signal(SIGKILL, SIG_IGN));
  sigset_t set;
  sigemptyset(&set);
  ROW("mask in an unknown way", sigprocmask(99, &set, NULL));
  ROW("ask for the mask in an unknown way", sigprocmask(99, NULL, &set));
  ROW("mask", sigprocmask(SIG_BLOCK, &set, NULL));
  ROW("add 0", sigaddset(&set, 0));
  ROW("add 999", sigaddset(&set, 999));
  ROW("has 0", sigismember(&set, 0));
  ROW("kill nobody", kill(getpid(), 0));
  ROW("kill with 999", kill(getpid(), 999));
  ROW("kill with -1", kill(getpid(), -1));
  ROW("kill who is not there", kill(0x3fffffff, 0));
  ROW("raise 999", raise(999));
}

void errors_alternate_stack(void) {
  static char memory[64 * 1024] __attribute__((aligned(16)));
  stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory}, old;
  ROW("ask", sigaltstack(NULL, &old));
  ROW("ask for nothing", sigaltstack(NULL, NULL));
  stack.ss_flags = 0x100;
  ROW("unknown flags", sigaltstack(&stack, NULL));
  stack.ss_flags = 0;
  stack.ss_size = 512;
  ROW("too small", sigaltstack(&stack, NULL));
  stack.ss_size = 0;
  ROW("size 0", sigaltstack(&stack, NULL));
  stack.ss_size = sizeof memory;
  ROW("set", sigaltstack(&stack, NULL));
  ROW("ask again", sigaltstack(NULL, &old));
  ROW("is the same", old.ss_sp == memory && old.ss_size == sizeof memory);
  stack = (stack_t){.ss_flags = SS_DISABLE};
  ROW("disable", sigaltstack(&stack, NULL));
}
#endif

#if HAVE_SIGACTION
#include <sys/time.h>

void errors_timers(void) {
  struct itimerval value = {{0, 0}, {0, 0}};
  ROW("get of an unknown clock", getitimer(99, &value));
  ROW("set of an unknown clock", setitimer(99, &value, NULL));
  ROW("get of the real clock", getitimer(ITIMER_REAL, &value));
  value.it_value.tv_usec = 1000000;
  ROW("a million of microseconds", setitimer(ITIMER_REAL, &value, NULL));
  value.it_value.tv_usec = -1;
  ROW("negative microseconds", setitimer(ITIMER_REAL, &value, NULL));
  value.it_value = (struct timeval){-1, 0};
  ROW("negative seconds", setitimer(ITIMER_REAL, &value, NULL));
  value.it_value = (struct timeval){0, 0};
  ROW("disarm", setitimer(ITIMER_REAL, &value, NULL));
  ROW("alarm", alarm(100));
  ROW("no alarm", alarm(0) > 90);
}
#endif
