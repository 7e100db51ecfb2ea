// A new program in a new space, made straight from its file: of the parent's memory nothing is
// copied, shared or protected.
#include "protocols/spawn.h"

#include "protocols/signal.h"
#include "servers/pager/core/exec.h"
#include "servers/pager/core/limits.h"
#include "servers/pager/core/state.h"

// The child blocks and ignores the signals that its parent says; it has no handlers.
static void set_signals(struct pager *pager, struct space *parent, struct space *child) {
  const struct spawn_request *request =
      (const struct spawn_request *)((const char *)pager_message(pager, parent) + SPAWN_REQUEST);
  struct signal_page *signals = signal_page_in(pager_message(pager, child));
  signals->mask = request->mask;
  signals->ignored = request->ignored;
}

int64_t pager_spawn(struct pager *pager, uint32_t parent_badge, uint32_t child_badge, uint32_t id) {
  struct space *parent = pager_space(pager, parent_badge);
  if (!parent || parent->slot < SLOT_FIRST_PROGRAM) return -ESRCH;
  if (badge_slot(child_badge) < SLOT_FIRST_PROGRAM) return -EINVAL;
  promise_keep(pager, parent_badge);
  struct exec_image image;
  struct object *object = exec_check(pager, parent, id, &image);
  if (!object) return -EINVAL;
  struct space *child;
  int64_t error = space_new(pager, child_badge, &child);
  if (error < 0) return error == -EEXIST ? -EAGAIN : error;
  space_add_message(pager, child);
  error = exec_build(pager, parent, object, &image, child) ? 0 : -ENOMEM;
  if (error == 0) error = exec_leave_arguments(pager, parent, &image);
  if (error < 0) {
    space_delete(pager, child);
    return error;
  }
  limits_inherit(child, parent);
  set_signals(pager, parent, child);
  exec_finish(pager, child, object, &image);
  kops_thread_start(child->slot, image.entry, image.stack_pointer, image.stack_pointer, 0);
  requests_kick(pager);
  return 0;
}
