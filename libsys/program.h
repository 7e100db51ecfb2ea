// Running program files, and scripts by their interpreter ("#!").
#ifndef LIBSYS_PROGRAM_H
#define LIBSYS_PROGRAM_H

#include <stdint.h>

#include "protocols/spawn.h"

// Replaces this program. Returns a negative errno; does not return when the program runs.
int64_t program_exec(const char *path, char *const argv[], char *const envp[]);

// Makes a child that runs the program. Returns its pid, or a negative errno and there is no child.
int64_t program_spawn(const char *path, char *const argv[], char *const envp[],
                      const struct spawn_request *request);

// Calls `try` with the names that `file` has in the directories of PATH, or with `file` itself if
// it has a slash, until it returns something else than -ENOENT, -ENOTDIR or -EACCES. Returns that,
// or -EACCES if it came, or -ENOENT.
int64_t program_search(const char *file, int64_t (*try)(const char *path, void *context),
                       void *context);

#endif
