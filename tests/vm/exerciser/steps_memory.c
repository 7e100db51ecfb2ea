// Mappings and what is done with them.
// For mremap and the flags that are not in POSIX.
#define _GNU_SOURCE

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/vm/exerciser/world_private.h"
#include "tests/vm/features.h"

static struct cell *cells_of(struct world *world, const struct step *step) {
  return world->model.actor[step->actor].cell;
}

static bool in_arena(uint32_t cell, uint32_t count) {
  return count > 0 && cell + count <= ARENA_PAGES;
}

static bool is_free(const struct cell *cell, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (cell[i].mapped) return false;
  }
  return true;
}

// How many of `count` cells from the first on are alike: mapped, and locked or not.
static uint32_t alike(const struct cell *cell, uint32_t count) {
  uint32_t n = 0;
  while (n < count && cell[n].mapped && cell[n].locked == cell[0].locked) n++;
  return n;
}

static struct command command_on(const struct world *world, const struct step *step,
                                 enum command_kind kind, uint32_t count) {
  return (struct command){
      .kind = kind, .address = world_address(world, step->cell), .length = count * PAGE};
}

static bool unmap_again(struct world *world, const struct step *step, uintptr_t address) {
  uintptr_t end = address + step->count * PAGE;
  if (end > ARENA && address < ARENA + ARENA_PAGES * PAGE) {
    // It may lie in the arena, but only where nothing is.
    if (address < ARENA || end > ARENA + ARENA_PAGES * PAGE ||
        !is_free(cells_of(world, step) + (address - ARENA) / PAGE, step->count)) {
      return world_fail(world, "mmap with a hint took 0x%lx", (unsigned long)address);
    }
  }
  struct command command = {.kind = DO_MUNMAP, .address = address, .length = step->count * PAGE};
  return world_expect(world, step->actor, &command, 0, 0);
}

// mmap of what `like` says, at the cells and in the way that the step says.
static bool map(struct world *world, const struct step *step, struct command *command,
                const struct cell *like, int error) {
  struct cell *cells = cells_of(world, step) + step->cell;
  bool free = is_free(cells, step->count);
  bool hint = step->option & MAP_OPTION_HINT, noreplace = step->option & MAP_OPTION_NOREPLACE;
  if (!hint) command->flags |= noreplace ? MAP_FIXED_NOREPLACE : MAP_FIXED;
  // Populating writable private memory of a file would make copies of its own.
  bool copies = !like->shared && like->object != NO_OBJECT;
  if (!copies && (step->option & MAP_OPTION_POPULATE)) command->flags |= MAP_POPULATE;
  if (!hint && noreplace && !free) {
    if (error) return true;  // which of two errors is not said
    error = EEXIST;
  }
  if (hint && !free && !error) {
    if (!world_do(world, step->actor, command)) return false;
    const struct answer *answer = world_answer(world, step->actor);
    if (answer->error) return world_fail(world, "mmap with a hint: %s", strerror(answer->error));
    return unmap_again(world, step, (uintptr_t)answer->value);
  }
  if (!world_expect(world, step->actor, command, (long)command->address, error)) return false;
  if (error) return true;
  model_clear(&world->model, step->actor, step->cell, step->count);
  model_map(&world->model, step->actor, step->cell, step->count, like);
  return true;
}

bool step_map_anonymous(struct world *world, const struct step *step) {
  if (!in_arena(step->cell, step->count)) return true;
  bool shared = step->value & 1;
  int object = shared ? model_unused_object(&world->model) : NO_OBJECT;
  if (shared && (object == NO_OBJECT || step->count > OBJECT_PAGES)) return true;
  struct command command = command_on(world, step, DO_MMAP, step->count);
  command.prot = step->option & 7;
  command.flags = MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE);
  command.fd = -1;
  struct cell like = {.shared = shared,
                      .prot = step->option & 7,
                      .max = PROT_READ | PROT_WRITE,
                      .object = (int8_t)object,
                      .mapping = ++world->model.mappings};
  world->model.split[like.mapping % 4096] = false;
  if (shared) world->model.object[object].bytes = step->count * PAGE;
  return map(world, step, &command, &like, 0);
}

bool step_map_file(struct world *world, const struct step *step) {
  uint32_t number = step->other % 256, first = step->other >> 8;
  bool readonly = number >= FILES, shared = step->value & 1;
  if (readonly) number -= FILES;
  if (!in_arena(step->cell, step->count) || number >= FILES) return true;
  int fd = readonly ? world->file[number].fd_readonly : world->file[number].fd;
  if (fd < 0) return true;
  struct command command = command_on(world, step, DO_MMAP, step->count);
  command.prot = step->option & 7;
  command.flags = shared ? MAP_SHARED : MAP_PRIVATE;
  command.fd = fd;
  command.offset = (off_t)first * PAGE;
  bool no_write = readonly && shared;
  struct cell like = {.shared = shared,
                      .prot = step->option & 7,
                      .max = no_write ? PROT_READ : PROT_READ | PROT_WRITE,
                      .object = (int8_t)number,
                      .index = (uint8_t)first,
                      .mapping = ++world->model.mappings};
  world->model.split[like.mapping % 4096] = false;
  return map(world, step, &command, &like, like.prot & ~like.max ? EACCES : 0);
}

bool step_unmap(struct world *world, const struct step *step) {
  if (!in_arena(step->cell, step->count)) return true;
  struct command command = command_on(world, step, DO_MUNMAP, step->count);
  if (!world_expect(world, step->actor, &command, 0, 0)) return false;
  model_clear(&world->model, step->actor, step->cell, step->count);
  return true;
}

bool step_protect(struct world *world, const struct step *step) {
  struct cell *cells = cells_of(world, step) + step->cell;
  uint32_t count = 0;
  int error = 0, prot = step->option & 7;
  while (count < step->count && cells[count].mapped) count++;
  // What a call changes before it fails is not said.
  for (uint32_t i = 0; i < count; i++) {
    if (prot & ~cells[i].max) error = EACCES;
  }
  if (error) count = 1;
  if (count == 0) return true;
  error = prot & ~cells[0].max ? EACCES : 0;
  struct command command = command_on(world, step, DO_MPROTECT, count);
  command.prot = prot;
  if (!world_expect(world, step->actor, &command, 0, error)) return false;
  if (error) return true;
  model_split(&world->model, step->actor, step->cell, count);
  for (uint32_t i = 0; i < count; i++) cells[i].prot = (uint8_t)prot;
  return true;
}

// --- mremap -------------------------------------------------------------------------------------

#if HAVE_MREMAP
struct remap {
  uint32_t from, count, to, new_count;
  bool moves;
  int error;
};

// What mremap must do with a run of cells of one mapping. False if nobody says.
static bool plan(struct world *world, const struct step *step, struct remap *remap) {
  struct cell *cells = cells_of(world, step);
  uint32_t to = step->other & 255, new_count = step->other >> 8;
  const struct cell *first = &cells[step->cell];
  if (!in_arena(step->cell, step->count) || !in_arena(to, new_count) || !first->mapped) {
    return false;
  }
  uint32_t count = 1;
  while (count < step->count && cells[step->cell + count].mapped &&
         cells[step->cell + count].mapping == first->mapping &&
         cells[step->cell + count].prot == first->prot &&
         cells[step->cell + count].locked == first->locked &&
         cells[step->cell + count].dontfork == first->dontfork) {
    count++;
  }
  if (first->object != NO_OBJECT && first->index + new_count > 64) return false;
  *remap = (struct remap){step->cell, count, to, new_count, step->option & 1, 0};
  if (remap->moves) {
    bool overlap = to < step->cell + count && step->cell < to + new_count;
    if (overlap) remap->error = EINVAL;
  } else {
    remap->to = step->cell;
    if (!in_arena(step->cell, new_count)) return false;
    if (new_count > count && !is_free(&cells[step->cell + count], new_count - count)) {
      remap->error = ENOMEM;
    }
  }
  return true;
}

static void remap_model(struct world *world, int actor, const struct remap *remap) {
  struct cell *cells = world->model.actor[actor].cell;
  uint32_t kept = remap->count < remap->new_count ? remap->count : remap->new_count;
  struct cell like = cells[remap->from + kept - 1];
  if (remap->moves || remap->new_count != remap->count) {
    model_split(&world->model, actor, remap->from, remap->count);
  }
  model_clear(&world->model, actor, remap->from + kept, remap->count - kept);
  if (remap->moves) {
    model_clear(&world->model, actor, remap->to, remap->new_count);
    model_move(&world->model, actor, remap->from, remap->to, kept);
  }
  like.own = NULL;
  like.lazy = false;
  like.index++;
  model_map(&world->model, actor, remap->to + kept, remap->new_count - kept, &like);
}

bool step_remap(struct world *world, const struct step *step) {
  struct remap remap;
  if (!plan(world, step, &remap)) return true;
  struct cell *cells = cells_of(world, step);
  struct command command = command_on(world, step, DO_MREMAP, remap.count);
  command.new_length = remap.new_count * PAGE;
  command.new_address = world_address(world, remap.to);
  command.flags = remap.moves ? MREMAP_MAYMOVE | MREMAP_FIXED : 0;
  // Parts of one mapping that were treated differently for a time may still be several to mremap.
  bool split = world->model.split[cells[remap.from].mapping % 4096];
  if (!world_do(world, step->actor, &command)) return false;
  const struct answer *answer = world_answer(world, step->actor);
  if (split && answer->error == EFAULT) {
    // The target of a move is gone all the same, and what shrinking took away.
    if (remap.error == EINVAL) return world_fail(world, "mremap: EFAULT and not EINVAL");
    if (!remap.moves) return true;
    struct command unmap = {
        .kind = DO_MUNMAP, .address = command.new_address, .length = command.new_length};
    model_clear(&world->model, step->actor, remap.to, remap.new_count);
    if (!world_expect(world, step->actor, &unmap, 0, 0)) return false;
    if (remap.new_count >= remap.count) return true;
    unmap.address = command.address + command.new_length;
    unmap.length = command.length - command.new_length;
    model_clear(&world->model, step->actor, remap.from + remap.new_count,
                remap.count - remap.new_count);
    return world_expect(world, step->actor, &unmap, 0, 0);
  }
  long value = remap.error ? -1 : (long)command.new_address;
  if (answer->value != value || answer->error != remap.error) {
    return world_fail(world, "mremap: 0x%lx (%s) and not 0x%lx (%s)", (unsigned long)answer->value,
                      strerror(answer->error), (unsigned long)value, strerror(remap.error));
  }
  if (!remap.error) remap_model(world, step->actor, &remap);
  return true;
}
#else
bool step_remap(struct world *world, const struct step *step) {
  (void)world;
  (void)step;
  return true;
}
#endif

// --- advice -------------------------------------------------------------------------------------

bool step_sync(struct world *world, const struct step *step) {
  static const int flags[] = {MS_SYNC, MS_ASYNC, MS_SYNC | MS_INVALIDATE, MS_INVALIDATE};
  struct cell *cells = cells_of(world, step) + step->cell;
  uint32_t count = alike(cells, step->count);
  if (count == 0) return true;
  struct command command = command_on(world, step, DO_MSYNC, count);
  command.flags = flags[step->option % 4];
  int error = (command.flags & MS_INVALIDATE) && cells[0].locked ? EBUSY : 0;
  return world_expect(world, step->actor, &command, 0, error);
}

#if HAVE_MADVISE
static const int advice[] = {MADV_DONTNEED, MADV_FREE,     MADV_WILLNEED, MADV_SEQUENTIAL,
                             MADV_RANDOM,   MADV_DONTFORK, MADV_DOFORK,   MADV_NORMAL};

static bool is_anonymous(const struct cell *cell) {
  return cell->object == NO_OBJECT && !cell->shared;
}

static int advise_error(const struct cell *cells, uint32_t count, int how) {
  bool discards = how == MADV_DONTNEED || how == MADV_FREE;
  if (discards && cells[0].locked) return EINVAL;
  for (uint32_t i = 0; i < count; i++) {
    if (how == MADV_FREE && !is_anonymous(&cells[i])) return EINVAL;
  }
  return 0;
}

bool step_advise(struct world *world, const struct step *step) {
  struct cell *cells = cells_of(world, step) + step->cell;
  int how = advice[step->option % (sizeof advice / sizeof advice[0])];
  uint32_t count = alike(cells, step->count);
  if (count == 0) return true;
  // A child with a hole in its heap cannot set its break.
  if (how == MADV_DONTFORK && step->cell >= ARENA_PAGES) return true;
  // What a call does before it fails is not said.
  if (advise_error(cells, count, how)) count = 1;
  int error = advise_error(cells, count, how);
  struct command command = command_on(world, step, DO_MADVISE, count);
  command.flags = how;
  if (!world_expect(world, step->actor, &command, 0, error)) return false;
  if (error) return true;
  if (how == MADV_DONTNEED) model_discard(&world->model, step->actor, step->cell, count);
  if (how != MADV_DONTNEED && how != MADV_WILLNEED) {
    model_split(&world->model, step->actor, step->cell, count);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (how == MADV_FREE) cells[i].lazy = true;
    if (how == MADV_DONTFORK) cells[i].dontfork = true;
    if (how == MADV_DOFORK) cells[i].dontfork = false;
  }
  return true;
}

bool step_resident(struct world *world, const struct step *step) {
  struct cell *cells = cells_of(world, step) + step->cell;
  int error = 0;
  for (uint32_t i = 0; i < step->count; i++) {
    if (!cells[i].mapped) error = ENOMEM;
  }
  if (error && step->cell >= ARENA_PAGES) return true;
  struct command command = command_on(world, step, DO_MINCORE, step->count);
  return world_expect(world, step->actor, &command, 0, error);
}
#else
bool step_advise(struct world *world, const struct step *step) {
  (void)world;
  (void)step;
  return true;
}

bool step_resident(struct world *world, const struct step *step) {
  (void)world;
  (void)step;
  return true;
}
#endif

#if HAVE_MLOCK
static bool unlock(struct world *world, const struct step *step, uint32_t count) {
  struct command command = command_on(world, step, DO_MUNLOCK, count);
  model_split(&world->model, step->actor, step->cell, count);
  struct cell *cells = cells_of(world, step) + step->cell;
  for (uint32_t i = 0; i < count; i++) cells[i].locked = false;
  return world_expect(world, step->actor, &command, 0, 0);
}

bool step_lock(struct world *world, const struct step *step) {
  struct cell *cells = cells_of(world, step) + step->cell;
  uint32_t count = alike(cells, step->count);
  if (count == 0) return true;
  bool reachable = true;
  for (uint32_t i = 0; i < count; i++) {
    // Locking may make copies of its own of what is private to a file.
    if (!cells[i].shared && cells[i].object != NO_OBJECT) return true;
    reachable = reachable && model_access(&world->model, &cells[i], false).signal == 0;
  }
  struct command command = command_on(world, step, DO_MLOCK, count);
  if (!world_expect(world, step->actor, &command, 0, reachable ? 0 : ENOMEM)) return false;
  // What a call has locked before it fails is not said.
  if (!reachable) return unlock(world, step, count);
  model_split(&world->model, step->actor, step->cell, count);
  if (!world_check_cells(world, step->actor, step->cell, count)) return false;
  for (uint32_t i = 0; i < count; i++) {
    cells[i].locked = true;
    // Where it may, locking writes.
    if (cells[i].prot & PROT_WRITE) cells[i].lazy = false;
  }
  return true;
}

bool step_unlock(struct world *world, const struct step *step) {
  uint32_t count = alike(cells_of(world, step) + step->cell, step->count);
  return count == 0 || unlock(world, step, count);
}
#else
bool step_lock(struct world *world, const struct step *step) {
  (void)world;
  (void)step;
  return true;
}

bool step_unlock(struct world *world, const struct step *step) {
  (void)world;
  (void)step;
  return true;
}
#endif

bool step_break(struct world *world, const struct step *step) {
  struct actor *actor = &world->model.actor[step->actor];
  uint32_t old = actor->heap_pages, new = step->count;
  if (new > HEAP_PAGES) return true;
  struct command command = {.kind = DO_BRK, .address = world->heap + new *PAGE};
  if (!world_expect(world, step->actor, &command, 0, 0)) return false;
  actor->heap_pages = new;
  if (new < old) {
    model_clear(&world->model, step->actor, ARENA_PAGES + new, old - new);
  } else {
    struct cell like = {.prot = PROT_READ | PROT_WRITE,
                        .max = PROT_READ | PROT_WRITE,
                        .object = NO_OBJECT,
                        .mapping = ++world->model.mappings};
    world->model.split[like.mapping % 4096] = true;
    model_map(&world->model, step->actor, ARENA_PAGES + old, new - old, &like);
  }
  return true;
}
