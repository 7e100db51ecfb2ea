// Calls to servers and to the kernel with any words and any message.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "libsys/kcall.h"
#include "libsys/quire.h"
#include "protocols/fs.h"
#include "protocols/pager.h"
#include "protocols/proc.h"
#include "tests/hostile/hostile.h"

// --- Calls to servers ---

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
