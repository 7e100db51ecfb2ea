// The reference: what the memory of each actor and each file must hold, byte by byte.
//
// The pages that steps may name are cells: an arena, in which mappings come and go, and behind it
// the heap. A cell shows a page of an object (a file, or shared memory), or a page that its actor
// alone has, or zeros.
#ifndef TESTS_VM_EXERCISER_MODEL_H
#define TESTS_VM_EXERCISER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/vm/exerciser/actor.h"

enum {
  ARENA_PAGES = 48,
  HEAP_PAGES = 8,
  CELLS = ARENA_PAGES + HEAP_PAGES,
  FILES = 3,
  SHARED_MAX = 12,
  OBJECTS = FILES + SHARED_MAX,
  OBJECT_PAGES = 24,
  FILE_BYTES = OBJECT_PAGES * PAGE,
  CONTENTS = 2048,
  NO_OBJECT = -1,
};

// The bytes of a page, shared by cells until one changes them.
struct content {
  uint32_t refs;
  struct content *next;  // that is free
  uint8_t bytes[PAGE];
};

struct cell {
  bool mapped, shared;
  bool locked, dontfork;
  bool lazy;            // MADV_FREE: may turn into zeros until it is written to, but while locked
  uint8_t prot, max;    // PROT_*, and what mprotect may give
  int8_t object;        // or NO_OBJECT
  uint8_t index;        // of the page in the object
  uint32_t mapping;     // number of the mmap that it comes from
  struct content *own;  // of a private cell that was written to; else NULL
};

struct object {
  uint32_t cells;  // that show it, for shared memory
  size_t bytes;
  struct content *page[OBJECT_PAGES];  // NULL: zeros
};

enum parent { DRIVER = -1, ORPHAN = -2 };

struct actor {
  bool alive;
  int parent;  // slot, or enum parent
  int pid;
  uint32_t heap_pages;
  struct cell cell[CELLS];
};

struct model {
  struct actor actor[ACTORS_MAX];
  struct object object[OBJECTS];
  uint32_t mappings;
  bool split[4096];  // by mapping: a part of it was treated differently
  struct content *free;
  uint32_t used;
  struct content content[CONTENTS];
};

struct verdict {
  int signal, code;  // 0: allowed
};

void model_init(struct model *model);

// What an access to a cell must lead to.
struct verdict model_access(const struct model *model, const struct cell *cell, bool write);

// The bytes that a cell, or a page of an object, shows.
const uint8_t *model_show(const struct model *model, const struct cell *cell);
const uint8_t *model_page(const struct object *object, uint32_t index);

// Bytes from `at` in a cell, all in it, become `data`, as by a store of its actor that is allowed.
void model_store(struct model *model, struct cell *cell, size_t at, const uint8_t *data,
                 size_t length);
// The same in an object, which grows if need be.
void model_write(struct model *model, int object, size_t offset, const uint8_t *data,
                 size_t length);
void model_read(const struct model *model, int object, size_t offset, uint8_t *data, size_t length);
void model_truncate(struct model *model, int object, size_t bytes);

// Takes what `count` cells show away.
void model_clear(struct model *model, int actor, uint32_t cell, uint32_t count);
// Shows something in cells that are clear.
void model_map(struct model *model, int actor, uint32_t cell, uint32_t count,
               const struct cell *like);
// Drops what private cells have of their own.
void model_discard(struct model *model, int actor, uint32_t cell, uint32_t count);
// Moves cells; the old ones are clear, and the new ones were.
void model_move(struct model *model, int actor, uint32_t from, uint32_t to, uint32_t count);
void model_fork(struct model *model, int parent, int child);
void model_exit(struct model *model, int actor);
// Notes that these cells were treated differently than the rest of their mappings.
void model_split(struct model *model, int actor, uint32_t cell, uint32_t count);

// An object for shared memory that no cell shows, or NO_OBJECT.
int model_unused_object(const struct model *model);

#endif
