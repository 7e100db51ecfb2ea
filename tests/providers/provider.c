#include "tests/providers/provider.h"

#include <errno.h>
#include <fcntl.h>
#include <quire/memory_object.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned char stored[PAGES][PAGE];

static void sleep_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static void move(const struct memory_request *request) {
  size_t bytes = request->count * PAGE;
  if (request->op == MEMORY_PAGE_IN) {
    memcpy(request->data, stored[request->page], bytes);
  } else {
    memcpy(stored[request->page], request->data, bytes);
  }
}

static void misbehave(enum behaviour behaviour, struct memory_request *request) {
  request->error = 0;
  switch (behaviour) {
    case SLOW:
      sleep_ms(20);
      break;
    case SILENT:
      for (;;) pause();
    case FAILING:
      request->error = EPERM;
      break;
    case DIES_ASKED:
      _exit(7);
    case DIES_STORING:
      if (request->op == MEMORY_PAGE_OUT) _exit(7);
      break;
    case LIES_ABOUT_TAG:
      request->tag += 64;
      break;
    case DETACHES:
      memory_object_detach(request->object);
      break;
    default:
      break;
  }
}

static void serve(enum behaviour behaviour) {
  struct memory_request request = {0};
  for (;;) {
    if (memory_object_serve(&request) != 0) continue;  // it has been told: on with the next one
    move(&request);
    misbehave(behaviour, &request);
    if (behaviour == LIES_TWICE) {
      struct memory_request again = request;
      memory_object_poll(&request);
      memory_object_poll(&again);
      memset(&request, 0, sizeof request);
    }
  }
}

static _Noreturn void run(enum behaviour behaviour, const char *name, unsigned bound, int ready) {
  uint64_t object;
  for (size_t i = 0; i < PAGES; i++) memset(stored[i], (int)i + 1, PAGE);
  int fd = memory_object_create(name, PAGES * PAGE, bound, &object);
  char sign = fd >= 0 ? 'y' : 'n';
  if (write(ready, &sign, 1) != 1 || fd < 0) _exit(1);
  if (behaviour == DIES_AT_START) _exit(7);
  if (behaviour == TOUCHES_ITSELF) {
    volatile char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    (void)map[0];
    _exit(8);  // not reached
  }
  serve(behaviour);
  _exit(9);
}

bool provider_start(struct provider *provider, enum behaviour behaviour, unsigned bound) {
  static unsigned number;
  char name[32], sign = 'n';
  int ready[2];
  snprintf(name, sizeof name, "/provider.%d.%u", (int)getpid(), number++);
  *provider = (struct provider){.fd = -1, .map = MAP_FAILED};
  if (pipe(ready)) return false;
  provider->pid = fork();
  if (provider->pid == 0) run(behaviour, name, bound, ready[1]);
  close(ready[1]);
  bool started = provider->pid > 0 && read(ready[0], &sign, 1) == 1 && sign == 'y';
  close(ready[0]);
  if (!started) return false;
  provider->fd = shm_open(name, O_RDWR, 0);
  shm_unlink(name);
  if (provider->fd < 0) return false;
  void *map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, provider->fd, 0);
  provider->map = map;
  return map != MAP_FAILED;
}

int provider_end(struct provider *provider) {
  int status = -1;
  if (provider->map != MAP_FAILED) munmap((void *)provider->map, PAGES * PAGE);
  if (provider->fd >= 0) close(provider->fd);
  kill(provider->pid, SIGKILL);
  waitpid(provider->pid, &status, 0);
  return status;
}

static sigjmp_buf back;

static void on_signal(int signal) { siglongjmp(back, signal); }

int provider_signal_of(volatile unsigned char *at, bool write) {
  struct sigaction action = {.sa_handler = on_signal}, old_bus, old_segv;
  sigaction(SIGBUS, &action, &old_bus);
  sigaction(SIGSEGV, &action, &old_segv);
  int number = sigsetjmp(back, 1);
  if (number == 0) {
    if (write) {
      *at = 1;
    } else {
      (void)*at;
    }
  }
  sigaction(SIGBUS, &old_bus, NULL);
  sigaction(SIGSEGV, &old_segv, NULL);
  return number;
}
