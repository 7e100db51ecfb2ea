// The process's message page (abi/layout.h): what goes to a server, and comes back, beside the
// registers. Valid until the next call to a server.
#ifndef LIBSYS_MESSAGE_H
#define LIBSYS_MESSAGE_H

#include <stddef.h>

#include "abi/layout.h"

static inline void *message_page(void) { return (void *)MESSAGE_PAGE; }

// Puts a path where a server expects the first, or second, of a call.
// Returns 0, or -1 with errno ENAMETOOLONG or EFAULT.
int message_path(const char *path);
int message_second_path(const char *path);

#endif
