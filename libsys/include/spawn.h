#ifndef _QUIRE_SPAWN_H
#define _QUIRE_SPAWN_H

#include_next <spawn.h>

#ifdef __cplusplus
extern "C" {
#endif

#if __MISC_VISIBLE
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *__restrict,
                                         const char *__restrict);
#endif

#ifdef __cplusplus
}
#endif

#endif
