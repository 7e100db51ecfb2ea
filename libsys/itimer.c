// Alarms: proc has one timer for each process.
#include <errno.h>
#include <sys/time.h>
#include <unistd.h>

#include "libsys/call.h"
#include "libsys/guarded.h"

#define NANOSECONDS 1000000000ull
#define MICROSECONDS 1000000

static int fail(int error) {
  errno = error;
  return -1;
}

static bool valid(const struct timeval *time) {
  return time->tv_sec >= 0 && time->tv_usec >= 0 && time->tv_usec < MICROSECONDS;
}

// Never more than what a signed number holds: centuries.
static uint64_t nanoseconds_of(const struct timeval *time) {
  uint64_t seconds = (uint64_t)time->tv_sec;
  if (seconds >= INT64_MAX / NANOSECONDS) return INT64_MAX;
  return seconds * NANOSECONDS + (uint64_t)time->tv_usec * 1000;
}

static struct timeval timeval_of(uint64_t nanoseconds) {
  return (struct timeval){(time_t)(nanoseconds / NANOSECONDS),
                          (suseconds_t)(nanoseconds % NANOSECONDS / 1000)};
}

// Asks or sets, in one call: what is told has not come, and does not, unless it was only asked for.
static int64_t timer(uint64_t value, uint64_t interval, struct itimerval *before) {
  struct reply reply = call_proc(PROC_ITIMER, value, interval);
  uint64_t left = reply.word[0];
  // Not 0 while it runs.
  before->it_value = timeval_of(left && left < 1000 ? 1000 : left);
  before->it_interval = timeval_of(reply.word[1]);
  return result(reply.status);
}

int getitimer(int which, struct itimerval *value) {
  struct itimerval told;
  if (which != ITIMER_REAL) return fail(EINVAL);
  if (timer(PROC_ITIMER_ASK, 0, &told) < 0) return -1;
  return guarded_copy(value, &told, sizeof told);
}

int setitimer(int which, const struct itimerval *restrict value, struct itimerval *restrict old) {
  if (which != ITIMER_REAL) return fail(EINVAL);
  struct itimerval wanted, before;
  if (guarded_copy(&wanted, value, sizeof wanted)) return -1;
  if (!valid(&wanted.it_value) || !valid(&wanted.it_interval)) return fail(EINVAL);
  uint64_t nanoseconds = nanoseconds_of(&wanted.it_value);
  if (timer(nanoseconds, nanoseconds_of(&wanted.it_interval), &before) < 0) return -1;
  return old ? guarded_copy(old, &before, sizeof before) : 0;
}

unsigned alarm(unsigned seconds) {
  struct itimerval wanted = {.it_value = {.tv_sec = (time_t)seconds}}, old;
  setitimer(ITIMER_REAL, &wanted, &old);
  time_t left = old.it_value.tv_sec;
  // The nearest number, but not 0 for an alarm that is on.
  if (old.it_value.tv_usec >= MICROSECONDS / 2 || (left == 0 && old.it_value.tv_usec)) ++left;
  return (unsigned)left;
}

useconds_t ualarm(useconds_t microseconds, useconds_t interval) {
  struct itimerval wanted = {
      .it_interval = {(time_t)(interval / MICROSECONDS), (suseconds_t)(interval % MICROSECONDS)},
      .it_value = {(time_t)(microseconds / MICROSECONDS),
                   (suseconds_t)(microseconds % MICROSECONDS)}};
  struct itimerval old;
  if (setitimer(ITIMER_REAL, &wanted, &old)) return (useconds_t)-1;
  return (useconds_t)(old.it_value.tv_sec * MICROSECONDS + old.it_value.tv_usec);
}
