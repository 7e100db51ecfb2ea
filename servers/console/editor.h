// Editing of the line that is being typed, with its echo. Knows no terminal width: cursor moves
// are relative, as in a Unix line discipline.
//
//   printable, Tab           insert           ^H DEL          erase the character before
//   ^W                       erase a word     ^U              erase back to the start
//   ^K                       erase to end     Delete          erase the character under it
//   left right ^B ^F         move             Home End ^A ^E  start, end of the line
//   up down ^P ^N            earlier, later lines
//   Enter ^J                 line             ^D              end of input
//   ^V                       insert next byte ^C              interrupt (if signals are on)
#ifndef SERVERS_CONSOLE_EDITOR_H
#define SERVERS_CONSOLE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDITOR_LINE_MAX 1024u  // bytes of a line with its newline
#define EDITOR_HISTORY 16u     // lines remembered
#define EDITOR_HISTORY_LINE_MAX 256u

enum editor_event {
  EDITOR_NONE = 0,
  EDITOR_LINE = 1,       // line[0..length) is complete, with its newline
  EDITOR_END = 2,        // ^D: line[0..length) is to be read as it is
  EDITOR_INTERRUPT = 3,  // ^C: the line is gone
};

struct editor {
  void (*echo)(const char *bytes, size_t count);
  bool echo_on, signals_on;
  bool quoting;       // behind ^V
  uint8_t escape;     // state of an escape sequence: 0, ESC, '[' or 'O'
  uint8_t parameter;  // its number
  uint32_t length, cursor;
  char line[EDITOR_LINE_MAX];
  // Earlier lines, the newest at (count - 1) % EDITOR_HISTORY.
  uint32_t history_count;
  uint32_t recalled;  // how many lines back the shown one is; 0: the one being typed
  uint32_t draft_length;
  char draft[EDITOR_LINE_MAX];  // the typed line while an earlier one is shown
  uint16_t history_length[EDITOR_HISTORY];
  char history[EDITOR_HISTORY][EDITOR_HISTORY_LINE_MAX];
};

void editor_init(struct editor *editor, void (*echo)(const char *bytes, size_t count));

// Takes one typed byte. After a line or an end the caller takes line[0..length) and calls
// editor_clear.
enum editor_event editor_input(struct editor *editor, uint8_t byte);

// Forgets the line, without echo.
void editor_clear(struct editor *editor);

// Shows the line again, with the cursor in its place.
void editor_show(struct editor *editor);

#endif
