// fork: what parent and child share and what they do not; wait and exit; kill.
#include "tests/behaviour/support.h"

CASE(Fork, TellsParentFromChild) {
  pid_t parent = getpid();
  int fds[2];
  CHECK_EQ(pipe(fds), 0);
  pid_t child = fork();
  if (child == 0) {
    pid_t report[2] = {getpid(), getppid()};
    _exit(write(fds[1], report, sizeof report) != (ssize_t)sizeof report);
  }
  CHECK(child > 0);
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  pid_t report[2];
  CHECK_EQ(read(fds[0], report, sizeof report), sizeof report);
  CHECK_EQ(report[0], child);
  CHECK_EQ(report[1], parent);
  CHECK_EQ(getpid(), parent);
  close(fds[0]);
  close(fds[1]);
}

static void change_all(void *memory) {
  CHILD_CHECK(*(char *)memory == 1);
  memset(memory, 2, 16 * PAGE);
  CHILD_CHECK(*(char *)memory == 2);
}

CASE(Fork, ChildChangesItsOwn) {
  char *memory = anonymous(16);
  CHECK(memory);
  memset(memory, 1, 16 * PAGE);
  CHECK_EQ(in_child(change_all, memory), 0);
  for (size_t i = 0; i < 16 * PAGE; i += 64) CHECK_EQ(memory[i], 1);
  munmap(memory, 16 * PAGE);
}

CASE(Fork, ParentChangesItsOwn) {
  int go[2];
  char byte = 0, *memory = anonymous(16);
  CHECK(memory);
  memset(memory, 1, 16 * PAGE);
  CHECK_EQ(pipe(go), 0);
  pid_t child = fork();
  if (child == 0) {
    CHILD_CHECK(read(go[0], &byte, 1) == 1);
    for (size_t i = 0; i < 16 * PAGE; i += 64) CHILD_CHECK(memory[i] == 1);
    _exit(0);
  }
  memset(memory, 3, 16 * PAGE);
  CHECK_EQ(write(go[1], &byte, 1), 1);
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK_EQ(memory[5 * PAGE], 3);
  close(go[0]);
  close(go[1]);
  munmap(memory, 16 * PAGE);
}

// Each generation adds to what it inherits.
static void descend(void *argument) {
  int *numbers = argument;
  int depth = numbers[0]++;
  for (int i = 1; i <= depth; ++i) CHILD_CHECK(numbers[(size_t)i * PAGE / sizeof(int)] == i);
  if (depth == 8) return;
  numbers[(size_t)(depth + 1) * PAGE / sizeof(int)] = depth + 1;
  CHILD_CHECK(in_child(descend, numbers) == 0);
  CHILD_CHECK(numbers[0] == depth + 1);
}

CASE(Fork, GenerationsInherit) {
  int *numbers = (int *)anonymous(10);
  CHECK(numbers);
  CHECK_EQ(in_child(descend, numbers), 0);
  CHECK_EQ(numbers[0], 0);
  munmap(numbers, 10 * PAGE);
}

static void write_first_and_last(void *memory) {
  CHILD_CHECK(*(char *)memory == 1);
  *(char *)memory = 2;
  ((char *)memory)[3 * PAGE] = 3;
}

CASE(Fork, SharedAnonymousMemoryIsShared) {
  char *memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  memory[0] = 1;
  CHECK_EQ(in_child(write_first_and_last, memory), 0);
  CHECK_EQ(memory[0], 2);
  CHECK_EQ(memory[3 * PAGE], 3);
  munmap(memory, 4 * PAGE);
}

CASE(Fork, SharedFileMappingIsShared) {
  int fd = make_file("fork_file", 16 * PAGE);
  CHECK(fd >= 0);
  char byte, *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  CHECK_EQ(in_child(change_all, memory), 0);
  CHECK_EQ(memory[7 * PAGE], 2);
  CHECK_EQ(pread(fd, &byte, 1, 15 * PAGE), 1);
  CHECK_EQ(byte, 2);
  munmap(memory, 16 * PAGE);
  close(fd);
  scratch("fork_file");
}

CASE(Fork, PrivateFileMappingIsNot) {
  int fd = make_file("fork_private", 16 * PAGE);
  CHECK(fd >= 0);
  char *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  memory[PAGE] = 99;
  CHECK_EQ(in_child(change_all, memory), 0);
  CHECK_EQ(memory[0], 1);
  CHECK_EQ(memory[PAGE], 99);
  CHECK_EQ(memory[7 * PAGE], 8);
  munmap(memory, 16 * PAGE);
  close(fd);
  scratch("fork_private");
}

static void map_and_unmap(void *memory) {
  CHILD_CHECK(munmap(memory, 4 * PAGE) == 0);
  CHILD_CHECK(mmap(memory, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
              memory);
  CHILD_CHECK(*(char *)memory == 0);
}

CASE(Fork, MappingsAreSeparate) {
  char *memory = anonymous(4);
  CHECK(memory);
  memory[0] = 5;
  CHECK_EQ(in_child(map_and_unmap, memory), 0);
  CHECK_EQ(memory[0], 5);
  munmap(memory, 4 * PAGE);
}

static double fraction = 0.5;

static void compute(void *argument) {
  (void)argument;
  volatile double value = fraction;
  for (int i = 0; i < 1000; ++i) value = value * 1.5 - 0.25;
  CHILD_CHECK(value == 0.5);
}

CASE(Fork, FloatingPointIsInherited) {
  volatile double before = 1.25;
  CHECK_EQ(in_child(compute, NULL), 0);
  CHECK(before * 2 == 2.5);
}

static void set_errno(void *argument) {
  (void)argument;
  errno = 0;
  CHILD_CHECK(close(-1) == -1 && errno == EBADF);
}

CASE(Fork, ErrnoIsSeparate) {
  errno = EDOM;
  CHECK_EQ(in_child(set_errno, NULL), 0);
  CHECK_EQ(errno, EDOM);
}

CASE(Fork, ManyChildren) {
  enum { COUNT = 40 };
  pid_t children[COUNT];
  char *memory = anonymous(8);
  CHECK(memory);
  memset(memory, 1, 8 * PAGE);
  for (int i = 0; i < COUNT; ++i) {
    children[i] = fork();
    if (children[i] == 0) {
      memory[(size_t)(i % 8) * PAGE] = (char)i;
      _exit(memory[(size_t)(i % 8) * PAGE]);
    }
    CHECK(children[i] > 0);
  }
  for (int i = COUNT - 1; i >= 0; --i) {
    int status;
    CHECK_EQ(waitpid(children[i], &status, 0), children[i]);
    CHECK_EQ(WEXITSTATUS(status), i);
  }
  munmap(memory, 8 * PAGE);
}

static void exit_with(void *status) { _exit(*(int *)status); }

CASE(Wait, TellsExitStatus) {
  for (int i = 0; i < 256; i += 51) {
    int status = in_child(exit_with, &i);
    CHECK(WIFEXITED(status));
    CHECK(!WIFSIGNALED(status));
    CHECK_EQ(WEXITSTATUS(status), i);
  }
}

CASE(Wait, WithoutChildren) {
  int status;
  CHECK_ERRNO(wait(&status), ECHILD);
  CHECK_ERRNO(waitpid(getpid(), &status, 0), ECHILD);
  CHECK_ERRNO(waitpid(-1, &status, WNOHANG), ECHILD);
}

CASE(Wait, NoHangReturnsAtOnce) {
  int go[2], status;
  char byte;
  CHECK_EQ(pipe(go), 0);
  pid_t child = fork();
  if (child == 0) {
    close(go[1]);
    _exit((int)read(go[0], &byte, 1));
  }
  CHECK_EQ(waitpid(child, &status, WNOHANG), 0);
  close(go[1]);
  CHECK_EQ(waitpid(child, NULL, 0), child);
  CHECK_ERRNO(waitpid(child, &status, 0), ECHILD);
  close(go[0]);
}

CASE(Wait, PicksOneChild) {
  int first_status = 1, second_status = 2, status;
  pid_t first = fork();
  if (first == 0) exit_with(&first_status);
  pid_t second = fork();
  if (second == 0) exit_with(&second_status);
  CHECK_EQ(waitpid(second, &status, 0), second);
  CHECK_EQ(WEXITSTATUS(status), 2);
  CHECK_EQ(wait(&status), first);
  CHECK_EQ(WEXITSTATUS(status), 1);
}

CASE(Wait, PicksByGroup) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    _exit(3);
  }
  CHECK(setpgid(child, child) == 0 || errno == ESRCH || errno == EACCES);
  CHECK_EQ(waitpid(-child, &status, 0), child);
  CHECK_EQ(WEXITSTATUS(status), 3);
  CHECK_ERRNO(waitpid(-child, &status, 0), ECHILD);
}

static void wait_for_ever(void *argument) {
  (void)argument;
  for (;;) sleep(1000);
}

static int kill_child(int signal) {
  int status = -1;
  pid_t child = fork();
  if (child == 0) wait_for_ever(NULL);
  if (kill(child, signal) || waitpid(child, &status, 0) != child) return -1;
  return status;
}

CASE(Kill, EndsAProcess) {
  CHECK(killed_by(kill_child(SIGTERM), SIGTERM));
  CHECK(killed_by(kill_child(SIGKILL), SIGKILL));
  CHECK(killed_by(kill_child(SIGINT), SIGINT));
}

static void compute_for_ever(void *argument) {
  for (;;) ++*(volatile int *)argument;
}

CASE(Kill, EndsARunningProcess) {
  int counter = 0, status;
  pid_t child = fork();
  if (child == 0) compute_for_ever(&counter);
  usleep(1000);
  CHECK_EQ(kill(child, SIGKILL), 0);
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(killed_by(status, SIGKILL));
}

CASE(Kill, ChecksWithSignalZero) {
  CHECK_EQ(kill(getpid(), 0), 0);
  CHECK_ERRNO(kill(0x3fffffff, 0), ESRCH);
  CHECK_ERRNO(kill(getpid(), 1000), EINVAL);
  CHECK_ERRNO(kill(getpid(), -1), EINVAL);
}

CASE(Kill, ReachesAGroup) {
  int status;
  pid_t leader = fork();
  if (leader == 0) wait_for_ever(NULL);
  CHECK_EQ(setpgid(leader, leader), 0);
  pid_t member = fork();
  if (member == 0) wait_for_ever(NULL);
  CHECK_EQ(setpgid(member, leader), 0);
  CHECK_EQ(kill(-leader, SIGKILL), 0);
  CHECK_EQ(waitpid(leader, &status, 0), leader);
  CHECK(killed_by(status, SIGKILL));
  CHECK_EQ(waitpid(member, &status, 0), member);
  CHECK(killed_by(status, SIGKILL));
}

CASE(Kill, EndsAReader) {
  int fds[2], status;
  char byte;
  CHECK_EQ(pipe(fds), 0);
  pid_t child = fork();
  if (child == 0) _exit((int)read(fds[0], &byte, 1));
  usleep(1000);
  CHECK_EQ(kill(child, SIGTERM), 0);
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(killed_by(status, SIGTERM));
  // The pipe goes on without it.
  CHECK_EQ(write(fds[1], "x", 1), 1);
  CHECK_EQ(read(fds[0], &byte, 1), 1);
  close(fds[0]);
  close(fds[1]);
}

static void abort_now(void *argument) {
  (void)argument;
  abort();
}

CASE(Abort, EndsBySignal) { CHECK(killed_by(in_child(abort_now, NULL), SIGABRT)); }

static void run_illegal_instruction(void *argument) {
  (void)argument;
#ifdef __riscv
  __asm__ volatile("unimp");
#else
  __builtin_trap();
#endif
}

CASE(Exception, IllegalInstruction) {
  CHECK(killed_by(in_child(run_illegal_instruction, NULL), SIGILL));
}

static void jump_to(void *address) { ((void (*)(void))(uintptr_t)address)(); }

CASE(Exception, JumpToNowhere) {
  CHECK(killed_by(in_child(jump_to, NULL), SIGSEGV));
  CHECK(killed_by(in_child(jump_to, (void *)0x7000000000), SIGSEGV));
}

CASE(Group, IsInheritedAndSet) {
  CHECK_EQ(setpgid(0, -1), -1);
  CHECK_EQ(errno, EINVAL);
  CHECK_ERRNO(setpgid(0x3fffffff, 0), ESRCH);
  pid_t group = getpgrp(), child = fork();
  int status;
  if (child == 0) {
    CHILD_CHECK(getpgrp() == group);
    CHILD_CHECK(setpgid(0, 0) == 0);
    CHILD_CHECK(getpgrp() == getpid());
    _exit(0);
  }
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  CHECK_EQ(getpgrp(), group);
}

CASE(Orphan, GoesOn) {
  int go[2], told[2], status;
  char byte = 0;
  CHECK_EQ(pipe(go), 0);
  CHECK_EQ(pipe(told), 0);
  pid_t child = fork();
  if (child == 0) {
    if (fork() == 0) {
      close(go[1]);
      CHILD_CHECK(read(go[0], &byte, 1) == 0);
      _exit(write(told[1], "o", 1) != 1);
    }
    _exit(0);
  }
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  close(go[1]);  // now that its parent has ended
  CHECK_EQ(read(told[0], &byte, 1), 1);
  CHECK_EQ(byte, 'o');
  CHECK_ERRNO(wait(&status), ECHILD);
  close(go[0]);
  close(told[0]);
  close(told[1]);
}
