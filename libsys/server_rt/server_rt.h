// What every server starts with.
#ifndef LIBSYS_SERVER_RT_SERVER_RT_H
#define LIBSYS_SERVER_RT_SERVER_RT_H

#include "protocols/server.h"

// The server's own function: its event loop.
_Noreturn void server_main(const struct server_info *info);

#endif
