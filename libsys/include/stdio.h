#ifndef _QUIRE_STDIO_H
#define _QUIRE_STDIO_H

#include_next <stdio.h>
#include <sys/types.h>

#undef FILENAME_MAX
#define FILENAME_MAX 1792
#undef FOPEN_MAX
#define FOPEN_MAX 64

#ifdef __cplusplus
extern "C" {
#endif

FILE *popen(const char *, const char *);
int pclose(FILE *);
ssize_t getline(char **__restrict, size_t *__restrict, FILE *__restrict);
ssize_t getdelim(char **__restrict, size_t *__restrict, int, FILE *__restrict);
int dprintf(int, const char *__restrict, ...);
int vdprintf(int, const char *__restrict, va_list);

#ifdef __cplusplus
}
#endif

#endif
