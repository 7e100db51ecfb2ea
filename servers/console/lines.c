#include "servers/console/lines.h"

#include <string.h>

_Static_assert(LINES_HELD_MAX / 2 >= LINES_WRITE_MAX + 8, "half of it is room for any write");

// What is held is a sequence of these, each followed by its bytes.
struct held {
  uint32_t writer;
  uint32_t count;
};

void lines_init(struct lines *lines, void (*put)(const char *bytes, size_t count)) {
  lines->put = put;
  lines->owner = LINES_NOBODY;
  lines->open = false;
  lines->input_hidden = false;
  lines->writes = 0;
  lines->held_bytes = 0;
}

static bool may_write(const struct lines *lines, uint32_t writer) {
  return !lines->open || lines->owner == LINES_NOBODY || lines->owner == LINES_INPUT ||
         lines->owner == writer;
}

static void show(struct lines *lines, uint32_t writer, const char *bytes, size_t count) {
  if (lines->open && lines->owner == LINES_INPUT) {
    lines->put("\n", 1);
    lines->input_hidden = true;
  }
  lines->put(bytes, count);
  lines->open = bytes[count - 1] != '\n';
  lines->owner = lines->open ? writer : LINES_NOBODY;
  lines->writes++;
}

static bool hold(struct lines *lines, uint32_t writer, const char *bytes, size_t count) {
  struct held head = {writer, (uint32_t)count};
  if (lines->held_bytes + sizeof head + count > LINES_HELD_MAX) return false;
  memcpy(lines->held + lines->held_bytes, &head, sizeof head);
  memcpy(lines->held + lines->held_bytes + sizeof head, bytes, count);
  lines->held_bytes += sizeof head + count;
  return true;
}

// Shows the first held text that may go out now and forgets it.
static bool show_one_held(struct lines *lines) {
  struct held head;
  for (uint32_t at = 0; at < lines->held_bytes; at += sizeof head + head.count) {
    memcpy(&head, lines->held + at, sizeof head);
    if (!may_write(lines, head.writer)) continue;
    show(lines, head.writer, lines->held + at + sizeof head, head.count);
    uint32_t end = at + sizeof head + head.count;
    memmove(lines->held + at, lines->held + end, lines->held_bytes - end);
    lines->held_bytes -= end - at;
    return true;
  }
  return false;
}

static void show_held(struct lines *lines) {
  while (lines->held_bytes != 0 && show_one_held(lines)) {
  }
}

bool lines_write(struct lines *lines, uint32_t writer, const char *bytes, size_t count) {
  if (count == 0) return true;
  if (!may_write(lines, writer)) return hold(lines, writer, bytes, count);
  show(lines, writer, bytes, count);
  show_held(lines);
  return true;
}

void lines_echo(struct lines *lines, const char *bytes, size_t count) {
  if (count == 0) return;
  lines->put(bytes, count);
  lines->open = bytes[count - 1] != '\n';
  if (!lines->open) {
    lines->owner = LINES_NOBODY;
    show_held(lines);
  } else if (lines->owner == LINES_NOBODY) {
    lines->owner = LINES_INPUT;
  }
}

void lines_prompt(struct lines *lines, uint32_t reader) {
  if (!lines->open || (lines->owner != LINES_NOBODY && lines->owner != reader)) return;
  lines->owner = LINES_INPUT;
  show_held(lines);
}

void lines_release(struct lines *lines, uint32_t owner) {
  if (lines->owner != owner) return;
  lines->owner = LINES_NOBODY;
  show_held(lines);
}

void lines_force(struct lines *lines) {
  if (lines->open) lines->put("\n", 1);
  lines->open = false;
  lines->owner = LINES_NOBODY;
  show_held(lines);
}
