// For the codes of signals.
#define _GNU_SOURCE

#include "tests/vm/exerciser/model.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/vm/features.h"

static const uint8_t zeros[PAGE];

static struct content *content_new(struct model *model, const uint8_t *bytes) {
  struct content *content = model->free;
  if (content) {
    model->free = content->next;
  } else {
    if (model->used == CONTENTS) abort();
    content = &model->content[model->used++];
  }
  content->refs = 1;
  memcpy(content->bytes, bytes, PAGE);
  return content;
}

static void content_drop(struct model *model, struct content **content) {
  if (*content && --(*content)->refs == 0) {
    (*content)->next = model->free;
    model->free = *content;
  }
  *content = NULL;
}

// The bytes of *content, to be changed; `shown` is what they are if there is none.
static uint8_t *content_own(struct model *model, struct content **content, const uint8_t *shown) {
  if (!*content || (*content)->refs > 1) {
    struct content *copy = content_new(model, *content ? (*content)->bytes : shown);
    content_drop(model, content);
    *content = copy;
  }
  return (*content)->bytes;
}

void model_init(struct model *model) { memset(model, 0, offsetof(struct model, content)); }

static uint32_t pages_of(size_t bytes) { return (uint32_t)((bytes + PAGE - 1) / PAGE); }

struct verdict model_access(const struct model *model, const struct cell *cell, bool write) {
  if (!cell->mapped) return (struct verdict){SIGSEGV, SEGV_MAPERR};
  if (!(cell->prot & (write ? PROT_WRITE : PROT_READ))) {
    return (struct verdict){SIGSEGV, SEGV_ACCERR};
  }
  if (cell->object != NO_OBJECT && !cell->own &&
      cell->index >= pages_of(model->object[cell->object].bytes)) {
    return (struct verdict){SIGBUS, BUS_ADRERR};
  }
  return (struct verdict){0, 0};
}

const uint8_t *model_page(const struct object *object, uint32_t index) {
  const struct content *content = index < OBJECT_PAGES ? object->page[index] : NULL;
  return content ? content->bytes : zeros;
}

const uint8_t *model_show(const struct model *model, const struct cell *cell) {
  if (cell->own) return cell->own->bytes;
  if (cell->object == NO_OBJECT) return zeros;
  return model_page(&model->object[cell->object], cell->index);
}

static uint8_t *object_page(struct model *model, int object, size_t index) {
  return content_own(model, &model->object[object].page[index], zeros);
}

void model_store(struct model *model, struct cell *cell, size_t at, const uint8_t *data,
                 size_t length) {
  uint8_t *bytes = cell->shared ? object_page(model, cell->object, cell->index)
                                : content_own(model, &cell->own, model_show(model, cell));
  memcpy(bytes + at, data, length);
}

void model_write(struct model *model, int object, size_t offset, const uint8_t *data,
                 size_t length) {
  struct object *o = &model->object[object];
  for (size_t done = 0; done < length;) {
    size_t at = (offset + done) % PAGE;
    size_t now = PAGE - at < length - done ? PAGE - at : length - done;
    memcpy(object_page(model, object, (offset + done) / PAGE) + at, data + done, now);
    done += now;
  }
  if (length && offset + length > o->bytes) o->bytes = offset + length;
}

void model_read(const struct model *model, int object, size_t offset, uint8_t *data,
                size_t length) {
  for (size_t i = 0; i < length; i++) {
    size_t at = offset + i;
    data[i] = model_page(&model->object[object], (uint32_t)(at / PAGE))[at % PAGE];
  }
}

void model_truncate(struct model *model, int object, size_t bytes) {
  struct object *o = &model->object[object];
  if (bytes < o->bytes) {
    for (uint32_t i = pages_of(bytes); i < OBJECT_PAGES; i++) content_drop(model, &o->page[i]);
    if (bytes % PAGE && o->page[bytes / PAGE]) {
      memset(object_page(model, object, bytes / PAGE) + bytes % PAGE, 0, PAGE - bytes % PAGE);
    }
    // Private copies of what is behind the end go away too.
    for (int a = 0; a < ACTORS_MAX; a++) {
      for (uint32_t i = 0; i < CELLS; i++) {
        struct cell *cell = &model->actor[a].cell[i];
        if (cell->mapped && cell->object == object && cell->index >= pages_of(bytes)) {
          content_drop(model, &cell->own);
        }
      }
    }
  }
  o->bytes = bytes;
}

static bool is_shared_memory(const struct cell *cell) { return cell->object >= FILES; }

static void show(struct model *model, const struct cell *cell) {
  if (cell->own) cell->own->refs++;
  if (is_shared_memory(cell)) model->object[cell->object].cells++;
}

static void hide(struct model *model, struct cell *cell) {
  if (!cell->mapped) return;
  content_drop(model, &cell->own);
  if (is_shared_memory(cell) && --model->object[cell->object].cells == 0) {
    model_truncate(model, cell->object, 0);
  }
  memset(cell, 0, sizeof *cell);
}

void model_clear(struct model *model, int actor, uint32_t cell, uint32_t count) {
  model_split(model, actor, cell, count);
  for (uint32_t i = cell; i < cell + count; i++) hide(model, &model->actor[actor].cell[i]);
}

void model_map(struct model *model, int actor, uint32_t cell, uint32_t count,
               const struct cell *like) {
  for (uint32_t i = 0; i < count; i++) {
    struct cell *c = &model->actor[actor].cell[cell + i];
    *c = *like;
    c->mapped = true;
    c->index = (uint8_t)(like->index + i);
    show(model, c);
  }
}

void model_discard(struct model *model, int actor, uint32_t cell, uint32_t count) {
  for (uint32_t i = cell; i < cell + count; i++) {
    content_drop(model, &model->actor[actor].cell[i].own);
    model->actor[actor].cell[i].lazy = false;
  }
}

void model_move(struct model *model, int actor, uint32_t from, uint32_t to, uint32_t count) {
  struct cell *cell = model->actor[actor].cell;
  for (uint32_t i = 0; i < count; i++) {
    cell[to + i] = cell[from + i];
    memset(&cell[from + i], 0, sizeof cell[0]);
  }
}

void model_fork(struct model *model, int parent, int child) {
  struct actor *from = &model->actor[parent], *to = &model->actor[child];
  *to = *from;
  to->parent = parent;
  for (uint32_t i = 0; i < CELLS; i++) {
    struct cell *cell = &to->cell[i];
    if (cell->dontfork) memset(cell, 0, sizeof *cell);
    cell->locked = false;
    if (cell->mapped) show(model, cell);
  }
}

void model_exit(struct model *model, int actor) {
  for (uint32_t i = 0; i < CELLS; i++) hide(model, &model->actor[actor].cell[i]);
  model->actor[actor].alive = false;
}

void model_split(struct model *model, int actor, uint32_t cell, uint32_t count) {
  for (uint32_t i = cell; i < cell + count; i++) {
    const struct cell *c = &model->actor[actor].cell[i];
    if (c->mapped) model->split[c->mapping % 4096] = true;
  }
}

int model_unused_object(const struct model *model) {
  for (int i = FILES; i < OBJECTS; i++) {
    if (model->object[i].cells == 0) return i;
  }
  return NO_OBJECT;
}
