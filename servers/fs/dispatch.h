// From a call's message to the operation that serves it.
#ifndef SERVERS_FS_DISPATCH_H_
#define SERVERS_FS_DISPATCH_H_

#include "servers/fs/answer.h"

// => an EVENT_CALL.
void dispatch(const struct event *event, struct answer *answer);

#endif  // SERVERS_FS_DISPATCH_H_
