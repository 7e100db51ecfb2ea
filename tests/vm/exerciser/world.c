#include "tests/vm/exerciser/world.h"

#include <string.h>
#include <sys/mman.h>

#include "tests/vm/exerciser/world_private.h"

static bool step_check(struct world *world, const struct step *step) {
  (void)step;
  return world_check(world);
}

static world_handler *const handlers[] = {
    [STEP_MAP_ANONYMOUS] = step_map_anonymous,
    [STEP_MAP_FILE] = step_map_file,
    [STEP_UNMAP] = step_unmap,
    [STEP_PROTECT] = step_protect,
    [STEP_REMAP] = step_remap,
    [STEP_READ] = step_read,
    [STEP_WRITE] = step_write,
    [STEP_TOUCH] = step_touch,
    [STEP_FILE_READ] = step_file_read,
    [STEP_FILE_WRITE] = step_file_write,
    [STEP_FILE_FROM_CELLS] = step_file_from_cells,
    [STEP_FILE_TO_CELLS] = step_file_to_cells,
    [STEP_TRUNCATE] = step_truncate,
    [STEP_SYNC_FILE] = step_sync_file,
    [STEP_SYNC] = step_sync,
    [STEP_ADVISE] = step_advise,
    [STEP_LOCK] = step_lock,
    [STEP_UNLOCK] = step_unlock,
    [STEP_RESIDENT] = step_resident,
    [STEP_BREAK] = step_break,
    [STEP_FORK] = step_fork,
    [STEP_EXIT] = step_exit,
    [STEP_CHECK] = step_check,
};

_Static_assert(sizeof handlers / sizeof handlers[0] == STEP_KINDS, "");

bool world_step(struct world *world, const struct step *step) {
  if (step->kind >= STEP_KINDS || step->actor >= ACTORS_MAX || step->cell >= CELLS ||
      step->count > MAILBOX_PAGES + ARENA_PAGES) {
    return true;
  }
  if (!world->model.actor[step->actor].alive && step->kind != STEP_CHECK) return true;
  struct step run = *step;
  // Cells of the arena and of the heap are not neighbours.
  uint32_t end = step->cell < ARENA_PAGES ? ARENA_PAGES : CELLS;
  if (step->kind != STEP_BREAK && step->cell + step->count > end) {
    run.count = (uint8_t)(end - step->cell);
  }
  return handlers[step->kind](world, &run);
}

static uint8_t draw_kind(struct random *random) {
  static const uint8_t weight[] = {
#define X(name, weight) weight,
      STEPS(X)
#undef X
  };
  uint32_t sum = 0;
  for (int i = 0; i < STEP_KINDS; i++) sum += weight[i];
  uint32_t at = random_below(random, sum), kind = 0;
  while (at >= weight[kind]) at -= weight[kind++];
  return (uint8_t)kind;
}

static uint8_t draw_actor(const struct world *world, struct random *random) {
  for (;;) {
    uint32_t actor = random_below(random, ACTORS_MAX);
    if (world->model.actor[actor].alive) return (uint8_t)actor;
  }
}

// Mostly one that shows something.
static uint8_t draw_cell(const struct world *world, struct random *random, uint8_t actor) {
  uint32_t cell = 0;
  for (int i = 0; i < 4; i++) {
    cell = random_below(random, CELLS);
    if (world->model.actor[actor].cell[cell].mapped) break;
  }
  return (uint8_t)cell;
}

static uint8_t draw_prot(struct random *random) {
  static const uint8_t prot[] = {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
                                 PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE};
  return prot[random_below(random, sizeof prot)];
}

static uint32_t draw_bytes(struct random *random) {
  uint32_t bytes = random_below(random, FILE_BYTES + 1);
  return random_chance(random, 30) ? bytes / PAGE * PAGE : bytes;
}

static void draw_transfer(struct step *step, struct random *random) {
  step->option = (uint8_t)random_below(random, random_chance(random, 50) ? 256 : 16);
  uint32_t room = FILE_BYTES - (step->option * 64u + 1);
  step->other = random_below(random, FILES) | random_below(random, room + 1) << 8;
}

static uint8_t draw_map_option(struct random *random) {
  uint8_t option = draw_prot(random);
  if (random_chance(random, 15)) option |= MAP_OPTION_HINT;
  if (random_chance(random, 15)) option |= MAP_OPTION_NOREPLACE;
  if (random_chance(random, 10)) option |= MAP_OPTION_POPULATE;
  return option;
}

struct step world_draw(const struct world *world, struct random *random) {
  struct step step = {.kind = draw_kind(random), .actor = draw_actor(world, random)};
  step.cell = draw_cell(world, random, step.actor);
  step.count = (uint8_t)(1 + random_below(random, random_chance(random, 60) ? 3 : MAILBOX_PAGES));
  step.value = (uint32_t)random_next(random);
  step.option = (uint8_t)random_below(random, 256);
  switch (step.kind) {
    case STEP_MAP_ANONYMOUS:
    case STEP_MAP_FILE:
      step.cell = (uint8_t)random_below(random, ARENA_PAGES);
      step.count = (uint8_t)(1 + random_below(random, 12));
      step.option = draw_map_option(random);
      // Files as they are, and as they are open for reading only.
      step.other = random_below(random, FILES + 1) | random_below(random, OBJECT_PAGES) << 8;
      break;
    case STEP_PROTECT:
      step.option = draw_prot(random);
      break;
    case STEP_REMAP:
      step.other = random_below(random, ARENA_PAGES) | (1 + random_below(random, 10)) << 8;
      break;
    case STEP_WRITE:
      step.other = random_below(random, PAGE);
      break;
    case STEP_FILE_READ:
    case STEP_FILE_WRITE:
    case STEP_FILE_FROM_CELLS:
    case STEP_FILE_TO_CELLS:
      draw_transfer(&step, random);
      break;
    case STEP_TRUNCATE:
      step.other = random_below(random, FILES) | draw_bytes(random) << 8;
      break;
    case STEP_SYNC_FILE:
      step.other = random_below(random, FILES);
      break;
    case STEP_BREAK:
      step.count = (uint8_t)random_below(random, HEAP_PAGES + 1);
      break;
    case STEP_FORK:
      step.other = random_below(random, ACTORS_MAX);
      break;
    default:
      break;
  }
  return step;
}
