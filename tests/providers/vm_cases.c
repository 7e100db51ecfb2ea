// The primitives of libsys/vm.h.
#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsys/vm.h"
#include "tests/harness/cases.h"
#include "tests/providers/provider.h"

#define MANY 100u

// What handlers see must happen where it is written: all accesses are volatile.
static volatile char *area_of(size_t pages, int sharing) {
  volatile char *area =
      mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
  if (area == (volatile char *)MAP_FAILED) return NULL;
  for (size_t i = 0; i < pages; i++) area[i * PAGE] = (char)i;
  return area;
}

struct seen {
  unsigned count;
  char *last;
};

static void note_and_open(void *address, void *context) {
  volatile struct seen *seen = context;
  seen->count++;
  seen->last = address;
  vm_unprot((char *)((uintptr_t)address & ~(PAGE - 1)));
}

CASE(Vm, ProtectedPagesTrapOnce) {
  volatile struct seen seen = {0};
  void *pages[MANY];
  volatile char *area = area_of(MANY, MAP_PRIVATE);
  CHECK(area != NULL);
  for (size_t i = 0; i < MANY; i++) pages[i] = (void *)(area + i * PAGE);
  CHECK_EQ(vm_trap((void *)(area), MANY * PAGE, note_and_open, (void *)&seen), 0);
  CHECK_EQ(vm_protn(pages, MANY, PROT_NONE), 0);
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < MANY; i++) {
      size_t page = 37 * i % MANY;
      CHECK_EQ(area[page * PAGE], (char)page);
      if (round == 0) CHECK_EQ(seen.last - (char *)area, page * PAGE);
    }
    CHECK_EQ(seen.count, MANY);
  }
  CHECK_EQ(vm_prot1((void *)(area + 3 * PAGE), PROT_READ), 0);
  CHECK_EQ(area[3 * PAGE], 3);
  CHECK_EQ(seen.count, MANY);
  area[3 * PAGE + 7] = 1;
  CHECK_EQ(seen.count, MANY + 1);
  CHECK_EQ(vm_trap((void *)(area), MANY * PAGE, NULL, NULL), 0);
  munmap((void *)area, MANY * PAGE);
}

CASE(Vm, ScatteredPagesAreProtectedAlone) {
  volatile struct seen seen = {0};
  volatile char *area = area_of(10, MAP_PRIVATE);
  CHECK(area != NULL);
  void *pages[] = {(void *)(area + PAGE), (void *)(area + 2 * PAGE), (void *)(area + 7 * PAGE)};
  CHECK_EQ(vm_trap((void *)(area), 10 * PAGE, note_and_open, (void *)&seen), 0);
  CHECK_EQ(vm_protn(pages, 3, PROT_READ), 0);
  for (size_t i = 0; i < 10; i++) area[i * PAGE] = 9;
  CHECK_EQ(seen.count, 3);
  CHECK_EQ(vm_trap((void *)(area), 10 * PAGE, NULL, NULL), 0);
  munmap((void *)area, 10 * PAGE);
}

static sigjmp_buf back;

static void leave(void *address, void *context) {
  (void)address;
  (void)context;
  siglongjmp(back, 1);
}

CASE(Vm, HandlersMayLeaveByAJump) {
  volatile char *volatile area = area_of(1, MAP_PRIVATE);
  CHECK(area != NULL);
  CHECK_EQ(vm_trap((void *)(area), PAGE, leave, NULL), 0);
  CHECK_EQ(vm_prot1((void *)(area), PROT_NONE), 0);
  for (volatile int i = 0; i < 3; i++) {
    if (sigsetjmp(back, 1) == 0) {
      area[0] = 1;
      CHECK(false);
    }
  }
  CHECK_EQ(vm_trap((void *)(area), PAGE, NULL, NULL), 0);
  munmap((void *)area, PAGE);
}

CASE(Vm, FaultsElsewhereEndTheProgram) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    volatile struct seen seen = {0};
    volatile char *area = area_of(1, MAP_PRIVATE);
    if (!area || vm_trap((void *)(area), PAGE, note_and_open, (void *)&seen)) _exit(1);
    munmap((void *)area, PAGE);
    vm_trap((void *)(area), PAGE, NULL, NULL);
    area[0] = 1;
    _exit(2);
  }
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFSIGNALED(status));
}

CASE(Vm, TrapRefusesWhatMakesNoSense) {
  volatile char *area = area_of(2, MAP_PRIVATE);
  CHECK(area != NULL);
  CHECK_EQ(vm_trap((void *)(area + 1), PAGE, leave, NULL), -1);
  CHECK_EQ(errno, EINVAL);
  CHECK_EQ(vm_trap((void *)(area), 0, leave, NULL), -1);
  CHECK_EQ(vm_trap((void *)(area), 2 * PAGE, leave, NULL), 0);
  CHECK_EQ(vm_trap((void *)(area), PAGE, leave, NULL), -1);
  CHECK_EQ(errno, EINVAL);
  CHECK_EQ(vm_trap((void *)(area), 2 * PAGE, NULL, NULL), 0);
  munmap((void *)area, 2 * PAGE);
}

CASE(Vm, DirtyTellsWhatWasWritten) {
  void *pages[MANY];
  volatile char *area = area_of(MANY, MAP_PRIVATE);
  CHECK(area != NULL);
  CHECK_EQ(vm_dirty((void *)(area), MANY * PAGE, pages, MANY), MANY);
  CHECK_EQ(vm_dirty((void *)(area), MANY * PAGE, pages, MANY), 0);
  area[3 * PAGE] = 1;
  area[50 * PAGE + 9] = 1;
  CHECK_EQ(vm_dirty((void *)(area), MANY * PAGE, pages, MANY), 2);
  CHECK(pages[0] == area + 3 * PAGE && pages[1] == area + 50 * PAGE);
  CHECK_EQ(vm_dirty((void *)(area), MANY * PAGE, pages, MANY), 0);
  CHECK_EQ(vm_dirty((void *)(area + 1), PAGE, pages, MANY), -1);
  CHECK_EQ(errno, EINVAL);
  munmap((void *)area, MANY * PAGE);
}

static void open_and_call(void *address, void *context) {
  note_and_open(address, context);
  access("/some/where/else", F_OK);
}

CASE(Vm, DirtyTellsInATrappedPage) {
  volatile struct seen seen = {0};
  volatile char *area = area_of(MANY, MAP_PRIVATE), *told = area_of(1, MAP_PRIVATE);
  void *volatile *pages = (void *volatile *)told;
  CHECK(area != NULL && told != NULL);
  CHECK_EQ(vm_trap((void *)told, PAGE, open_and_call, (void *)&seen), 0);
  CHECK_EQ(vm_prot1((void *)told, PROT_NONE), 0);
  CHECK_EQ(vm_dirty((void *)area, MANY * PAGE, (void **)told, MANY), MANY);
  CHECK_EQ(seen.count, 1);
  for (size_t i = 0; i < MANY; i++) CHECK(pages[i] == area + i * PAGE);
  CHECK_EQ(vm_trap((void *)told, PAGE, NULL, NULL), 0);
  munmap((void *)told, PAGE);
  munmap((void *)area, MANY * PAGE);
}

CASE(Vm, Map2ShowsTheSamePagesWithOtherRights) {
  volatile struct seen seen = {0};
  volatile char *area = area_of(4, MAP_SHARED);
  CHECK(area != NULL);
  volatile char *second = vm_map2((void *)(area), 4 * PAGE, PROT_READ);
  CHECK(second != (volatile char *)MAP_FAILED);
  CHECK_EQ(second[2 * PAGE], 2);
  area[2 * PAGE] = 55;
  CHECK_EQ(second[2 * PAGE], 55);
  CHECK_EQ(vm_trap((void *)second, 4 * PAGE, note_and_open, (void *)&seen), 0);
  second[2 * PAGE] = 56;
  CHECK_EQ(seen.count, 1);
  CHECK_EQ(area[2 * PAGE], 56);
  CHECK_EQ(vm_trap((void *)second, 4 * PAGE, NULL, NULL), 0);
  munmap((void *)second, 4 * PAGE);
  munmap((void *)area, 4 * PAGE);
}
