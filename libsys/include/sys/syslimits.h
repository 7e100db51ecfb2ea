/* Limits of this system, where picolibc's limits.h looks for them. */
#ifndef _SYS_SYSLIMITS_H_
#define _SYS_SYSLIMITS_H_

#define ARG_MAX 131072
#define LINK_MAX 32000
#define MAX_CANON 255
#define MAX_INPUT 255
#define NAME_MAX 255
#define NGROUPS_MAX 16
#define OPEN_MAX 64
#define PATH_MAX 1792
#define PIPE_BUF 3584
#define LINE_MAX 2048
#define RE_DUP_MAX 255
#define SYMLOOP_MAX 40
#define HOST_NAME_MAX 64
#define SSIZE_MAX __LONG_MAX__
#define PAGESIZE 4096ul
#define PAGE_SIZE 4096ul

#endif
