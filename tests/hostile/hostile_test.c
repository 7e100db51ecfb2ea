// Programs that do everything wrong. Whatever they call with whatever words, they get an error or
// die; the system and its other programs go on.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "libsys/kcall.h"
#include "libsys/quire.h"
#include "protocols/fs.h"
#include "protocols/pager.h"
#include "protocols/proc.h"
#include "tests/harness/cases.h"

#define CALLS_A_CHILD 40
#define PATIENCE_MS 200  // then a child that still runs is killed: it waits for what never comes

// --- Random words ---

static uint64_t state;

static uint64_t random_bits(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

// Words that are worth trying as address, length, number, handle or flags.
static uint64_t random_word(void) {
  static const uint64_t words[] = {0,
                                   1,
                                   2,
                                   3,
                                   4,
                                   5,
                                   7,
                                   8,
                                   16,
                                   64,
                                   100,
                                   0xfff,
                                   PAGE_SIZE,
                                   PAGE_SIZE + 1,
                                   3 * PAGE_SIZE,
                                   IMAGE_BASE,
                                   MMAP_BASE,
                                   MMAP_BASE + 5 * PAGE_SIZE,
                                   MMAP_END,
                                   STACK_TOP - PAGE_SIZE,
                                   STACK_TOP,
                                   MESSAGE_PAGE,
                                   USER_END - PAGE_SIZE,
                                   USER_END,
                                   MESSAGE_WINDOW,
                                   1ull << 31,
                                   1ull << 32,
                                   1ull << 38,
                                   1ull << 39,
                                   1ull << 62,
                                   1ull << 63,
                                   ~0ull,
                                   ~0ull - PAGE_SIZE,
                                   ~0ull << 12,
                                   0xffffffc000000000ull,
                                   0x80000000ull};
  uint64_t choice = random_bits() % 8;
  if (choice == 0) return random_bits();
  if (choice == 1) return random_bits() % 300;
  uint64_t word = words[random_bits() % (sizeof words / sizeof *words)];
  return choice == 2 ? word | random_bits() % 8 << 8 : word;
}

static void fill_message_page(void) {
  // Names that may be lost: everybody is root.
  static const char *const texts[] = {"/tmp/hostile", "x",  "",  "x/",  "/tmp/hostile/x",
                                      "/tmp/x/y",     "\1", ".", "//x", "/nowhere/x"};
  char *page = (char *)MESSAGE_PAGE;
  switch (random_bits() % 4) {
    case 0:
      memset(page, (int)random_bits(), PAGE_SIZE);  // no end anywhere
      break;
    case 1:
      for (size_t i = 0; i < PAGE_SIZE; i += 8) *(uint64_t *)(page + i) = random_word();
      break;
    default:
      strcpy(page, texts[random_bits() % 10]);
      strcpy(page + FS_SECOND_PATH, texts[random_bits() % 10]);
  }
}

// --- Children ---

// Runs the function in a child for some time. false: even fork does not work any more.
static bool run_for_some_time(void (*function)(uint64_t), uint64_t argument) {
  int status;
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    setpgid(0, 0);
    state = 88172645463325252ull + argument * 7919;
    function(argument);
    _exit(0);
  }
  for (int waited = 0; waited < PATIENCE_MS; ++waited) {
    if (waitpid(child, &status, WNOHANG) == child) {
      kill(-child, SIGKILL);  // what it may have left behind
      return true;
    }
    usleep(1000);
  }
  kill(child, SIGKILL);
  bool ended = waitpid(child, &status, 0) == child;
  kill(-child, SIGKILL);
  return ended;
}

// That programs still start, read, write and end.
static bool system_works(void) {
  char text[16] = {0};
  FILE *stream = popen("echo works | cat", "r");
  if (!stream) return false;
  bool read = fgets(text, sizeof text, stream) != NULL;
  return pclose(stream) == 0 && read && strcmp(text, "works\n") == 0;
}

// --- Calls to servers ---

static void call_server(handle_t server, uint64_t operation) {
  for (int i = 0; i < CALLS_A_CHILD; ++i) {
    uint64_t high = random_bits() % 4 == 0 ? random_word() << 32 : 0;
    fill_message_page();
    kcall_call(server, operation | high, random_word(), random_word(), random_word(), random_word(),
               random_word());
  }
}

static void call_pager(uint64_t operation) { call_server(HANDLE_PAGER, operation); }

// In a directory and with descriptors of its own: what is done to these must not reach the parent.
static void call_fs(uint64_t operation) {
  mkdir("/tmp/hostile", 0700);
  if (chdir("/tmp/hostile")) _exit(1);
  for (int fd = 0; fd < 3; ++fd) {
    close(fd);
    open("/tmp/hostile_file", O_RDWR | O_CREAT, 0600);
  }
  call_server(HANDLE_FS, operation);
}

// What these do to others is theirs to do: everybody is root.
static void call_proc(uint64_t operation) {
  if (operation == PROC_KILL || operation == PROC_POWEROFF || operation == PROC_FOREGROUND) return;
  call_server(HANDLE_PROC, operation);
}

#define CHECK_ALL_OPERATIONS(function)                        \
  do {                                                        \
    for (uint64_t operation = 0; operation < 80; ++operation) \
      CHECK(run_for_some_time(function, operation));          \
    CHECK(system_works());                                    \
  } while (0)

CASE(Pager, SurvivesAnyCall) { CHECK_ALL_OPERATIONS(call_pager); }

CASE(Fs, SurvivesAnyCall) { CHECK_ALL_OPERATIONS(call_fs); }

CASE(Proc, SurvivesAnyCall) { CHECK_ALL_OPERATIONS(call_proc); }

CASE(Servers, RefuseUnknownOperations) {
  static const handle_t servers[] = {HANDLE_PAGER, HANDLE_FS, HANDLE_PROC};
  for (int i = 0; i < 3; ++i) {
    CHECK(kcall_call(servers[i], 0, 0, 0, 0, 0, 0).status < 0);
    CHECK(kcall_call(servers[i], 200, 0, 0, 0, 0, 0).status < 0);
    CHECK(kcall_call(servers[i], 0xffffffff, 0, 0, 0, 0, 0).status < 0);
    CHECK(kcall_call(servers[i], ~0ull, 0, 0, 0, 0, 0).status < 0);
  }
}

// What only a server may ask, with the authority of its handle, nobody else may.
CASE(Servers, RefuseWhatIsNotForPrograms) {
  uint64_t own = 8;
  CHECK(kcall_call(HANDLE_PAGER, PAGER_KILL, own, 0, 0, 0, 0).status < 0);
  CHECK(kcall_call(HANDLE_PAGER, PAGER_FORK, own, own + 1, 0, 0, 0).status < 0);
  CHECK(kcall_call(HANDLE_PAGER, PAGER_WORD0(PAGER_SPAWN, 1), own, own + 1, 0, 0, 0).status < 0);
  CHECK(kcall_call(HANDLE_PAGER, PAGER_OBJECT_CREATE, 1, 4096, 0, 0, 0).status < 0);
  for (uint64_t object = 0; object < 64; ++object) {
    uint64_t read = PAGER_WORD0(PAGER_OBJECT_READ, object);
    uint64_t map = PAGER_WORD0(PAGER_OBJECT_MAP, object);
    uint64_t destroy = PAGER_WORD0(PAGER_OBJECT_DESTROY, object);
    CHECK(kcall_call(HANDLE_PAGER, read, 0, MMAP_BASE, 1, 1, 0).status < 0);
    CHECK(kcall_call(HANDLE_PAGER, map, 0, 0, PAGE_SIZE, 0x701ull | 7ull << 32, 0).status < 0);
    CHECK(kcall_call(HANDLE_PAGER, destroy, 1, 0, 0, 0, 0).status < 0);
  }
  CHECK(kcall_call(HANDLE_FS, FS_UNMOUNT, 0, 0, 0, 0, 0).status < 0);
  CHECK(kcall_call(HANDLE_FS, FS_EXITED, own, 0, 0, 0, 0).status < 0);
  CHECK(kcall_call(HANDLE_FS, FS_FORK, own, own + 1, 0, 0, 0).status < 0);
  CHECK(kcall_call(HANDLE_FS, FS_SPAWN, own, own + 1, 0, 0, 0).status < 0);
  CHECK(kcall_call(HANDLE_PROC, PROC_FAULT, 11, 0, 0, 0, 0).status < 0);
  CHECK(kcall_call(HANDLE_PROC, PROC_SIGNAL_SELF, 9, 0, 0, 0, 0).status < 0);
  CHECK(kcall_call(HANDLE_PROC, PROC_UNMOUNTED, 0, 0, 0, 0, 0).status < 0);
  CHECK(system_works());
}

// --- System calls ---

static void make_system_calls(uint64_t number) {
  for (int i = 0; i < CALLS_A_CHILD; ++i) {
    // Calls to servers have tests of their own, without power-off.
    uint64_t first = number == SYS_CALL ? 4 + random_bits() % 1000 : random_word();
    kcall((long)number, first, random_word(), random_word(), random_word(), random_word(),
          random_word(), random_word());
  }
}

CASE(Kernel, SurvivesAnyCall) {
  for (uint64_t number = 0; number < SYS_COUNT + 4; ++number) {
    CHECK(run_for_some_time(make_system_calls, number));
  }
  CHECK(run_for_some_time(make_system_calls, 1ull << 32));
  CHECK(run_for_some_time(make_system_calls, ~0ull));
  CHECK(system_works());
}

CASE(Kernel, ProgramsHaveNoAuthority) {
  for (uint64_t handle = 0; handle < 200; ++handle) {
    CHECK(kcall(SYS_HALT, handle, 0, 0, 0, 0, 0, 0) < 0);
    CHECK(kcall(SYS_PUTC, handle, 'x', 0, 0, 0, 0, 0) < 0);
    CHECK(kcall(SYS_DESTROY, handle, 0, 0, 0, 0, 0, 0) < 0);
    CHECK(kcall(SYS_MAP, handle, handle + 1, MMAP_BASE | PROT_R, 1, 1, 0, 0) < 0);
    CHECK(kcall(SYS_UNMAP, handle, 0, USER_END, 0, 0, 0, 0) < 0);
    CHECK(kcall(SYS_THREAD_START, handle, 0, 0, 0, 0, 0, 0) < 0);
    CHECK(kcall(SYS_TIMER, handle, 0, 0, 0, 0, 0, 0) < 0);
    struct event event;
    kcall_wait((handle_t)handle, &event);
    CHECK((int64_t)event.token < 0);
  }
  CHECK(system_works());
}

// --- Memory ---

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

static bool run_to_the_end(void (*function)(uint64_t), int *status) {
  pid_t child = fork();
  if (child == 0) {
    function(1);
    _exit(0);
  }
  return child > 0 && waitpid(child, status, 0) == child;
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

// --- Files ---

#define HEAD_BYTES 512  // ELF header and program headers

static char program[65536];
static size_t program_bytes;

// Writes the program with some bytes of its head changed.
static void write_damaged(void) {
  for (uint64_t i = random_bits() % 4 + 1; i > 0; --i) {
    uint64_t at = random_bits() % HEAD_BYTES;
    if (random_bits() % 2) {
      program[at] = (char)random_bits();
    } else {
      uint64_t word = random_word();
      memcpy(program + at / 8 * 8, &word, sizeof word);
    }
  }
  int fd = open("/tmp/damaged", O_WRONLY | O_CREAT | O_TRUNC, 0700);
  if (write(fd, program, program_bytes) != (ssize_t)program_bytes) _exit(1);
  close(fd);
}

static void run_damaged(uint64_t number) {
  (void)number;
  write_damaged();
  execl("/tmp/damaged", "damaged", (char *)NULL);
}

static void spawn_damaged(uint64_t number) {
  char *argv[] = {"damaged", NULL};
  pid_t pid;
  (void)number;
  write_damaged();
  if (posix_spawn(&pid, "/tmp/damaged", NULL, NULL, argv, environ) == 0) waitpid(pid, NULL, 0);
}

CASE(Exec, SurvivesDamagedPrograms) {
  int fd = open("/bin/true", O_RDONLY);
  CHECK(fd >= 0);
  ssize_t bytes = read(fd, program, sizeof program);
  close(fd);
  CHECK(bytes > HEAD_BYTES);
  program_bytes = (size_t)bytes;
  for (uint64_t i = 0; i < 200; ++i) CHECK(run_for_some_time(run_damaged, i));
  for (uint64_t i = 200; i < 300; ++i) CHECK(run_for_some_time(spawn_damaged, i));
  CHECK(system_works());
  unlink("/tmp/damaged");
}

// FS_SHM for an object of the caller's, as memory_object_create asks who makes it a provider first.
static int64_t provided_object(uint64_t bound) {
  strcpy((char *)MESSAGE_PAGE, "provided");
  uint64_t how = FS_SHM_PROVIDED | FS_SHM_LINKED;
  return kcall_call(HANDLE_FS, FS_SHM, how, PAGE_SIZE, bound, 0, 0).status;
}

CASE(Object, IsNotMadeForWhoIsNoProvider) {
  for (int i = 0; i < 100; ++i) CHECK_EQ(provided_object(100), -ESRCH);
  CHECK_EQ(provided_object(0), -EINVAL);
  CHECK_EQ(access("/dev/shm/provided", F_OK), -1);
  CHECK_EQ(errno, ENOENT);
}

// An exec that the pager refuses, after fs has taken it for good.
CASE(Exec, RefusedOneChangesNothing) {
  int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  memset((void *)MESSAGE_PAGE, 0xff, sizeof(struct exec_image));
  CHECK_EQ(kcall_call(HANDLE_PROC, PROC_EXEC, (uint64_t)fd, 0, 0, 0, 0).status, -EINVAL);
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  close(fd);
}

// The message page as posix_spawn leaves it, with words of it changed.
static void spawn_with_damaged_request(uint64_t number) {
  char *argv[] = {"true", NULL};
  uint64_t saved[PAGE_SIZE / sizeof(uint64_t)];
  uint64_t *page = (uint64_t *)MESSAGE_PAGE;
  int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
  (void)number;
  if (fd < 0 || posix_spawn(NULL, "/bin/true", NULL, NULL, argv, environ)) _exit(1);
  memcpy(saved, page, MESSAGE_BYTES);
  for (int i = 0; i < CALLS_A_CHILD; ++i) {
    memcpy(page, saved, MESSAGE_BYTES);
    for (uint64_t n = random_bits() % 3; n > 0; --n) {
      page[random_bits() % (EXEC_INLINE / sizeof *page)] = random_word();
    }
    kcall_call(HANDLE_PROC, PROC_SPAWN, (uint64_t)fd, 0, 0, 0, 0);
  }
  while (wait(NULL) > 0) {
  }
}

CASE(Spawn, SurvivesDamagedRequests) {
  for (uint64_t i = 0; i < 20; ++i) CHECK(run_for_some_time(spawn_with_damaged_request, i));
  CHECK(system_works());
}

// Writes until there is no room, in pieces of this size. Returns the bytes written.
static size_t fill_disk(int fd, size_t piece) {
  static char data[65536];
  size_t total = 0;
  for (ssize_t bytes; (bytes = write(fd, data, piece)) > 0;) total += (size_t)bytes;
  return total;
}

static void touch_hole(uint64_t number) {
  int fd = open("/tmp/hole", O_RDWR);
  char *memory = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) _exit(1);
  memory[0] = (char)number;
}

CASE(Disk, FullIsAnError) {
  int hole = open("/tmp/hole", O_RDWR | O_CREAT | O_TRUNC, 0600), status;
  CHECK(hole >= 0);
  CHECK_EQ(ftruncate(hole, PAGE_SIZE), 0);
  int fd = open("/tmp/full", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0);
  size_t total = fill_disk(fd, 65536);
  CHECK_EQ(errno, ENOSPC);
  total += fill_disk(fd, 512);
  CHECK_EQ(errno, ENOSPC);
  CHECK(total > 16 << 20);
  CHECK(run_to_the_end(touch_hole, &status));  // no room for the page
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
  CHECK(system_works());
  CHECK_EQ(fsync(fd), 0);
  CHECK_EQ(close(fd), 0);
  CHECK_EQ(unlink("/tmp/full"), 0);
  CHECK(run_to_the_end(touch_hole, &status));  // now there is
  CHECK_EQ(status, 0);
  close(hole);
  unlink("/tmp/hole");
}
