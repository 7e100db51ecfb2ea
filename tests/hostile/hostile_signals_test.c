// Programs that write anything into their signal pages (protocols/signal.h), at any time. They hurt
// themselves alone, and SIGKILL ends them.
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "libsys/kcall.h"
#include "protocols/fs.h"
#include "protocols/pager.h"
#include "protocols/proc.h"
#include "protocols/signal.h"
#include "tests/harness/cases.h"

static volatile struct signal_page *page(void) { return signal_page_in((void *)MESSAGE_PAGE); }

static uint64_t state;

static uint64_t random_bits(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static uint64_t random_word(void) {
  static const uint64_t words[] = {
      0,        1,     2,          64,           IMAGE_BASE,  IMAGE_BASE + 2, STACK_TOP,
      USER_END, ~0ull, 1ull << 63, MESSAGE_PAGE, ~0ull << 12, 1ull << 10};
  return random_bits() % 4 == 0 ? random_bits()
                                : words[random_bits() % (sizeof words / sizeof *words)];
}

// Runs the function in a child that blocks all signals, sends it some for a while, and ends it. Its
// wait status; -1: it could not be ended.
static int torment(void (*function)(uint64_t), uint64_t number, int rounds) {
  static const int signals[] = {SIGUSR1, SIGALRM, SIGSEGV,  SIGBUS,
                                SIGILL,  SIGCHLD, SIGRTMAX, SIGPIPE};
  int status = -1;
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_t child = fork();
  if (child == 0) {
    // One that is sent to its first instruction begins anew, and would speak to the runner.
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    state = 88172645463325252ull + number * 7919;
    function(number);
    _exit(0);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (child < 0) return -1;
  for (int i = 0; i < rounds; ++i) {
    if (waitpid(child, &status, WNOHANG) == child) return status;
    for (int j = 0; j < 8; ++j) kill(child, signals[j]);
    usleep(1000);
  }
  kill(child, SIGKILL);
  return waitpid(child, &status, 0) == child ? status : -1;
}

// The system still delivers signals to others, and starts and ends them.
static bool system_works(void) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ualarm(1000, 0);
    _exit(sigwait(&set, &number) != 0 || number != SIGALRM);
  }
  return waitpid(child, &status, 0) == child && status == 0;
}

static void want_upcalls(uint64_t entry) {
  kcall_call(HANDLE_PAGER, PAGER_UPCALL, 0, 0, 0, 0, 0);
  page()->entry = entry;
  page()->handled = ~0ull;
  page()->mask = 0;
}

static void fault(void) { __asm__ volatile("sb zero, 8(zero)" ::: "memory"); }

static void spin(void) {
  for (;;) {
  }
}

// --- entries -----------------------------------------------------------------------------------

static void fault_to_bad_entry(uint64_t number) {
  static const uint64_t entries[] = {1,
                                     8,
                                     USER_END - 2,
                                     USER_END,
                                     ~0ull,
                                     1ull << 63,
                                     MESSAGE_PAGE,
                                     STACK_TOP,
                                     0xffffffc080200000ull};
  want_upcalls(entries[number]);
  fault();
}

CASE(Entry, AtNoInstructionEndsTheProcess) {
  for (uint64_t i = 0; i < 9; ++i) {
    int status = torment(fault_to_bad_entry, i, 1000);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) != SIGKILL);
  }
  CHECK(system_works());
}

static void compute_with_bad_entry(uint64_t number) {
  want_upcalls(number ? 8 : USER_END);
  spin();
}

CASE(Entry, AsynchronousSignalsGoThereToo) {
  CHECK(WIFSIGNALED(torment(compute_with_bad_entry, 0, 8)));
  int status = torment(compute_with_bad_entry, 1, 1000);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL);
  CHECK(system_works());
}

// Faults again and again, and always says that it is ready for the next one.
static void never_done(void) {
  page()->busy = 0;
  fault();
}

static void fault_for_ever(uint64_t number) {
  (void)number;
  want_upcalls((uint64_t)(uintptr_t)never_done);
  fault();
}

CASE(Entry, ThatFaultsForEverCanBeKilled) {
  int status = torment(fault_for_ever, 0, 5);
  CHECK(WIFSIGNALED(status));
  CHECK(system_works());
}

static void fault_unbound(uint64_t number) {
  (void)number;
  page()->entry = (uint64_t)(uintptr_t)never_done;  // but the pager was not asked
  page()->handled = ~0ull;
  page()->mask = 0;
  fault();
}

CASE(Entry, WithoutCallBufferIsNone) {
  int status = torment(fault_unbound, 0, 1000);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL);
  CHECK(system_works());
}

// --- guards ------------------------------------------------------------------------------------

static void fault_with_guard(uint64_t guard) {
  page()->guard = guard;
  fault();
}

CASE(Guard, BeyondUserAddressesEndsTheProcess) {
  for (uint64_t guard = USER_END; guard != 0; guard <<= 1) {
    int status = torment(fault_with_guard, guard, 1000);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  }
  CHECK(system_works());
}

// Each fault leads to the next one.
CASE(Guard, WithoutCodeCanBeKilled) {
  CHECK(WIFSIGNALED(torment(fault_with_guard, 8, 5)));
  CHECK(WIFSIGNALED(torment(fault_with_guard, MESSAGE_PAGE, 5)));
  CHECK(WIFSIGNALED(torment(fault_with_guard, (uint64_t)(uintptr_t)fault, 5)));
  CHECK(system_works());
}

// --- words -------------------------------------------------------------------------------------

static void always_busy(uint64_t number) {
  page()->busy = ~0ull;
  want_upcalls((uint64_t)(uintptr_t)never_done);
  if (number) fault();
  spin();
}

CASE(Busy, AlwaysMeansNoHandlerEver) {
  int status = torment(always_busy, 1, 1000);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  status = torment(always_busy, 0, 5);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  CHECK(system_works());
}

static void everything_masked(uint64_t number) {
  page()->mask = page()->ignored = page()->handled = ~0ull;
  if (number) fault();
  spin();
}

CASE(Mask, OfEverythingDoesNotStopSigkillNorFaults) {
  int status = torment(everything_masked, 1, 1000);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  status = torment(everything_masked, 0, 5);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  CHECK(system_works());
}

// No wait lasts, and nothing is ever taken.
static void always_pending(uint64_t number) {
  int fds[2];
  (void)number;
  if (pipe(fds)) _exit(1);
  for (;;) {
    page()->pending = ~0ull;
    page()->mask = 0;
    kcall_call(HANDLE_PROC, PROC_WAIT, ~0ull, 0, 0, 0, 0);
    kcall_call(HANDLE_PROC, PROC_SLEEP, 1000000000, 0, 0, 0, 0);
    kcall_call(HANDLE_PROC, PROC_PAUSE, ~0ull, ~0ull, 0, 0, 0);
    kcall_call(HANDLE_FS, FS_READ, (uint64_t)fds[0], 0, 1, FS_AT_POSITION, 0);
  }
}

CASE(Pending, ForEverHurtsNobodyElse) {
  CHECK(WIFSIGNALED(torment(always_pending, 0, 5)));
  CHECK(system_works());
}

static void alarm_without_pause(uint64_t number) {
  if (number) page()->mask = ~0ull;
  kcall_call(HANDLE_PROC, PROC_ITIMER, 1, 1, 0, 0, 0);
  page()->ignored = ~0ull;
  if (!number) page()->mask = 0;
  spin();
}

CASE(Interval, TooShortIsMadeLonger) {
  CHECK(WIFSIGNALED(torment(alarm_without_pause, 0, 5)));
  CHECK(WIFSIGNALED(torment(alarm_without_pause, 1, 5)));
  CHECK(system_works());
}

// --- anything ----------------------------------------------------------------------------------

static void scribble(void) {
  volatile uint64_t *words = (volatile uint64_t *)page();
  for (uint64_t n = random_bits() % 4 + 1; n > 0; --n) {
    words[random_bits() % ((PAGE_SIZE - UPCALL_OFFSET) / 8)] = random_word();
  }
}

static void ignore(int number) { (void)number; }

static void do_anything(uint64_t number) {
  (void)number;
  for (int signal_number = 1; signal_number < 32; ++signal_number) signal(signal_number, ignore);
  page()->mask = 0;
  for (;;) {
    scribble();
    switch (random_bits() % 8) {
      case 0:
        kcall_resume();
        break;
      case 1:
        kill(getpid(), (int)(random_bits() % 65));
        break;
      case 2:
        if (fork() == 0) _exit(0);
        break;
      case 3:
        kcall_call(HANDLE_PROC, PROC_PAUSE, random_bits() % 100000, random_word(), 0, 0, 0);
        break;
      case 4:
        kcall_call(HANDLE_PROC, PROC_ITIMER, random_word(), 0, 0, 0, 0);
        break;
      case 5:
        kcall_call(HANDLE_PAGER, PAGER_UPCALL, 0, 0, 0, 0, 0);
        break;
      case 6:
        fault();
        break;
      default:
        usleep(10);
    }
  }
}

CASE(Words, AnyAreTheProcessesOwnProblem) {
  for (uint64_t i = 0; i < 40; ++i) CHECK(torment(do_anything, i, 4) >= 0);
  CHECK(system_works());
}

CASE(Servers, RefuseToInterruptForPrograms) {
  for (uint64_t badge = 0; badge < 64; ++badge) {
    CHECK(kcall_call(HANDLE_PAGER, PAGER_INTERRUPT, badge, 0, 0, 0, 0).status < 0);
    CHECK(kcall_call(HANDLE_FS, FS_INTERRUPT, badge, 0, 0, 0, 0).status < 0);
  }
}
