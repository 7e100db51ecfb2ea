// Widths of POSIX types where picolibc's are too narrow. sys/_types.h asks for these macros.
#ifndef _MACHINE__TYPES_H
#define _MACHINE__TYPES_H
#include <machine/_default_types.h>

#define __machine_ino_t_defined
#define __machine_dev_t_defined
#define __machine_uid_t_defined
#define __machine_gid_t_defined
#define __machine_fsfilcnt_t_defined
typedef __uint64_t __ino_t;
typedef __uint32_t __dev_t;
typedef __uint32_t __uid_t;
typedef __uint32_t __gid_t;
typedef __uint64_t __fsfilcnt_t;

#endif
