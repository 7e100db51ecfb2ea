// Times of files. NULL for the times means now.
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <utime.h>

#include "libsys/call.h"
#include "libsys/guarded.h"
#include "libsys/message.h"

#define MICROSECOND 1000
#define SECOND 1000000000ll

// In nanoseconds. false: beyond what these can express, or not a time.
static bool nanoseconds_of(const struct timeval *time, int64_t *nanoseconds) {
  if (time->tv_usec < 0 || time->tv_usec >= SECOND / MICROSECOND) return false;
  return !__builtin_mul_overflow(time->tv_sec, SECOND, nanoseconds) &&
         !__builtin_add_overflow(*nanoseconds, time->tv_usec * MICROSECOND, nanoseconds) &&
         *nanoseconds != FS_TIME_OMIT && *nanoseconds != FS_TIME_NOW;
}

static int set_times(const char *path, const struct timeval times[2], uint64_t flags) {
  int64_t access = FS_TIME_NOW, modification = FS_TIME_NOW;
  struct timeval given[2];
  if (times && guarded_copy(given, times, sizeof given)) return -1;
  if (times && (!nanoseconds_of(&given[0], &access) || !nanoseconds_of(&given[1], &modification))) {
    errno = EINVAL;
    return -1;
  }
  if (message_path(path)) return -1;
  return (int)result(
      call_fs(FS_UTIMES, (uint64_t)access, (uint64_t)modification, flags, 0, 0).status);
}

int utimes(const char *path, const struct timeval times[2]) { return set_times(path, times, 0); }

int lutimes(const char *path, const struct timeval times[2]) {
  return set_times(path, times, FS_NOFOLLOW);
}

int utime(const char *path, const struct utimbuf *times) {
  if (!times) return utimes(path, NULL);
  return utimes(path, (const struct timeval[2]){{times->actime, 0}, {times->modtime, 0}});
}
