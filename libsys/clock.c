// Time, from the rdtime counter: proc says once how fast it counts and what time it started at.
#include <stdbool.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/guarded.h"

#define NANOSECONDS 1000000000ull

static uint64_t ticks_a_second;  // 0: not asked for yet
static uint64_t epoch;           // nanoseconds since 1970 when the counter was 0

static bool know_clock(void) {
  if (ticks_a_second) return true;
  struct reply reply = call_proc(PROC_CLOCK, 0, 0);
  if (result(reply.status) <= 0) return false;
  epoch = reply.word[0];
  ticks_a_second = (uint64_t)reply.status;
  return true;
}

// Nanoseconds since the counter was 0.
static uint64_t uptime(void) {
  uint64_t ticks = rdtime();
  return ticks / ticks_a_second * NANOSECONDS +
         ticks % ticks_a_second * NANOSECONDS / ticks_a_second;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
    errno = EINVAL;
    return -1;
  }
  if (!know_clock()) return -1;
  uint64_t now = uptime() + (clock == CLOCK_REALTIME ? epoch : 0);
  time->tv_sec = (time_t)(now / NANOSECONDS);
  time->tv_nsec = (long)(now % NANOSECONDS);
  return 0;
}

int clock_getres(clockid_t clock, struct timespec *resolution) {
  struct timespec now;
  if (clock_gettime(clock, &now)) return -1;
  if (resolution) *resolution = (struct timespec){0, (long)(NANOSECONDS / ticks_a_second)};
  return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;  // obsolete
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

int nanosleep(const struct timespec *request, struct timespec *rest) {
  struct timespec wanted;
  if (guarded_copy(&wanted, request, sizeof wanted)) return -1;
  if (wanted.tv_nsec < 0 || wanted.tv_nsec >= (long)NANOSECONDS || wanted.tv_sec < 0) {
    errno = EINVAL;
    return -1;
  }
  uint64_t nanoseconds;
  if (__builtin_mul_overflow((uint64_t)wanted.tv_sec, NANOSECONDS, &nanoseconds) ||
      __builtin_add_overflow(nanoseconds, (uint64_t)wanted.tv_nsec, &nanoseconds)) {
    nanoseconds = UINT64_MAX;
  }
  struct reply reply = call_proc(PROC_SLEEP, nanoseconds, 0);
  if (reply.status == -EINTR && rest) {
    struct timespec left = {(time_t)(reply.word[0] / NANOSECONDS),
                            (long)(reply.word[0] % NANOSECONDS)};
    if (guarded_copy(rest, &left, sizeof left)) return -1;
  }
  return (int)result(reply.status);
}

unsigned sleep(unsigned seconds) {
  struct timespec rest = {0, 0};
  if (nanosleep(&(struct timespec){seconds, 0}, &rest) == 0) return 0;
  return (unsigned)rest.tv_sec + (rest.tv_nsec >= (long)NANOSECONDS / 2);
}

int usleep(useconds_t microseconds) {
  return nanosleep(
      &(struct timespec){(time_t)(microseconds / 1000000), (long)(microseconds % 1000000 * 1000)},
      NULL);
}

// In units of CLOCKS_PER_SEC, which is what picolibc's clock() makes of them.
clock_t times(struct tms *times) {
  struct tms told = {0};  // clock() looks there even after an error
  if (times && guarded_copy(times, &told, sizeof told)) return (clock_t)-1;
  struct reply reply = call_proc(PROC_TIMES, 0, 0);
  if (result(reply.status) < 0 || !know_clock()) return (clock_t)-1;
  const uint64_t unit = NANOSECONDS / CLOCKS_PER_SEC;
  told.tms_utime = (clock_t)(reply.word[0] / unit);
  told.tms_cutime = (clock_t)(reply.word[1] / unit);
  if (times) *times = told;
  return (clock_t)(uptime() / unit);
}
