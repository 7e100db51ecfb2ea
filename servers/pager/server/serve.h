// The pager's event loop.
#ifndef SERVERS_PAGER_SERVER_SERVE_H
#define SERVERS_PAGER_SERVER_SERVE_H

#include "servers/pager/core/pager.h"

// Receives events on HANDLE_SELF and answers them, for ever.
_Noreturn void serve(struct pager *pager);

#endif
