// What of POSIX and Linux there is to exercise.
#ifndef TESTS_VM_FEATURES_H
#define TESTS_VM_FEATURES_H

#include <signal.h>
#include <sys/mman.h>

#if defined(__linux__) || defined(SEGV_MAPERR)
#define HAVE_SIGACTION 1
#else
#define HAVE_SIGACTION 0
#define SEGV_MAPERR 0
#define SEGV_ACCERR 0
#define BUS_ADRERR 0
#endif

#ifdef MREMAP_MAYMOVE
#define HAVE_MREMAP 1
#else
#define HAVE_MREMAP 0
#endif

#ifdef MADV_DONTNEED
#define HAVE_MADVISE 1
#define HAVE_MINCORE 1
#else
#define HAVE_MADVISE 0
#define HAVE_MINCORE 0
#endif

#ifdef MCL_CURRENT
#define HAVE_MLOCK 1
#else
#define HAVE_MLOCK 0
#endif

#ifdef MFD_CLOEXEC
#define HAVE_MEMFD 1
#else
#define HAVE_MEMFD 0
#endif

#if defined(__linux__) || __has_include("libsys/include/sys/resource.h")
#define HAVE_LIMITS 1
#else
#define HAVE_LIMITS 0
#endif

#ifndef MAP_POPULATE
#define MAP_POPULATE 0
#endif

#endif
