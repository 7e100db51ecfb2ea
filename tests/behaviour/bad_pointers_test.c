// Calls with pointers to memory that is not there, or not allowed: an error and no signal, and
// handlers of faults that come between are as ever.
#include <sys/time.h>

#include "tests/behaviour/signal_support.h"

static volatile int faults;

static void handle_faults(signal_handler *handler) {
  faults = 0;
  signal_handle(SIGSEGV, handler, 0, 0);
}

static void allow(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  ++faults;
  uintptr_t page = (uintptr_t)info->si_addr & ~(PAGE - 1);
  mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
}

CASE(BadPointer, IsAnErrorAndNoSignal) {
  int ends[2];
  char *memory = anonymous(1), bytes[8];
  CHECK(memory);
  CHECK_EQ(pipe(ends), 0);
  CHECK_EQ(write(ends[1], "1234567", 8), 8);
  handle_faults(allow);
  CHECK_EQ(mprotect(memory, PAGE, PROT_READ), 0);
  CHECK_ERRNO(read(ends[0], memory, 8), EFAULT);
  CHECK_EQ(faults, 0);
  CHECK_EQ(read(ends[0], bytes, sizeof bytes), 8);
  CHECK_EQ(memcmp(bytes, "1234567", 8), 0);
  // The handler is there for everything else, and before and after.
  *(volatile char *)memory = 1;
  CHECK_EQ(faults, 1);
  CHECK_EQ(write(ends[1], memory, 1), 1);
  signal(SIGSEGV, SIG_DFL);
  close(ends[0]);
  close(ends[1]);
  munmap(memory, PAGE);
}

CASE(BadPointer, OfAFileThatEndsIsAnErrorToo) {
  int ends[2], fd = make_file("short", 100);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(pipe(ends), 0);
  CHECK_ERRNO(write(ends[1], memory + PAGE, 10), EFAULT);
  CHECK_EQ(write(ends[1], memory, 100), 100);
  close(ends[0]);
  close(ends[1]);
  close(fd);
  munmap(memory, 2 * PAGE);
}

static char *volatile nowhere = (char *)1;

// Interrupts calls: takes faults of its own, and makes calls of the same kind with good and bad
// pointers.
static struct {
  int ends[2];
  char *forbidden;
  volatile int runs;
  int wanted;
} interrupting;

static void step_over(int number, siginfo_t *info, void *context) {
  (void)number, (void)info, (void)context;
  ++faults;
  mprotect(interrupting.forbidden, PAGE, PROT_READ | PROT_WRITE);
}

static void soon(void) {
  struct itimerval once = {{0, 0}, {0, 300}};
  setitimer(ITIMER_REAL, &once, NULL);
}

static void use_pointers(int signal) {
  char byte = 'x';
  struct stat status;
  int before = errno;
  bool right = write(interrupting.ends[1], &byte, 1) == 1 &&
               read(interrupting.ends[0], &byte, 1) == 1 && byte == 'x' &&
               write(interrupting.ends[1], nowhere, 1) == -1 && errno == EFAULT &&
               stat(nowhere, &status) == -1 && errno == EFAULT;
  mprotect(interrupting.forbidden, PAGE, PROT_NONE);
  *(volatile char *)interrupting.forbidden = 1;
  if (!right) case_failed(__FILE__, __LINE__, "signal %d", signal);
  if (++interrupting.runs < interrupting.wanted && right) soon();
  errno = before;
}

CASE(BadPointer, MayBeInterrupted) {
  enum { RUNS = 100 };
  int ends[2];
  interrupting.runs = 0;
  interrupting.wanted = RUNS;
  interrupting.forbidden = anonymous(1);
  CHECK(interrupting.forbidden);
  CHECK_EQ(pipe(interrupting.ends), 0);
  CHECK_EQ(pipe(ends), 0);
  handle_faults(step_over);
  struct sigaction action = {.sa_handler = use_pointers, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
  soon();
  char text[2000], back[2000];
  memset(text, 't', sizeof text);
  for (int i = 0; interrupting.runs < RUNS && !case_has_failed(); ++i) {
    CHECK_EQ(write(ends[1], text, sizeof text), (long)sizeof text);
    CHECK_ERRNO(write(ends[1], nowhere, 100), EFAULT);
    CHECK_ERRNO(read(ends[0], nowhere, 100), EFAULT);
    CHECK_EQ(read(ends[0], back, sizeof back), (long)sizeof back);
    CHECK_EQ(memcmp(text, back, sizeof text), 0);
    CHECK_ERRNO(access(nowhere, R_OK), EFAULT);
  }
  CHECK(faults >= RUNS);
  signal(SIGALRM, SIG_DFL);
  signal(SIGSEGV, SIG_DFL);
  for (int i = 0; i < 2; ++i) {
    close(ends[i]);
    close(interrupting.ends[i]);
  }
  munmap(interrupting.forbidden, PAGE);
}
