// Attributes of spawned programs.
#include <stdlib.h>

#include "libsys/call.h"
#include "libsys/spawn.h"

#define ALL_FLAGS \
  (POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)

int posix_spawnattr_init(posix_spawnattr_t *attributes) {
  *attributes = calloc(1, sizeof **attributes);
  return *attributes ? 0 : ENOMEM;
}

int posix_spawnattr_destroy(posix_spawnattr_t *attributes) {
  free(*attributes);
  *attributes = NULL;
  return 0;
}

int posix_spawnattr_getflags(const posix_spawnattr_t *restrict attributes, short *restrict flags) {
  *flags = (*attributes)->flags;
  return 0;
}

// There are no scheduling policies: EINVAL.
int posix_spawnattr_setflags(posix_spawnattr_t *attributes, short flags) {
  if (flags & ~ALL_FLAGS) return EINVAL;
  (*attributes)->flags = flags;
  return 0;
}

int posix_spawnattr_getpgroup(const posix_spawnattr_t *restrict attributes, pid_t *restrict group) {
  *group = (*attributes)->group;
  return 0;
}

int posix_spawnattr_setpgroup(posix_spawnattr_t *attributes, pid_t group) {
  (*attributes)->group = group;
  return 0;
}

int posix_spawnattr_getsigdefault(const posix_spawnattr_t *restrict attributes,
                                  sigset_t *restrict set) {
  *set = (*attributes)->defaults;
  return 0;
}

int posix_spawnattr_setsigdefault(posix_spawnattr_t *restrict attributes,
                                  const sigset_t *restrict set) {
  (*attributes)->defaults = *set;
  return 0;
}

int posix_spawnattr_getsigmask(const posix_spawnattr_t *restrict attributes,
                               sigset_t *restrict set) {
  *set = (*attributes)->mask;
  return 0;
}

int posix_spawnattr_setsigmask(posix_spawnattr_t *restrict attributes,
                               const sigset_t *restrict set) {
  (*attributes)->mask = *set;
  return 0;
}
