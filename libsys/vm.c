#include "libsys/vm.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "abi/layout.h"
#include "libsys/call.h"

// --- TRAP ---------------------------------------------------------------------------------------

static struct trap {
  uintptr_t start, end;
  vm_handler *handler;  // NULL: a free place
  void *context;
} traps[VM_TRAPS];

static void on_fault(int signal, siginfo_t *info, void *ucontext) {
  (void)ucontext;
  uintptr_t address = (uintptr_t)info->si_addr;
  for (size_t i = 0; i < VM_TRAPS; i++) {
    const struct trap *trap = &traps[i];
    if (trap->handler && address - trap->start < trap->end - trap->start) {
      trap->handler(info->si_addr, trap->context);
      return;
    }
  }
  // Nobody's: the access is tried again and ends the program.
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigaction(signal, &action, NULL);
}

// A handler may touch trapped pages itself, and may leave by a jump: the signal is not blocked.
static int take_signal(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
  return sigaction(SIGSEGV, &action, NULL);
}

static bool is_range(const void *start, size_t length) {
  uintptr_t at = (uintptr_t)start;
  return length > 0 && !((at | length) & PAGE_MASK) && at + length > at;
}

int vm_trap(void *start, size_t length, vm_handler *handler, void *context) {
  uintptr_t at = (uintptr_t)start;
  struct trap *place = NULL;
  if (!is_range(start, length)) {
    errno = EINVAL;
    return -1;
  }
  for (size_t i = 0; i < VM_TRAPS; i++) {
    struct trap *trap = &traps[i];
    if (trap->handler && trap->start < at + length && at < trap->end) {
      // The same range is changed; one that overlaps is an error.
      if (trap->start != at || trap->end != at + length) {
        errno = EINVAL;
        return -1;
      }
      place = trap;
      break;
    }
    if (!trap->handler && !place) place = trap;
  }
  if (!place) {
    errno = ENOSPC;
    return -1;
  }
  *place = (struct trap){at, at + length, handler, context};
  return handler ? take_signal() : 0;
}

// --- PROT ---------------------------------------------------------------------------------------

int vm_prot1(void *page, int prot) { return mprotect(page, PAGE_SIZE, prot); }

int vm_unprot(void *page) { return mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE); }

int vm_protn(void *const *pages, size_t count, int prot) {
  for (size_t i = 0; i < count;) {
    char *start = pages[i];
    size_t run = 1;
    while (i + run < count && (char *)pages[i + run] == start + run * PAGE_SIZE) run++;
    if (mprotect(start, run * PAGE_SIZE, prot)) return -1;
    i += run;
  }
  return 0;
}

// --- DIRTY, MAP2 --------------------------------------------------------------------------------

long vm_dirty(void *start, size_t length, void **pages, size_t most) {
  long found = 0;
  char *at = start;
  if (length > 0 && !is_range(start, length)) {
    errno = EINVAL;
    return -1;
  }
  while (length > 0) {
    int64_t told = call_pager(PAGER_DIRTY, (uintptr_t)at, length, 0).status;
    if (told < 0) return result(told);
    // `pages` may be where a trap is, whose handler makes calls.
    uint8_t dirty[MESSAGE_BYTES];
    memcpy(dirty, (const void *)MESSAGE_PAGE, (size_t)told);
    for (int64_t i = 0; i < told; i++) {
      if (!dirty[i]) continue;
      if ((size_t)found < most) pages[found] = at + (size_t)i * PAGE_SIZE;
      found++;
    }
    at += (size_t)told * PAGE_SIZE;
    length -= (size_t)told * PAGE_SIZE;
  }
  return found;
}

void *vm_map2(void *start, size_t length, int prot) {
  void *second = mremap(start, 0, length, MREMAP_MAYMOVE);
  if (second == MAP_FAILED || mprotect(second, length, prot) == 0) return second;
  int error = errno;
  munmap(second, length);
  errno = error;
  return MAP_FAILED;
}
