// Faults that go to handlers: what these are told, what they can change, how they end.
#define _GNU_SOURCE  // REG_*
#include <setjmp.h>

#include "tests/behaviour/context.h"
#include "tests/behaviour/support.h"

static volatile struct {
  int count, signal, code;
  char *address;
  uintptr_t pc, sp;
} seen;

static void note(int signal, siginfo_t *info, void *context) {
  ++seen.count;
  seen.signal = info->si_signo == signal ? signal : -1;
  seen.code = info->si_code;
  seen.address = info->si_addr;
  seen.pc = (uintptr_t)CONTEXT_PC(context);
  seen.sp = (uintptr_t)CONTEXT_SP(context);
}

typedef void handler(int, siginfo_t *, void *);

static void handle(int signal, handler *function, int flags) {
  struct sigaction action = {.sa_sigaction = function, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  seen.count = 0;
  if (sigaction(signal, &action, NULL)) case_failed(__FILE__, __LINE__, "sigaction");
}

static void unhandle(int number) { signal(number, SIG_DFL); }

// --- repair and return -------------------------------------------------------------------------

static void allow(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  uintptr_t page = (uintptr_t)info->si_addr & ~(PAGE - 1);
  mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
}

CASE(Segv, RepairsProtectionAndGoesOn) {
  enum { PAGES = 20 };
  char *memory = anonymous(PAGES);
  CHECK(memory);
  memset(memory, 7, PAGES * PAGE);
  CHECK_EQ(mprotect(memory, PAGES * PAGE, PROT_READ), 0);
  handle(SIGSEGV, allow, 0);
  for (int i = 0; i < PAGES; ++i) {
    *(volatile char *)(memory + i * (long)PAGE + 5 * i) = 9;
    CHECK_EQ(seen.count, i + 1);
    CHECK_EQ(seen.signal, SIGSEGV);
    CHECK_EQ(seen.code, SEGV_ACCERR);
    CHECK(seen.address == memory + i * (long)PAGE + 5 * i);
  }
  for (int i = 0; i < PAGES; ++i) CHECK_EQ(memory[i * (long)PAGE + 5 * i], 9);
  unhandle(SIGSEGV);
  munmap(memory, PAGES * PAGE);
}

static void map_there(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  uintptr_t page = (uintptr_t)info->si_addr & ~(PAGE - 1);
  mmap((void *)page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

CASE(Segv, MapsWhatIsMissing) {
  char *memory = anonymous(3);
  CHECK(memory);
  munmap(memory, 3 * PAGE);
  handle(SIGSEGV, map_there, 0);
  CHECK_EQ(*(volatile char *)(memory + PAGE + 123), 0);
  CHECK_EQ(seen.count, 1);
  CHECK_EQ(seen.code, SEGV_MAPERR);
  CHECK(seen.address == memory + PAGE + 123);
  unhandle(SIGSEGV);
  munmap(memory, 3 * PAGE);
}

CASE(Segv, TellsUnmappedFromForbidden) {
  char *memory = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  handle(SIGSEGV, allow, 0);
  load(memory + 8);
  CHECK_EQ(seen.code, SEGV_ACCERR);
  CHECK(seen.address == memory + 8);
  unhandle(SIGSEGV);
  munmap(memory, PAGE);
}

static int grown;

static void grow(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  if (ftruncate(grown, 3 * PAGE)) _exit(1);
}

CASE(Bus, BeyondTheEndOfAFile) {
  grown = make_file("grown", PAGE);
  char *memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, grown, 0);
  CHECK(memory != MAP_FAILED);
  handle(SIGBUS, grow, 0);
  CHECK_EQ(memory[17], 1);
  CHECK_EQ(seen.count, 0);
  CHECK_EQ(*(volatile char *)(memory + 2 * PAGE + 17), 0);
  CHECK_EQ(seen.count, 1);
  CHECK_EQ(seen.signal, SIGBUS);
  CHECK_EQ(seen.code, BUS_ADRERR);
  CHECK(seen.address == memory + 2 * PAGE + 17);
  unhandle(SIGBUS);
  munmap(memory, 3 * PAGE);
  close(grown);
}

// --- registers ---------------------------------------------------------------------------------

static long good = 4711;

static void redirect(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  CONTEXT_ADDRESS(context) = (long)&good;
}

CASE(Context, AddressRegisterCanBeChanged) {
  handle(SIGSEGV, redirect, 0);
  CHECK_EQ(load((void *)16), 4711);
  CHECK_EQ(seen.count, 1);
  CHECK(seen.address == (char *)16);
  CHECK_EQ(seen.code, SEGV_MAPERR);
  unhandle(SIGSEGV);
}

static void skip_load(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  CONTEXT_RESULT(context) = 99;
  CONTEXT_PC(context) += LOAD_BYTES;
}

CASE(Context, InstructionsCanBeSkipped) {
  handle(SIGSEGV, skip_load, 0);
  for (int i = 1; i <= 1000; ++i) {
    CHECK_EQ(load((void *)8), 99);
    CHECK_EQ(seen.count, i);
  }
  unhandle(SIGSEGV);
}

static unsigned skipped;  // bytes of the instruction

static void skip(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  CONTEXT_PC(context) += skipped;
}

CASE(Ill, TellsWhere) {
  skipped = ILLEGAL_BYTES;
  handle(SIGILL, skip, 0);
  __asm__ volatile(ILLEGAL);
  CHECK_EQ(seen.count, 1);
  CHECK_EQ(seen.signal, SIGILL);
  CHECK(seen.code == ILL_ILLOPC || seen.code == ILL_ILLOPN);
  CHECK((uintptr_t)seen.address == seen.pc);
  unhandle(SIGILL);
}

CASE(Trap, ComesForBreakpoints) {
  skipped = BREAKPOINT_BYTES;
  handle(SIGTRAP, skip, 0);
  __asm__ volatile(BREAKPOINT);
  CHECK_EQ(seen.count, 1);
  CHECK_EQ(seen.signal, SIGTRAP);
#ifdef __riscv
  CHECK_EQ(seen.code, TRAP_BRKPT);
  CHECK((uintptr_t)seen.address == seen.pc);
#endif
  unhandle(SIGTRAP);
}

#ifdef __riscv
CASE(Bus, MisalignedAtomics) {
  static _Alignas(8) char memory[16];
  skipped = 4;
  handle(SIGBUS, skip, 0);
  __asm__ volatile(
      ".option push\n.option norvc\namoadd.d zero, zero, (%0)\n.option pop" ::"r"(memory + 4)
      : "memory");
  CHECK_EQ(seen.count, 1);
  CHECK_EQ(seen.code, BUS_ADRALN);
  CHECK(seen.address == memory + 4);
  unhandle(SIGBUS);
}

// Floating-point registers and fcsr are those of the interrupted program, and can be changed.
static void change_fp(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  struct __riscv_mc_d_ext_state *fp = &((ucontext_t *)context)->uc_mcontext.__fpregs.__d;
  double value;
  memcpy(&value, &fp->__f[8], sizeof value);
  value *= 2;
  memcpy(&fp->__f[8], &value, sizeof value);
  CONTEXT_PC(context) += 4;
}

CASE(Context, FloatingPointRegistersCanBeChanged) {
  double result;
  handle(SIGSEGV, change_fp, 0);
  __asm__ volatile(
      ".option push\n.option norvc\nfmv.d fs0, %1\nld zero, 0(zero)\nfmv.d %0, fs0\n.option pop"
      : "=f"(result)
      : "f"(1.25)
      : "fs0", "memory");
  CHECK_EQ(seen.count, 1);
  CHECK(result == 2.5);
  unhandle(SIGSEGV);
}
#endif

static void spoil(int signal, siginfo_t *info, void *context) {
  volatile double x = signal;
  for (int i = 0; i < 10; ++i) x = x * 1.5 + i;
  skip_load(signal, info, context);
}

// The compiler keeps what it likes in registers: a handler must spoil none of them.
CASE(Context, AllElseStays) {
  double a = 1.5, b = 2.5, c = 3.5, d = 4.5;
  long i = 11, j = 22, k = 33, l = 44, m = 55, n = 66;
  handle(SIGSEGV, spoil, 0);
  for (int round = 0; round < 100; ++round) {
    load((void *)0);
    a += 1, b += 2, c += 3, d += 4;
    i += 1, j += 2, k += 3, l += 4, m += 5, n += 6;
  }
  CHECK(a == 101.5 && b == 202.5 && c == 303.5 && d == 404.5);
  CHECK_EQ(i + j + k + l + m + n, 11 + 22 + 33 + 44 + 55 + 66 + 100 * 21);
  CHECK_EQ(seen.count, 100);
  unhandle(SIGSEGV);
}

static void to_nowhere(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  if (seen.count == 1) {
    CONTEXT_PC(context) = 0x123450;
  } else {
    _exit(seen.address == (char *)0x123450 && seen.code == SEGV_MAPERR ? 42 : 1);
  }
}

static void go_nowhere(void *unused) {
  (void)unused;
  handle(SIGSEGV, to_nowhere, 0);
  load((void *)0);
}

CASE(Context, ABadProgramCounterFaultsAgain) {
  CHECK_EQ(WEXITSTATUS(in_child(go_nowhere, NULL)), 42);
}

// --- jumping out -------------------------------------------------------------------------------

static sigjmp_buf jump;

static void jump_out(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  siglongjmp(jump, seen.count);
}

CASE(Jump, OutOfTheHandlerAgainAndAgain) {
  handle(SIGSEGV, jump_out, 0);
  for (volatile int i = 1; i <= 200; ++i) {
    int value = sigsetjmp(jump, 1);
    if (value == 0) load((void *)(uintptr_t)(8 * i));
    CHECK_EQ(seen.count, i);
    CHECK(seen.address == (char *)(uintptr_t)(8 * i));
  }
  unhandle(SIGSEGV);
}

static void jump_twice(void *unused) {
  (void)unused;
  handle(SIGSEGV, jump_out, 0);
  if (sigsetjmp(jump, 0) < 5) load((void *)0);
}

CASE(Jump, WithoutTheMaskLeavesTheSignalBlocked) {
  CHECK(killed_by(in_child(jump_twice, NULL), SIGSEGV));
}

// --- nesting -----------------------------------------------------------------------------------

static void fault_inside(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  ++seen.count;
  seen.signal = signal;
  if (load((void *)0) != 99) _exit(1);
}

CASE(Nesting, FaultsInHandlersOfOtherSignals) {
  handle(SIGUSR1, fault_inside, 0);
  handle(SIGSEGV, skip_load, 0);
  raise(SIGUSR1);
  CHECK_EQ(seen.count, 2);
  CHECK_EQ(seen.signal, SIGSEGV);
  unhandle(SIGSEGV);
  unhandle(SIGUSR1);
}

static void fault_deeper(int signal, siginfo_t *info, void *context) {
  note(signal, info, context);
  int depth = seen.count;
  if (depth < 20 && load((void *)(uintptr_t)(16 * depth)) != depth + 1) _exit(1);
  CONTEXT_RESULT(context) = depth;
  CONTEXT_PC(context) += LOAD_BYTES;
}

CASE(Nesting, SameSignalWithNodefer) {
  handle(SIGSEGV, fault_deeper, SA_NODEFER);
  CHECK_EQ(load((void *)0), 1);
  CHECK_EQ(seen.count, 20);
  unhandle(SIGSEGV);
}

static void nest_blocked(void *unused) {
  (void)unused;
  handle(SIGSEGV, fault_deeper, 0);
  load((void *)0);
}

CASE(Nesting, SameSignalOtherwiseEndsTheProcess) {
  CHECK(killed_by(in_child(nest_blocked, NULL), SIGSEGV));
}

static void fault_blocked(void *unused) {
  (void)unused;
  sigset_t set;
  handle(SIGSEGV, skip_load, 0);
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigprocmask(SIG_BLOCK, &set, NULL);
  load((void *)0);
}

static void fault_ignored(void *unused) {
  (void)unused;
  signal(SIGSEGV, SIG_IGN);
  load((void *)0);
}

static void fault_once(void *unused) {
  (void)unused;
  handle(SIGSEGV, skip_load, (int)SA_RESETHAND);
  if (load((void *)0) != 99) _exit(1);
  load((void *)0);
}

CASE(Ends, BlockedIgnoredAndReset) {
  CHECK(killed_by(in_child(fault_blocked, NULL), SIGSEGV));
  CHECK(killed_by(in_child(fault_ignored, NULL), SIGSEGV));
  CHECK(killed_by(in_child(fault_once, NULL), SIGSEGV));
}

// --- the other stack ---------------------------------------------------------------------------

static _Alignas(16) char other_stack[64 * 1024];

static void use_other_stack(void) {
  stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
  if (sigaltstack(&stack, NULL)) case_failed(__FILE__, __LINE__, "sigaltstack");
}

static void drop_other_stack(void) {
  stack_t stack = {.ss_flags = SS_DISABLE};
  if (sigaltstack(&stack, NULL)) case_failed(__FILE__, __LINE__, "sigaltstack");
}

static volatile int depth_sum;

__attribute__((noinline)) static int recurse(int depth) {
  volatile char frame[1024];
  frame[0] = (char)depth;
  depth_sum += frame[0];
  int below = depth < 1 << 30 ? recurse(depth + 1) : 0;
  return below + frame[0];
}

static void overflowed(int signal, siginfo_t *info, void *context) {
  char here;
  note(signal, info, context);
  bool other = &here >= other_stack && &here < other_stack + sizeof other_stack;
  siglongjmp(jump, other ? 1 : 2);
}

static void overflow(void *flags) {
  if (flags) use_other_stack();
  handle(SIGSEGV, overflowed, flags ? *(int *)flags : 0);
  for (volatile int i = 0; i < 5; ++i) {
    int value = sigsetjmp(jump, 1);
    if (value == 0) recurse(0);
    CHILD_CHECK(value == 1);
    CHILD_CHECK(seen.count == i + 1);
    CHILD_CHECK(seen.sp - (uintptr_t)seen.address + (1 << 20) < 2 << 20);
  }
  _exit(42);
}

CASE(OtherStack, HandlesTheOverflowOfTheFirst) {
  int flags = SA_ONSTACK;
  CHECK_EQ(WEXITSTATUS(in_child(overflow, &flags)), 42);
}

CASE(OtherStack, WithoutItAnOverflowEndsTheProcess) {
  int flags = 0;
  CHECK(killed_by(in_child(overflow, NULL), SIGSEGV));
  CHECK(killed_by(in_child(overflow, &flags), SIGSEGV));
}

static void overflow_other(void *unused) {
  (void)unused;
  use_other_stack();
  handle(SIGSEGV, fault_deeper, SA_NODEFER | SA_ONSTACK);
  seen.count = -1000000;
  load((void *)0);
}

CASE(OtherStack, ItsOwnOverflowEndsTheProcess) {
  CHECK(killed_by(in_child(overflow_other, NULL), SIGSEGV));
}

static stack_t inside;
static int inside_error;

static void look_at_stack(int signal, siginfo_t *info, void *context) {
  stack_t stack = {.ss_flags = SS_DISABLE};
  note(signal, info, context);
  errno = 0;
  sigaltstack(&stack, NULL);
  inside_error = errno;
  sigaltstack(NULL, &inside);
}

CASE(OtherStack, TellsWhetherItIsInUse) {
  stack_t stack;
  CHECK_EQ(sigaltstack(NULL, &stack), 0);
  CHECK_EQ(stack.ss_flags, SS_DISABLE);
  use_other_stack();
  handle(SIGUSR1, look_at_stack, SA_ONSTACK);
  raise(SIGUSR1);
  CHECK_EQ(inside_error, EPERM);
  CHECK_EQ(inside.ss_flags, SS_ONSTACK);
  CHECK(inside.ss_sp == other_stack && inside.ss_size == sizeof other_stack);
  handle(SIGUSR1, look_at_stack, 0);
  raise(SIGUSR1);
  CHECK_EQ(inside_error, 0);
  CHECK_EQ(inside.ss_flags, SS_DISABLE);
  unhandle(SIGUSR1);
  drop_other_stack();
}

CASE(OtherStack, BadArguments) {
  stack_t stack = {.ss_sp = other_stack, .ss_size = 100};
  CHECK_ERRNO(sigaltstack(&stack, NULL), ENOMEM);
  stack = (stack_t){.ss_sp = other_stack, .ss_size = sizeof other_stack, .ss_flags = 1 << 20};
  CHECK_ERRNO(sigaltstack(&stack, NULL), EINVAL);
}
