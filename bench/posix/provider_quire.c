// A fault that another program answers: it provides the memory object. Each page is asked for and
// entered alone.
#include <fcntl.h>
#include <quire/memory_object.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/handle.h"
#include "bench/posix/operations.h"
#include "bench/posix/pages.h"
#include "libsys/kcall.h"
#include "protocols/pager.h"

#define FAULTS 201u
#define PAGES RUNS_OF(FAULTS)
#define BOUND 10000u  // ms

static pid_t provider;
static volatile char *area;
static volatile char seen;

// Answers one request after the other; page i of the object begins with byte i.
static _Noreturn void provide(int ready) {
  uint64_t object;
  if (memory_object_create("bench", PAGES * PAGE, BOUND, &object) < 0) _exit(1);
  struct reply reply = kcall_call(HANDLE_PAGER, PAGER_PROVIDER, 0, 0, 0, 0, 0);
  if (reply.status < 0) _exit(1);
  char *buffer = (char *)(uintptr_t)reply.status;
  if (write(ready, "", 1) != 1) _exit(1);
  uint64_t tag = 0;
  for (;;) {
    reply = kcall_call(HANDLE_PAGER, PAGER_SERVE, tag, 0, 0, 0, 0);
    if (reply.status < 0) _exit(1);
    tag = PAGER_SERVED_TAG((uint64_t)reply.status);
    for (uint32_t i = 0; i < PAGER_SERVED_COUNT((uint64_t)reply.status); i++) {
      buffer[i * PAGE] = (char)(reply.word[1] + i);
    }
  }
}

static void start_provider(void) {
  int ready[2];
  char byte;
  must(pipe(ready) == 0, "pipe");
  provider = fork();
  if (provider == 0) provide(ready[1]);
  close(ready[1]);
  must(provider > 0 && read(ready[0], &byte, 1) == 1, "provider");
  close(ready[0]);
  int fd = open("/dev/shm/bench", O_RDWR);
  must(fd >= 0, "open");
  void *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(at != MAP_FAILED, "mmap");
  close(fd);
  must(madvise(at, PAGES * PAGE, MADV_RANDOM) == 0, "madvise");
  area = at;
}

static void end_provider(void) {
  pages_unmap(area, PAGES);
  must(unlink("/dev/shm/bench") == 0, "unlink");
  must(kill(provider, SIGKILL) == 0 && waitpid(provider, NULL, 0) == provider, "kill");
}

static void read_provided(unsigned number) {
  unsigned page = PAGES - 1 - number;
  seen = area[page * PAGE];
  must(seen == (char)page, "content");
}

const struct operation provider_operations[] = {
    {.key = "program_pager",
     .runs = FAULTS,
     .setup = start_provider,
     .run = read_provided,
     .teardown = end_provider},
    {.key = NULL},
};
