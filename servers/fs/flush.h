// Operations that make data durable: the pager stores pages first, then the metadata follows.
//
//   flush_*  ── caller forwarded: PAGER_OBJECT_FLUSH ──▶ pager ── FS_FLUSHED ──▶ flush_flushed
//   ──▶ a fiber writes the metadata ──▶ answer
#ifndef SERVERS_FS_FLUSH_H_
#define SERVERS_FS_FLUSH_H_

#include "servers/fs/process.h"

void flush_fsync(struct process *process, const struct event *event, struct answer *answer);
void flush_sync(struct process *process, const struct event *event, struct answer *answer);
void flush_unmount(struct process *process, const struct event *event, struct answer *answer);
void flush_flushed(struct process *process, const struct event *event, struct answer *answer);

#endif  // SERVERS_FS_FLUSH_H_
