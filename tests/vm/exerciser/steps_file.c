// read, write and ftruncate, from and to memory that is always there, and that may not be.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/vm/exerciser/world_private.h"

struct transfer {
  int file;
  size_t offset, length;
};

// What a step says, if it makes sense.
static bool transfer_of(const struct world *world, const struct step *step,
                        struct transfer *transfer) {
  transfer->file = (int)(step->other % 256);
  transfer->offset = step->other >> 8;
  transfer->length = (size_t)step->option * 64 + 1;
  return transfer->file < FILES && world->file[transfer->file].fd >= 0 &&
         transfer->offset + transfer->length <= FILE_BYTES;
}

static struct command command_for(const struct world *world, enum command_kind kind,
                                  const struct transfer *transfer) {
  return (struct command){.kind = kind,
                          .fd = world->file[transfer->file].fd,
                          .length = transfer->length,
                          .offset = (off_t)transfer->offset};
}

// Bytes that a read gets.
static size_t readable(const struct world *world, const struct transfer *transfer) {
  size_t bytes = world->model.object[transfer->file].bytes;
  if (transfer->offset >= bytes) return 0;
  size_t left = bytes - transfer->offset;
  return left < transfer->length ? left : transfer->length;
}

static bool compare(struct world *world, const struct transfer *transfer, const uint8_t *seen,
                    const uint8_t *right, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (seen[i] == right[i]) continue;
    return world_fail(world, "read of file %d: byte %zu is 0x%02x and not 0x%02x", transfer->file,
                      transfer->offset + i, seen[i], right[i]);
  }
  return true;
}

static uint8_t buffer[FILE_BYTES];

bool step_file_read(struct world *world, const struct step *step) {
  struct transfer transfer;
  if (!transfer_of(world, step, &transfer)) return true;
  size_t length = readable(world, &transfer);
  struct command command = command_for(world, DO_PREAD, &transfer);
  model_read(&world->model, transfer.file, transfer.offset, buffer, length);
  return world_expect(world, step->actor, &command, (long)length, 0) &&
         compare(world, &transfer, world_data(world, step->actor), buffer, length);
}

bool step_file_write(struct world *world, const struct step *step) {
  struct transfer transfer;
  if (!transfer_of(world, step, &transfer)) return true;
  for (size_t i = 0; i < transfer.length; i++) {
    buffer[i] = pattern_byte(step->value, (uint32_t)i);
  }
  memcpy(world_data(world, step->actor), buffer, transfer.length);
  struct command command = command_for(world, DO_PWRITE, &transfer);
  if (!world_expect(world, step->actor, &command, (long)transfer.length, 0)) return false;
  model_write(&world->model, transfer.file, transfer.offset, buffer, transfer.length);
  return true;
}

// Whether the cells of a transfer are all fit for it: none shows the same file, of which nobody
// says what it then holds, none may turn into zeros, and stores stay within files.
static bool fit(const struct world *world, const struct step *step,
                const struct transfer *transfer) {
  const struct cell *cells = world->model.actor[step->actor].cell;
  size_t end = step->cell + (step->value % PAGE + transfer->length + PAGE - 1) / PAGE;
  if (end > CELLS || (step->cell < ARENA_PAGES && end > ARENA_PAGES)) return false;
  for (size_t i = step->cell; i < end; i++) {
    if (!cells[i].mapped && i >= ARENA_PAGES)
      return false;  // there may be more heap than asked for
    if (!cells[i].mapped) continue;
    if (cells[i].lazy || cells[i].object == transfer->file) return false;
    if (cells[i].shared && i > step->cell && cells[i].object == cells[i - 1].object &&
        cells[i].index <= cells[i - 1].index) {
      return false;  // perhaps a page twice
    }
    if (cells[i].shared && cells[i].object < FILES &&
        (cells[i].index + 1u) * PAGE > world->model.object[cells[i].object].bytes) {
      return false;
    }
  }
  return true;
}

// The result of a call whose memory is good for `good` bytes of `length`. *part: it may have been
// done for the good ones.
static bool partial(struct world *world, const struct answer *answer, size_t good, size_t length,
                    bool *part) {
  *part = good < length;
  if (!*part && answer->value == (long)length) return true;
  if (*part && answer->error == EFAULT) return true;
  if (*part && answer->value > 0 && (size_t)answer->value <= good) return true;
  return world_fail(world, "%ld (%s), where %zu bytes of %zu are good", answer->value,
                    strerror(answer->error), good, length);
}

// Bytes of the actor's memory as the model has them.
static void gather(const struct world *world, const struct step *step, size_t length) {
  const struct cell *cell = &world->model.actor[step->actor].cell[step->cell];
  size_t at = step->value % PAGE;
  for (size_t i = 0; i < length; i++, at++) {
    buffer[i] = model_show(&world->model, &cell[at / PAGE])[at % PAGE];
  }
}

bool step_file_from_cells(struct world *world, const struct step *step) {
  struct transfer transfer;
  struct verdict verdict;
  if (!transfer_of(world, step, &transfer) || !fit(world, step, &transfer)) return true;
  size_t at = step->value % PAGE;
  size_t good = world_reach(world, step->actor, step->cell, at, transfer.length, false, &verdict);
  struct command command = command_for(world, DO_PWRITE, &transfer);
  command.address = world_address(world, step->cell) + at;
  gather(world, step, good);
  if (!world_do(world, step->actor, &command)) return false;
  bool part;
  if (!partial(world, world_answer(world, step->actor), good, transfer.length, &part)) return false;
  // What the file has there, if the call failed: the old, the new, or zeros.
  if (part) {
    return world_adopt_file(world, transfer.file, transfer.offset, buffer, good);
  }
  model_write(&world->model, transfer.file, transfer.offset, buffer, good);
  return true;
}

bool step_file_to_cells(struct world *world, const struct step *step) {
  struct transfer transfer;
  struct verdict verdict;
  if (!transfer_of(world, step, &transfer) || !fit(world, step, &transfer)) return true;
  size_t at = step->value % PAGE, length = readable(world, &transfer);
  size_t good = world_reach(world, step->actor, step->cell, at, length, true, &verdict);
  struct command command = command_for(world, DO_PREAD, &transfer);
  command.address = world_address(world, step->cell) + at;
  model_read(&world->model, transfer.file, transfer.offset, buffer, length);
  if (!world_do(world, step->actor, &command)) return false;
  bool part;
  if (!partial(world, world_answer(world, step->actor), good, length, &part)) return false;
  if (part) return world_adopt_cells(world, step->actor, step->cell, at, buffer, good);
  for (size_t done = 0; done < good;) {
    struct cell *cell = &world->model.actor[step->actor].cell[step->cell + (at + done) / PAGE];
    size_t in = (at + done) % PAGE, now = PAGE - in < good - done ? PAGE - in : good - done;
    model_store(&world->model, cell, in, buffer + done, now);
    done += now;
  }
  return true;
}

bool step_truncate(struct world *world, const struct step *step) {
  uint32_t file = step->other % 256, bytes = step->other >> 8;
  if (file >= FILES || world->file[file].fd < 0 || bytes > FILE_BYTES) return true;
  struct command command = {
      .kind = DO_FTRUNCATE, .fd = world->file[file].fd, .offset = (off_t)bytes};
  if (!world_expect(world, step->actor, &command, 0, 0)) return false;
  model_truncate(&world->model, (int)file, bytes);
  return true;
}

bool step_sync_file(struct world *world, const struct step *step) {
  uint32_t file = step->other % 256;
  if (file >= FILES || world->file[file].fd < 0) return true;
  struct command command = {.kind = DO_FSYNC, .fd = world->file[file].fd};
  return world_expect(world, step->actor, &command, 0, 0);
}
