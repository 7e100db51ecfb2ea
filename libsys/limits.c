// getrlimit, setrlimit, getrusage.
#include <string.h>
#include <sys/resource.h>

#include "libsys/call.h"
#include "libsys/guarded.h"
#include "libsys/message.h"
#include "libsys/quire.h"
#include "protocols/server.h"

_Static_assert(RLIM_INFINITY == LIMIT_NONE, "");

#define NOT_THE_PAGERS LIMIT_COUNT

// The pager's name for a limit, NOT_THE_PAGERS if it is another's.
static enum pager_limit pagers(int resource) {
  switch (resource) {
    case RLIMIT_AS:
      return LIMIT_AS;
    case RLIMIT_DATA:
      return LIMIT_DATA;
    case RLIMIT_STACK:
      return LIMIT_STACK;
    case RLIMIT_MEMLOCK:
      return LIMIT_MEMLOCK;
    case RLIMIT_RSS:
      return LIMIT_RSS;
  }
  return NOT_THE_PAGERS;
}

// Limits that are what the system is built for.
static rlim_t built_in(int resource) {
  switch (resource) {
    case RLIMIT_NOFILE:
      return FS_OPEN_MAX;
    case RLIMIT_NPROC:
      return PROGRAMS_MAX;
    case RLIMIT_CORE:
      return 0;
  }
  return RLIM_INFINITY;
}

int getrlimit(int resource, struct rlimit *limit) {
  if (resource < 0 || resource >= RLIM_NLIMITS) return (int)result(-EINVAL);
  enum pager_limit which = pagers(resource);
  if (which == NOT_THE_PAGERS) {
    rlim_t value = built_in(resource);
    return guarded_copy(limit, &(struct rlimit){value, value}, sizeof *limit);
  }
  int64_t status = call_pager(PAGER_LIMIT, LIMIT_ASK, 0, 0).status;
  if (status < 0) return (int)result(status);
  struct pager_limit_value all[LIMIT_COUNT];
  memcpy(all, message_page(), sizeof all);
  struct rlimit told = {all[which].soft, all[which].hard};
  return guarded_copy(limit, &told, sizeof told);
}

// What is built in can be confirmed, but not changed.
static int64_t confirm(int resource, const struct rlimit *limit) {
  rlim_t value = built_in(resource);
  if (limit->rlim_cur > limit->rlim_max) return -EINVAL;
  if (limit->rlim_max > value) return -EPERM;
  return limit->rlim_cur == value && limit->rlim_max == value ? 0 : -EINVAL;
}

int setrlimit(int resource, const struct rlimit *limit) {
  struct rlimit wanted;
  if (guarded_copy(&wanted, limit, sizeof wanted)) return -1;
  if (resource < 0 || resource >= RLIM_NLIMITS) return (int)result(-EINVAL);
  enum pager_limit which = pagers(resource);
  if (which == NOT_THE_PAGERS) return (int)result(confirm(resource, &wanted));
  return (int)result(call_pager(PAGER_LIMIT, which, wanted.rlim_cur, wanted.rlim_max).status);
}

// What the process has used, or its children that it has waited for. 0, or -1 with errno.
static int usage_of(int who, struct pager_usage *usage) {
  if (who == RUSAGE_SELF) {
    struct pager_space_counts counts;
    if (quire_space_counts(0, &counts) != 0) return -1;
    *usage = counts.usage;
    return 0;
  }
  if (who != RUSAGE_CHILDREN) return (int)result(-EINVAL);
  struct reply reply = call_proc(PROC_USAGE, 0, 0);
  *usage = (struct pager_usage){reply.word[0], reply.word[1], reply.word[2]};
  return (int)result(reply.status);
}

int getrusage(int who, struct rusage *usage) {
  struct pager_usage used;
  if (usage_of(who, &used) != 0) return -1;
  struct rusage told = {.ru_maxrss = (long)(used.peak * (PAGE_SIZE / 1024)),
                        .ru_minflt = (long)(used.faults - used.major),
                        .ru_majflt = (long)used.major};
  return guarded_copy(usage, &told, sizeof told);
}
