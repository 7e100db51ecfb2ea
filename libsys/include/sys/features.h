/* Which parts of POSIX the library declares. picolibc announces none on bare metal. */
#include_next <sys/features.h>

#ifndef _QUIRE_FEATURES_H
#define _QUIRE_FEATURES_H

#define _POSIX_VERSION 200809L
#define _POSIX_FSYNC 200809L
#define _POSIX_JOB_CONTROL 1
#define _POSIX_MAPPED_FILES 200809L
#define _POSIX_MEMORY_PROTECTION 200809L
#define _POSIX_MONOTONIC_CLOCK 200809L
#define _POSIX_NO_TRUNC 1
#define _POSIX_SYNCHRONIZED_IO 200809L
#define _POSIX_TIMERS 200809L

#endif
