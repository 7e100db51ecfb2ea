// The break. Small steps, as malloc takes them, are answered from a reserve: address space that the
// pager has granted and that costs nothing until it is touched.
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/memory.h"

#define RESERVE (64ul << 10)

static uint64_t current;  // the program's break; 0: not asked for yet
static uint64_t granted;  // the pager's, at or above it

// Sets the pager's break. false: refused, nothing has changed.
static bool grant(uint64_t wanted) {
  if (call_pager(PAGER_BREAK, wanted, 0, 0).status != (int64_t)wanted) return false;
  if (memory_locks.future && wanted > granted) {
    uint64_t page = (granted + PAGE_MASK) & ~PAGE_MASK;
    if (wanted > page) memory_populate(page, wanted - page, ADVICE_POPULATE_LOCKED);
  }
  granted = wanted;
  return true;
}

static bool set_break(uint64_t wanted) {
  if (wanted > granted) {
    uint64_t ahead = wanted + RESERVE;
    if (ahead < wanted || (!grant(ahead) && !grant(wanted))) return false;
  } else if (wanted < current && !grant(wanted)) {
    return false;
  }
  current = wanted;
  return true;
}

static bool know_break(void) {
  if (current) return true;
  int64_t status = call_pager(PAGER_BREAK, 0, 0, 0).status;
  if (status <= 0) return false;
  current = granted = (uint64_t)status;
  return true;
}

int brk(void *address) {
  if (know_break() && set_break((uint64_t)(uintptr_t)address)) return 0;
  errno = ENOMEM;
  return -1;
}

void *sbrk(ptrdiff_t change) {
  if (know_break()) {
    uint64_t old = current;
    uint64_t wanted = old + (uint64_t)change;
    bool wrapped = change > 0 ? wanted < old : wanted > old;
    if (change == 0 || (!wrapped && set_break(wanted))) return (void *)(uintptr_t)old;
  }
  errno = ENOMEM;
  return (void *)-1;
}
