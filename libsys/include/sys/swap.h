#ifndef _SYS_SWAP_H
#define _SYS_SWAP_H

#ifdef __cplusplus
extern "C" {
#endif

#define SWAP_FLAG_PREFER 0x8000 /* use the priority in SWAP_FLAG_PRIO_MASK */
#define SWAP_FLAG_PRIO_MASK 0x7fff
#define SWAP_FLAG_PRIO_SHIFT 0

/* The file is a disk, or a regular file without holes, with what mkswap writes. */
int swapon(const char *, int);
int swapoff(const char *);

#ifdef __cplusplus
}
#endif

#endif
