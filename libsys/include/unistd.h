#ifndef _QUIRE_UNISTD_H
#define _QUIRE_UNISTD_H

#include_next <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#if __MISC_VISIBLE
int brk(void *);
int execvpe(const char *, char *const[], char *const[]);
int pipe2(int[2], int);
int dup3(int, int, int);
#endif

#ifdef __cplusplus
}
#endif

#endif
