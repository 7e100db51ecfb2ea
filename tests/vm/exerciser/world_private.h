// Between the files of world: an actor is told what to do (drive.c), and steps say what (steps.c).
#ifndef TESTS_VM_EXERCISER_WORLD_PRIVATE_H
#define TESTS_VM_EXERCISER_WORLD_PRIVATE_H

#include "tests/vm/exerciser/world.h"

// The arena: no system puts anything there by itself.
#define ARENA 0x3400000000ul

// The first failure counts. Returns false.
bool world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct answer *world_answer(struct world *world, int actor);
uint8_t *world_data(struct world *world, int actor);

// Has the actor do a command. False if there is no answer, or a fault that `touch` did not want.
bool world_do(struct world *world, int actor, const struct command *command);
// The same; the answer must be `value`, or -1 with errno `error` unless that is 0.
bool world_expect(struct world *world, int actor, const struct command *command, long value,
                  int error);

uintptr_t world_address(const struct world *world, uint32_t cell);

// Compares what an actor sees in cells with the model. Cells that must not be read are passed
// over.
bool world_check_cells(struct world *world, int actor, uint32_t cell, uint32_t count);
bool world_check(struct world *world);

// Takes the bytes [at, at + length) of cells over from the actor, each of which may be the old one
// or that of `data`. For calls that may have been done in part.
bool world_adopt_cells(struct world *world, int actor, uint32_t cell, size_t at,
                       const uint8_t *data, size_t length);
// The same for a file; it may have grown.
bool world_adopt_file(struct world *world, int file, size_t offset, const uint8_t *data,
                      size_t length);

// Kinds of steps, in steps_file.c and steps_process.c.
typedef bool world_handler(struct world *world, const struct step *step);
world_handler step_file_read, step_file_write, step_file_from_cells, step_file_to_cells;
world_handler step_truncate, step_sync_file;
world_handler step_fork, step_exit;
// steps_memory.c
world_handler step_map_anonymous, step_map_file, step_unmap, step_protect, step_remap, step_sync;
world_handler step_advise, step_lock, step_unlock, step_resident, step_break;
// steps_access.c
world_handler step_read, step_write, step_touch;

// Bytes from cell `cell` + `at` on, `length` at most, that an access of this kind reaches before
// one that it must not. *verdict: of that one, or {0}.
size_t world_reach(const struct world *world, int actor, uint32_t cell, size_t at, size_t length,
                   bool write, struct verdict *verdict);
// The bytes of a cell from `at` on were stored by its actor. If the cell was lazy, finds out which
// of its two contents they changed.
bool world_settle(struct world *world, int actor, uint32_t cell, size_t at, const uint8_t *data,
                  size_t length);

#endif
