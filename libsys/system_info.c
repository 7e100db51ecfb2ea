// What the system is and how much of it there is.
#include <limits.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "abi/stats.h"
#include "libsys/call.h"
#include "libsys/guarded.h"
#include "libsys/quire.h"
#include "protocols/server.h"

long sysconf(int name) {
  struct pager_counts counts;
  switch (name) {
    case _SC_PAGESIZE:
      return PAGE_SIZE;
    case _SC_CLK_TCK:
      return CLOCKS_PER_SEC;
    case _SC_OPEN_MAX:
      return FS_OPEN_MAX;
    case _SC_ARG_MAX:
      return ARG_MAX;
    case _SC_CHILD_MAX:
      return SLOTS_MAX - SLOT_FIRST_PROGRAM;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN:
      return quire_counts(&counts) ? -1 : (long)counts.kernel[STAT_HARTS];
    case _SC_PHYS_PAGES:
      return quire_counts(&counts) ? -1 : (long)counts.frames_total;
    case _SC_AVPHYS_PAGES:
      return quire_counts(&counts) ? -1 : (long)counts.frames_free;
    case _SC_VERSION:
      return _POSIX_VERSION;
    case _SC_JOB_CONTROL:
    case _SC_MAPPED_FILES:
    case _SC_MEMORY_PROTECTION:
    case _SC_MEMLOCK:
    case _SC_MEMLOCK_RANGE:
    case _SC_SHARED_MEMORY_OBJECTS:
    case _SC_SYNCHRONIZED_IO:
    case _SC_FSYNC:
    case _SC_MONOTONIC_CLOCK:
      return 1;
  }
  errno = EINVAL;
  return -1;
}

int getpagesize(void) { return PAGE_SIZE; }

int uname(struct utsname *name) {
  static const struct utsname told = {.sysname = "Quire",
                                      .nodename = "quire",
                                      .release = "1",
                                      .version = "1",
                                      .machine = "riscv64"};
  return guarded_copy(name, &told, sizeof told);
}

int gethostname(char *name, size_t length) {
  struct utsname system;
  uname(&system);
  if (strlen(system.nodename) >= length) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(name, system.nodename);
  return 0;
}
