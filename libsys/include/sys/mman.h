#ifndef _SYS_MMAN_H
#define _SYS_MMAN_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define PROT_GROWSDOWN 0x01000000 /* mprotect: from the start of a mapping that grows */
#define PROT_GROWSUP 0x02000000   /* there are none: EINVAL */

#define MAP_FILE 0
#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_SHARED_VALIDATE 0x03 /* as MAP_SHARED; unknown flags are EOPNOTSUPP */
#define MAP_TYPE 0x03
#define MAP_FIXED 0x04
#define MAP_FIXED_NOREPLACE 0x08
#define MAP_GROWSDOWN 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_ANON MAP_ANONYMOUS
#define MAP_NORESERVE 0x40 /* no mapping reserves anything */
#define MAP_STACK 0x80     /* nothing special */
#define MAP_POPULATE 0x100
#define MAP_LOCKED 0x200
#define MAP_NONBLOCK 0x400    /* with MAP_POPULATE: that does nothing */
#define MAP_DENYWRITE 0x800   /* nothing, as on Linux */
#define MAP_EXECUTABLE 0x1000 /* nothing, as on Linux */
#define MAP_SYNC 0x2000       /* no storage is mapped itself: EOPNOTSUPP */

#define MAP_FAILED ((void *)-1)

#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED 2
#define MREMAP_DONTUNMAP 4

#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MS_SYNC 4

#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_DONTFORK 10
#define MADV_DOFORK 11
#define MADV_DONTDUMP 16 /* there are no core dumps */
#define MADV_DODUMP 17
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23

#define POSIX_MADV_NORMAL 0
#define POSIX_MADV_RANDOM 1
#define POSIX_MADV_SEQUENTIAL 2
#define POSIX_MADV_WILLNEED 3
#define POSIX_MADV_DONTNEED 4

#define MCL_CURRENT 1
#define MCL_FUTURE 2
#define MCL_ONFAULT 4
#define MLOCK_ONFAULT 1

#define MFD_CLOEXEC 1
#define MFD_ALLOW_SEALING 2

void *mmap(void *, size_t, int, int, int, off_t);
int munmap(void *, size_t);
int mprotect(void *, size_t, int);
int msync(void *, size_t, int);
/* With MREMAP_FIXED, a fifth argument: void *, the new address. */
void *mremap(void *, size_t, size_t, int, ...);
int madvise(void *, size_t, int);
int posix_madvise(void *, size_t, int);
int mlock(const void *, size_t);
int mlock2(const void *, size_t, unsigned);
int munlock(const void *, size_t);
int mlockall(int);
int munlockall(void);
int mincore(void *, size_t, unsigned char *);
int shm_open(const char *, int, mode_t);
int shm_unlink(const char *);
int memfd_create(const char *, unsigned);

#ifdef __cplusplus
}
#endif

#endif
