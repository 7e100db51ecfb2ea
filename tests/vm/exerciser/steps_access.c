// Loads, stores, and accesses that must fault.
// For MADV_PAGEOUT.
#define _GNU_SOURCE

#include <string.h>
#include <sys/mman.h>

#include "tests/vm/exerciser/world_private.h"
#include "tests/vm/features.h"

bool step_read(struct world *world, const struct step *step) {
#ifdef MADV_PAGEOUT
  // What may be discarded goes now, whatever the call says of the rest.
  struct command command = {.kind = DO_MADVISE,
                            .address = world_address(world, step->cell),
                            .length = step->count * PAGE,
                            .flags = MADV_PAGEOUT};
  if (step->option & 1 && !world_do(world, step->actor, &command)) return false;
#endif
  return world_check_cells(world, step->actor, step->cell, step->count);
}

// So that no store goes behind the end of a file, where nobody says what becomes of it.
static size_t store_limit(const struct world *world, const struct cell *cell, size_t at) {
  if (!cell->shared || cell->object >= FILES) return PAGE - at;
  size_t bytes = world->model.object[cell->object].bytes, start = (size_t)cell->index * PAGE;
  size_t end = bytes < start ? 0 : bytes - start;
  if (end > PAGE) end = PAGE;
  return end > at ? end - at : 0;
}

static bool touch(struct world *world, int actor, uint32_t cell, bool write) {
  struct verdict verdict =
      model_access(&world->model, &world->model.actor[actor].cell[cell], write);
  uintptr_t address = world_address(world, cell) + cell * 8;
  struct command command = {.kind = DO_TOUCH, .address = address, .flags = write};
  if (!world_do(world, actor, &command)) return false;
  const struct answer *answer = world_answer(world, actor);
  if (answer->signal != verdict.signal) {
    return world_fail(world, "actor %d, cell %u: signal %d and not %d", actor, (unsigned)cell,
                      answer->signal, verdict.signal);
  }
  if (!HAVE_SIGACTION || (answer->code == verdict.code && answer->address == address)) return true;
  return world_fail(world, "actor %d, cell %u: code %d and not %d, address 0x%lx and not 0x%lx",
                    actor, (unsigned)cell, answer->code, verdict.code,
                    (unsigned long)answer->address, (unsigned long)address);
}

// Whether a cell shows the same page of an object as one before it: which of two stores comes last
// is memcpy's choice.
static bool is_again(const struct cell *cells, uint32_t first, uint32_t cell) {
  for (uint32_t i = first; i < cell; i++) {
    if (cells[i].shared && cells[cell].shared && cells[i].object == cells[cell].object &&
        cells[i].index == cells[cell].index) {
      return true;
    }
  }
  return false;
}

bool step_write(struct world *world, const struct step *step) {
  size_t at = step->other % PAGE, length = 0;
  struct cell *cells = world->model.actor[step->actor].cell;
  uint8_t *data = world_data(world, step->actor);
  // Up to the first byte that must not be stored to.
  for (uint32_t i = 0; i < step->count; i++) {
    const struct cell *cell = &cells[step->cell + i];
    size_t from = i ? 0 : at;
    if (model_access(&world->model, cell, true).signal) break;
    if (is_again(cells, step->cell, step->cell + i)) break;
    size_t now = store_limit(world, cell, from);
    length += now;
    if (now < PAGE - from) break;
  }
  if (length && step->value % 4 == 0) length = 1 + step->value / 4 % length;
  if (length == 0) return true;
  for (size_t i = 0; i < length; i++) data[i] = pattern_byte(step->value, (uint32_t)i);
  struct command command = {
      .kind = DO_STORE, .address = world_address(world, step->cell) + at, .length = length};
  static uint8_t copy[MAILBOX_PAGES * PAGE];
  memcpy(copy, data, length);
  if (!world_do(world, step->actor, &command)) return false;
  size_t done = 0;
  for (uint32_t cell = step->cell; done < length; cell++, at = 0) {
    size_t now = PAGE - at < length - done ? PAGE - at : length - done;
    if (!world_settle(world, step->actor, cell, at, copy + done, now)) return false;
    done += now;
  }
  return true;
}

bool step_touch(struct world *world, const struct step *step) {
  bool write = step->option & 1;
  const struct cell *cell = &world->model.actor[step->actor].cell[step->cell];
  if (!model_access(&world->model, cell, write).signal) return true;
  // Behind the break there may be more memory than was asked for.
  if (step->cell >= ARENA_PAGES && !cell->mapped) return true;
  return touch(world, step->actor, step->cell, write);
}
