// Some actors, the files that they share, and the model of both. Steps are done one after the
// other: an actor does what a step says, and its answer and the bytes that it sees are compared
// with the model's.
#ifndef TESTS_VM_EXERCISER_WORLD_H
#define TESTS_VM_EXERCISER_WORLD_H

#include <sys/types.h>

#include "tests/vm/exerciser/model.h"
#include "tests/vm/exerciser/step.h"
#include "tests/vm/random.h"

struct file {
  int fd, fd_readonly;  // the latter -1 if it has none
};

struct world {
  struct stage stage;
  struct file file[FILES];
  struct model model;
  uintptr_t heap;
  int first;          // pid of the first actor
  char failure[256];  // empty as long as all is well
};

// Starts the first actor. `name` tells the files of this world from others'. False, and
// world->failure says why, if that is not possible.
bool world_begin(struct world *world, const char *name);
// Ends all actors and removes the files.
void world_end(struct world *world);

// Draws a step that makes sense here and now.
struct step world_draw(const struct world *world, struct random *random);

// Does it. False, and world->failure says why, if something was not as the model says.
bool world_step(struct world *world, const struct step *step);

#endif
