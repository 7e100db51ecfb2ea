// For memfd_create.
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vm/exerciser/world_private.h"
#include "tests/vm/features.h"

bool world_fail(struct world *world, const char *format, ...) {
  if (world->failure[0]) return false;
  va_list args;
  va_start(args, format);
  vsnprintf(world->failure, sizeof world->failure, format, args);
  va_end(args);
  return false;
}

struct answer *world_answer(struct world *world, int actor) {
  return &world->stage.mailbox[actor].answer;
}

uint8_t *world_data(struct world *world, int actor) { return world->stage.mailbox[actor].data; }

uintptr_t world_address(const struct world *world, uint32_t cell) {
  if (cell < ARENA_PAGES) return ARENA + cell * (uintptr_t)PAGE;
  return world->heap + (cell - ARENA_PAGES) * (uintptr_t)PAGE;
}

bool world_do(struct world *world, int actor, const struct command *command) {
  char byte = 0;
  world->stage.mailbox[actor].command = *command;
  if (write(world->stage.command[actor][1], &byte, 1) != 1) {
    return world_fail(world, "actor %d: command not sent: %s", actor, strerror(errno));
  }
  if (read(world->stage.answer[0], &byte, 1) != 1) {
    return world_fail(world, "actor %d: no answer to command %d at 0x%lx: %s", actor, command->kind,
                      (unsigned long)command->address, strerror(errno));
  }
  const struct answer *answer = world_answer(world, actor);
  if (answer->signal && command->kind != DO_TOUCH) {
    return world_fail(world, "actor %d: command %d: signal %d code %d at 0x%lx", actor,
                      command->kind, answer->signal, answer->code, (unsigned long)answer->address);
  }
  return true;
}

bool world_expect(struct world *world, int actor, const struct command *command, long value,
                  int error) {
  if (!world_do(world, actor, command)) return false;
  const struct answer *answer = world_answer(world, actor);
  if (error) value = -1;
  if (answer->value == value && answer->error == error) return true;
  return world_fail(world, "actor %d: command %d: 0x%lx (%s) and not 0x%lx (%s)", actor,
                    command->kind, (unsigned long)answer->value, strerror(answer->error),
                    (unsigned long)value, strerror(error));
}

static bool all_zero(const uint8_t *bytes) {
  for (uint32_t i = 0; i < PAGE; i++) {
    if (bytes[i]) return false;
  }
  return true;
}

static bool same(struct world *world, int actor, uint32_t index, const uint8_t *seen) {
  struct cell *cell = &world->model.actor[actor].cell[index];
  const uint8_t *right = model_show(&world->model, cell);
  if (memcmp(right, seen, PAGE) == 0) return true;
  if (cell->lazy && !cell->locked && all_zero(seen)) {
    model_discard(&world->model, actor, index, 1);
    return true;
  }
  uint32_t at = 0;
  while (right[at] == seen[at]) at++;
  return world_fail(world, "actor %d, cell %u: byte %u is 0x%02x and not 0x%02x", actor,
                    (unsigned)index, (unsigned)at, seen[at], right[at]);
}

static bool readable(const struct world *world, int actor, uint32_t cell) {
  return model_access(&world->model, &world->model.actor[actor].cell[cell], false).signal == 0;
}

static bool load(struct world *world, int actor, uint32_t cell, uint32_t count) {
  struct command command = {
      .kind = DO_LOAD, .address = world_address(world, cell), .length = count * PAGE};
  return world_do(world, actor, &command);
}

bool world_check_cells(struct world *world, int actor, uint32_t cell, uint32_t count) {
  uint32_t end = cell + count;
  while (cell < end) {
    if (!readable(world, actor, cell)) {
      cell++;
      continue;
    }
    uint32_t run = 1;
    while (cell + run < end && run < MAILBOX_PAGES && cell + run != ARENA_PAGES &&
           readable(world, actor, cell + run)) {
      run++;
    }
    if (!load(world, actor, cell, run)) return false;
    for (uint32_t i = 0; i < run; i++) {
      if (!same(world, actor, cell + i, world_data(world, actor) + i * PAGE)) return false;
    }
    cell += run;
  }
  return true;
}

static bool check_file(struct world *world, int file) {
  static uint8_t seen[FILE_BYTES], right[FILE_BYTES];
  struct stat status;
  size_t bytes = world->model.object[file].bytes;
  if (fstat(world->file[file].fd, &status)) return world_fail(world, "fstat: %s", strerror(errno));
  if ((size_t)status.st_size != bytes) {
    return world_fail(world, "file %d has %ld bytes and not %zu", file, (long)status.st_size,
                      bytes);
  }
  ssize_t n = pread(world->file[file].fd, seen, sizeof seen, 0);
  if (n != (ssize_t)bytes) return world_fail(world, "file %d: pread gives %zd", file, n);
  model_read(&world->model, file, 0, right, bytes);
  for (size_t i = 0; i < bytes; i++) {
    if (seen[i] == right[i]) continue;
    return world_fail(world, "file %d: byte %zu is 0x%02x and not 0x%02x", file, i, seen[i],
                      right[i]);
  }
  return true;
}

bool world_check(struct world *world) {
  for (int a = 0; a < ACTORS_MAX; a++) {
    if (!world->model.actor[a].alive) continue;
    if (!world_check_cells(world, a, 0, CELLS)) return false;
  }
  for (int f = 0; f < FILES; f++) {
    if (world->file[f].fd >= 0 && !check_file(world, f)) return false;
  }
  return true;
}

static uint8_t either(const uint8_t *seen, uint8_t old, uint8_t new, bool *ok) {
  *ok = *ok && (*seen == old || *seen == new);
  return *seen;
}

bool world_adopt_cells(struct world *world, int actor, uint32_t cell, size_t at,
                       const uint8_t *data, size_t length) {
  bool ok = true;
  for (size_t done = 0; done < length; cell++, at = 0) {
    size_t now = PAGE - at < length - done ? PAGE - at : length - done;
    struct cell *c = &world->model.actor[actor].cell[cell];
    if (!load(world, actor, cell, 1)) return false;
    uint8_t *seen = world_data(world, actor) + at;
    for (size_t i = 0; i < now; i++) {
      either(&seen[i], model_show(&world->model, c)[at + i], data[done + i], &ok);
    }
    model_store(&world->model, c, at, seen, now);
    done += now;
  }
  return ok || world_fail(world, "actor %d: bytes neither old nor new", actor);
}

bool world_adopt_file(struct world *world, int file, size_t offset, const uint8_t *data,
                      size_t length) {
  struct object *object = &world->model.object[file];
  struct stat status;
  if (fstat(world->file[file].fd, &status)) return world_fail(world, "fstat: %s", strerror(errno));
  size_t bytes = (size_t)status.st_size, end = offset + length;
  if (bytes < object->bytes || bytes > (end > object->bytes ? end : object->bytes)) {
    return world_fail(world, "file %d has %zu bytes after a write in part", file, bytes);
  }
  object->bytes = bytes;
  bool ok = true;
  for (size_t at = offset; at < end && at < bytes; at++) {
    uint8_t seen, old;
    if (pread(world->file[file].fd, &seen, 1, (off_t)at) != 1) ok = false;
    model_read(&world->model, file, at, &old, 1);
    either(&seen, old, data[at - offset], &ok);
    model_write(&world->model, file, at, &seen, 1);
  }
  return ok || world_fail(world, "file %d: bytes neither old nor new", file);
}

size_t world_reach(const struct world *world, int actor, uint32_t cell, size_t at, size_t length,
                   bool write, struct verdict *verdict) {
  size_t done = 0;
  *verdict = (struct verdict){0, 0};
  for (; done < length; cell++, at = 0) {
    *verdict = model_access(&world->model, &world->model.actor[actor].cell[cell], write);
    if (verdict->signal) return done;
    done += PAGE - at;
  }
  return length;
}

bool world_settle(struct world *world, int actor, uint32_t cell, size_t at, const uint8_t *data,
                  size_t length) {
  struct cell *c = &world->model.actor[actor].cell[cell];
  bool lazy = c->lazy;
  model_store(&world->model, c, at, data, length);
  c->lazy = false;
  if (!lazy) return true;
  if (!load(world, actor, cell, 1)) return false;
  if (memcmp(world_data(world, actor), model_show(&world->model, c), PAGE) == 0) return true;
  model_discard(&world->model, actor, cell, 1);
  model_store(&world->model, c, at, data, length);
  return same(world, actor, cell, world_data(world, actor));
}

static bool make_file(struct world *world, struct file *file, const char *name, int number) {
  char path[256];
  const char *directory = getenv("TEST_TMPDIR");
  snprintf(path, sizeof path, "%s/%s.%d", directory ? directory : "/tmp", name, number);
  unlink(path);
  file->fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
  file->fd_readonly = open(path, O_RDONLY);
  if (file->fd < 0 || file->fd_readonly < 0) {
    return world_fail(world, "%s: %s", path, strerror(errno));
  }
  // The name goes at once: however the driver ends, it leaves nothing behind.
  unlink(path);
  return true;
}

static bool make_files(struct world *world, const char *name) {
  for (int i = 0; i < FILES; i++) world->file[i].fd = world->file[i].fd_readonly = -1;
  for (int i = 0; i < 2; i++) {
    if (!make_file(world, &world->file[i], name, i)) return false;
  }
#if HAVE_MEMFD
  world->file[2].fd = memfd_create(name, 0);
  if (world->file[2].fd < 0) return world_fail(world, "memfd_create: %s", strerror(errno));
#endif
  return true;
}

static bool make_stage(struct world *world) {
  struct stage *stage = &world->stage;
  size_t bytes = ACTORS_MAX * sizeof(struct mailbox);
  stage->mailbox = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  bool ok = stage->mailbox != MAP_FAILED && pipe(stage->answer) == 0;
  for (int i = 0; ok && i < ACTORS_MAX; i++) ok = pipe(stage->command[i]) == 0;
  return ok || world_fail(world, "no mailboxes or pipes: %s", strerror(errno));
}

bool world_begin(struct world *world, const char *name) {
  model_init(&world->model);
  world->failure[0] = 0;
  if (!make_stage(world) || !make_files(world, name)) return false;
  world->heap = ((uintptr_t)sbrk(0) + PAGE - 1) / PAGE * PAGE;
  fflush(stdout);
  world->first = fork();
  if (world->first < 0) return world_fail(world, "fork: %s", strerror(errno));
  if (world->first == 0) actor_run(&world->stage, 0);
  // What is left of the other ends keeps a death of all actors from being seen.
  close(world->stage.answer[1]);
  struct actor *actor = &world->model.actor[0];
  *actor = (struct actor){.alive = true, .parent = DRIVER, .pid = world->first};
  struct command command = {.kind = DO_BRK, .address = world->heap};
  return world_expect(world, 0, &command, 0, 0);
}

void world_end(struct world *world) {
  for (int i = 0; i < ACTORS_MAX; i++) close(world->stage.command[i][1]);
  waitpid(world->first, NULL, 0);
  for (int i = 0; i < ACTORS_MAX; i++) close(world->stage.command[i][0]);
  close(world->stage.answer[0]);
  munmap(world->stage.mailbox, ACTORS_MAX * sizeof(struct mailbox));
  for (int i = 0; i < FILES; i++) {
    if (world->file[i].fd >= 0) close(world->file[i].fd);
    if (world->file[i].fd_readonly >= 0) close(world->file[i].fd_readonly);
  }
}
