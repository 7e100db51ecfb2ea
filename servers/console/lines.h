// Who may write to the terminal's current line.
//
// Text goes out at once while the line is free or belongs to its writer; a writer that leaves a
// line unfinished owns it. What others write meanwhile is held, in order, until the owner ends the
// line, gives it up (it reads, waits for a child or ends), or is forced to.
//
// Invariant: text is held only while the line is open and has an owner, and never the owner's.
#ifndef SERVERS_CONSOLE_LINES_H
#define SERVERS_CONSOLE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_WRITE_MAX 3584u  // bytes of one write
#define LINES_HELD_MAX 12288u  // bytes held, with 8 more for each write

// Owners that are not writers' badges.
#define LINES_NOBODY 0u
#define LINES_INPUT 0xffffffffu  // a prompt or typed text is shown: writers start a new line

struct lines {
  void (*put)(const char *bytes, size_t count);
  uint32_t owner;
  bool open;          // the last byte shown was not a newline
  bool input_hidden;  // text went below the typed line since the flag was last cleared
  uint32_t writes;    // of owners, ever; tells whether an owner is still at it
  uint32_t held_bytes;
  char held[LINES_HELD_MAX];
};

void lines_init(struct lines *lines, void (*put)(const char *bytes, size_t count));

// A writer's text, at most LINES_WRITE_MAX bytes: shown now or held. false: neither, there is no
// room; there surely is while less than half of LINES_HELD_MAX is held.
bool lines_write(struct lines *lines, uint32_t writer, const char *bytes, size_t count);

// Shows what was typed, on whatever line is current.
void lines_echo(struct lines *lines, const char *bytes, size_t count);

// A writer waits for input behind what it has shown: a prompt.
void lines_prompt(struct lines *lines, uint32_t reader);

// An owner gives up its unfinished line; others go on behind it. Nothing if it is not the owner.
void lines_release(struct lines *lines, uint32_t owner);

// Ends the unfinished line with a newline, whoever owns it.
void lines_force(struct lines *lines);

static inline bool lines_holding(const struct lines *lines) { return lines->held_bytes != 0; }

static inline bool lines_have_room(const struct lines *lines) {
  return lines->held_bytes < LINES_HELD_MAX / 2;
}

#endif
