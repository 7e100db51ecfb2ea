// Wild accesses, exceptions, and programs that take all there is.
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "libsys/kcall.h"
#include "libsys/quire.h"
#include "protocols/pager.h"
#include "tests/hostile/hostile.h"

static void touch_everywhere(uint64_t number) {
  for (int i = 0; i < CALLS_A_CHILD; ++i) {
    volatile char *address = (volatile char *)(uintptr_t)random_word();
    if (number & 1) {
      *address = 1;
    } else {
      (void)*address;
    }
  }
}

static void execute_anywhere(uint64_t number) {
  (void)number;
  ((void (*)(void))(uintptr_t)random_word())();
}

CASE(Memory, WildAccessesEndTheProgram) {
  for (uint64_t i = 0; i < 40; ++i) {
    CHECK(run_for_some_time(touch_everywhere, i));
    CHECK(run_for_some_time(execute_anywhere, i));
  }
  CHECK(system_works());
}

// The upper half of the operation means nothing to PAGER_PROTECT; what the call does to its page,
// it has done when it is answered.
static void write_to_protected(void) {
  char *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) _exit(1);
  *page = 1;
  uint64_t operation = PAGER_PROTECT | 7ull << 32;
  struct reply reply =
      kcall_call(HANDLE_PAGER, operation, (uint64_t)(uintptr_t)page, PAGE_SIZE, PROT_READ, 0, 0);
  if (reply.status != 0) _exit(2);
  *(volatile char *)page = 2;
  _exit(0);
}

CASE(Memory, RightsAreTakenWhenTheCallIsAnswered) {
  int status = 0;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) write_to_protected();
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  CHECK(system_works());
}

// Every exception that user mode can raise.
static void raise_exception(uint64_t number) {
  switch (number) {
    case 0:
      __asm__ volatile(".word 0");
      break;
    case 1:
      __asm__ volatile(".word 0xffffffff");
      break;
    case 2:
      __asm__ volatile("ebreak");
      break;
    case 3:
      __asm__ volatile("csrr t0, sstatus" ::: "t0");
      break;
    case 4:
      __asm__ volatile("csrw satp, zero");
      break;
    case 5:
      __asm__ volatile("sret");
      break;
    case 6:
      __asm__ volatile("mret");
      break;
    case 7:
      __asm__ volatile("wfi");
      break;
    case 8:
      __asm__ volatile("sfence.vma");
      break;
    case 9:
      __asm__ volatile("lr.w t0, (%0)" ::"r"(MESSAGE_PAGE + 1) : "t0");
      break;
    case 10:
      __asm__ volatile("amoadd.d t0, t0, (%0)" ::"r"(MESSAGE_PAGE + 4) : "t0");
      break;
    case 11:
      __asm__ volatile("ld t0, (%0)" ::"r"(~0ull - 3) : "t0");
      break;
    case 12:
      __asm__ volatile("mv sp, zero\nebreak");
      break;
    case 13:
      __asm__ volatile("li gp, -1\nli tp, -1\nli sp, -1\nld t0, (sp)" ::: "t0");
      break;
    case 14:
      __asm__ volatile("csrr t0, mstatus" ::: "t0");
      break;
    case 15:
      __asm__ volatile("csrw stvec, zero");
      break;
  }
}

CASE(Exceptions, EndTheProgram) {
  for (uint64_t i = 0; i < 16; ++i) CHECK(run_for_some_time(raise_exception, i));
  CHECK(system_works());
}

static void take_all_memory(uint64_t number) {
  size_t bytes = 1ul << 33;
  char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) _exit(1);
  for (size_t at = 0; at < bytes; at += PAGE_SIZE) memory[at] = (char)number;
}

CASE(Memory, WhoTakesAllOfItIsEnded) {
  int status;
  CHECK(run_to_the_end(take_all_memory, &status));
  CHECK(WIFSIGNALED(status));
  CHECK_EQ(WTERMSIG(status), SIGKILL);
  CHECK(system_works());
}

static void fork_without_end(uint64_t number) {
  (void)number;
  for (;;) {
    pid_t child = fork();
    if (child < 0) sleep(1000);
  }
}

CASE(Processes, AForkBombIsContained) {
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    fork_without_end(0);
  }
  CHECK(child > 0);
  setpgid(child, child);
  usleep(300000);
  while (kill(-child, SIGKILL) == 0) {
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    usleep(1000);
  }
  CHECK(system_works());
}

static void write_without_reader(uint64_t number) {
  static char data[PAGE_SIZE];
  int fds[2];
  (void)number;
  if (pipe(fds) == 0) {
    for (;;) write(fds[1], data, sizeof data);
  }
}

CASE(Pipe, NobodyReadsIsContained) {
  CHECK(run_for_some_time(write_without_reader, 0));
  CHECK(system_works());
}
