// A child that is a new program from the start (posix_spawn).
#include "protocols/spawn.h"

#include <string.h>

#include "servers/proc/outside.h"
#include "servers/proc/processes_private.h"

// fs and pager each do all or nothing; what was done for the child before one refuses is undone.
static int64_t make(struct process *parent, struct process *child, uint64_t fd) {
  // The page may change at any time: look at a copy. fs takes its part of it itself.
  struct spawn_request wanted;
  memcpy(&wanted, (const char *)outside_page(parent->badge) + SPAWN_REQUEST, sizeof wanted);
  if (wanted.flags & ~(uint32_t)SPAWN_SET_GROUP) return -EINVAL;
  int64_t status = 0;
  if (wanted.flags & SPAWN_SET_GROUP) status = process_set_group(parent, child, wanted.group);
  if (status < 0) return status;
  process_take_name(child, parent->badge);
  child->executed = true;
  int64_t object = outside_fs_spawn(parent->badge, child->badge, fd, child->pid);
  if (object < 0) return object;
  status = outside_pager_spawn((uint32_t)object, parent->badge, child->badge);
  if (status < 0) outside_fs_exited(child->badge);
  return status;
}

void op_spawn(const struct request *request, struct answer *answer) {
  struct process *child = process_new(request->caller);
  answer->status = -EAGAIN;
  if (child) process_made(child, make(request->caller, child, request->argument[0]), answer);
}
