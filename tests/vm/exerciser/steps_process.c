// fork and the end of processes.
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/vm/exerciser/world_private.h"

bool step_fork(struct world *world, const struct step *step) {
  uint32_t child = step->other;
  if (child >= ACTORS_MAX || world->model.actor[child].alive) return true;
  struct command command = {.kind = DO_FORK, .flags = (int)child};
  if (!world_do(world, step->actor, &command)) return false;
  const struct answer *answer = world_answer(world, step->actor);
  if (answer->value <= 0) return world_fail(world, "fork: %s", strerror(answer->error));
  model_fork(&world->model, step->actor, (int)child);
  world->model.actor[child].pid = (int)answer->value;
  return true;
}

// Takes in the status of an actor that has ended, where its parent still lives.
static bool wait_for(struct world *world, const struct actor *actor, bool killed) {
  if (actor->parent == ORPHAN) return true;
  struct command command = {.kind = DO_WAIT, .offset = actor->pid};
  if (!world_do(world, actor->parent, &command)) return false;
  int status = (int)world_answer(world, actor->parent)->value;
  bool right = killed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
                      : WIFEXITED(status) && WEXITSTATUS(status) == 7;
  return right || world_fail(world, "wait status 0x%x", (unsigned)status);
}

bool step_exit(struct world *world, const struct step *step) {
  struct actor *actor = &world->model.actor[step->actor];
  // The first one is the driver's own, and stays.
  if (actor->parent == DRIVER) return true;
  bool killed = step->option & 1;
  // Nobody waits for an orphan's end. But it has done its last command: none of those for the next
  // actor of this slot goes to it.
  struct command command = {.kind = DO_EXIT, .flags = killed ? TO_BE_KILLED : 7};
  if (!world_do(world, step->actor, &command)) return false;
  if (killed) kill(actor->pid, SIGKILL);
  if (!wait_for(world, actor, killed)) return false;
  model_exit(&world->model, step->actor);
  // Nobody waits for the children of the dead by their slots.
  for (int i = 0; i < ACTORS_MAX; i++) {
    struct actor *other = &world->model.actor[i];
    if (other->alive && other->parent == step->actor) other->parent = ORPHAN;
  }
  return true;
}
