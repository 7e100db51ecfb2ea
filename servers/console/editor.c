#include "servers/console/editor.h"

#include <string.h>

enum {
  CTRL_A = 1,
  CTRL_B = 2,
  CTRL_C = 3,
  CTRL_D = 4,
  CTRL_E = 5,
  CTRL_F = 6,
  CTRL_H = 8,
  CTRL_K = 11,
  CTRL_N = 14,
  CTRL_P = 16,
  CTRL_U = 21,
  CTRL_V = 22,
  CTRL_W = 23,
  ESCAPE = 27,
  DELETE = 127,
};

void editor_init(struct editor *editor, void (*echo)(const char *bytes, size_t count)) {
  memset(editor, 0, sizeof *editor);
  editor->echo = echo;
  editor->echo_on = true;
  editor->signals_on = true;
}

// --- What the terminal shows ---

static void put(const struct editor *editor, const char *bytes, size_t count) {
  if (editor->echo_on && count != 0) editor->echo(bytes, count);
}

static void bell(const struct editor *editor) { put(editor, "\a", 1); }

static bool continues(char byte) { return ((uint8_t)byte & 0xc0) == 0x80; }

// Bytes below a space are shown as ^X, a tab as one space, so that a byte's width never depends
// on its column. The bytes of a UTF-8 character after its first have none.
static bool shown_as_control(char byte) {
  return ((uint8_t)byte < ' ' && byte != '\t') || byte == DELETE;
}

static uint32_t width_of(char byte) {
  if (continues(byte)) return 0;
  return shown_as_control(byte) ? 2 : 1;
}

static uint32_t width(const struct editor *editor, uint32_t from, uint32_t to) {
  uint32_t columns = 0;
  for (uint32_t i = from; i < to; i++) columns += width_of(editor->line[i]);
  return columns;
}

static void put_times(const struct editor *editor, char byte, uint32_t times) {
  char run[32];
  memset(run, byte, sizeof run);
  for (; times > sizeof run; times -= sizeof run) put(editor, run, sizeof run);
  put(editor, run, times);
}

static void put_line(const struct editor *editor, uint32_t from, uint32_t to) {
  uint32_t done = from;
  for (uint32_t i = from; i < to; i++) {
    char byte = editor->line[i];
    if (byte != '\t' && !shown_as_control(byte)) continue;
    put(editor, editor->line + done, i - done);
    if (byte == '\t') {
      put(editor, " ", 1);
    } else {
      put(editor, (char[]){'^', (char)(byte ^ 0x40)}, 2);
    }
    done = i + 1;
  }
  put(editor, editor->line + done, to - done);
}

// Shows the line from `from` on, where the terminal's cursor is; blanks `blanks` columns behind
// it; puts the cursor in its place.
static void redraw(const struct editor *editor, uint32_t from, uint32_t blanks) {
  put_line(editor, from, editor->length);
  put_times(editor, ' ', blanks);
  put_times(editor, '\b', blanks + width(editor, editor->cursor, editor->length));
}

void editor_show(struct editor *editor) { redraw(editor, 0, 0); }

// --- Changes of the line ---

static uint32_t character_before(const struct editor *editor, uint32_t at) {
  do {
    at--;
  } while (at != 0 && continues(editor->line[at]));
  return at;
}

static uint32_t character_after(const struct editor *editor, uint32_t at) {
  do {
    at++;
  } while (at != editor->length && continues(editor->line[at]));
  return at;
}

static void insert(struct editor *editor, char byte) {
  if (editor->length + 1 >= EDITOR_LINE_MAX) {
    bell(editor);
    return;
  }
  uint32_t at = editor->cursor++;
  memmove(editor->line + at + 1, editor->line + at, editor->length - at);
  editor->line[at] = byte;
  editor->length++;
  if (editor->cursor != editor->length && continues(byte) && at != 0) {
    // The terminal must see a character's bytes in a row, not with the rest of the line between.
    at = character_before(editor, at);
    put_times(editor, '\b', width(editor, at, editor->cursor));
  }
  redraw(editor, at, 0);
}

// Takes [from, to) out; the cursor is at one of its ends.
static void erase(struct editor *editor, uint32_t from, uint32_t to) {
  if (from == to) return;
  uint32_t columns = width(editor, from, to);
  if (editor->cursor == to) put_times(editor, '\b', columns);
  memmove(editor->line + from, editor->line + to, editor->length - to);
  editor->length -= to - from;
  editor->cursor = from;
  redraw(editor, from, columns);
}

static void move_to(struct editor *editor, uint32_t to) {
  if (to < editor->cursor) {
    put_times(editor, '\b', width(editor, to, editor->cursor));
  } else {
    put_line(editor, editor->cursor, to);
  }
  editor->cursor = to;
}

static void move_left(struct editor *editor) {
  if (editor->cursor != 0) move_to(editor, character_before(editor, editor->cursor));
}

static void move_right(struct editor *editor) {
  if (editor->cursor != editor->length) move_to(editor, character_after(editor, editor->cursor));
}

static void erase_character(struct editor *editor) {
  if (editor->cursor == 0) return;
  erase(editor, character_before(editor, editor->cursor), editor->cursor);
}

static void erase_under(struct editor *editor) {
  if (editor->cursor == editor->length) return;
  erase(editor, editor->cursor, character_after(editor, editor->cursor));
}

static bool blank(char byte) { return byte == ' ' || byte == '\t'; }

static void erase_word(struct editor *editor) {
  uint32_t from = editor->cursor;
  while (from != 0 && blank(editor->line[from - 1])) from--;
  while (from != 0 && !blank(editor->line[from - 1])) from--;
  erase(editor, from, editor->cursor);
}

void editor_clear(struct editor *editor) {
  editor->length = editor->cursor = 0;
  editor->recalled = 0;
  editor->quoting = false;
}

// --- Earlier lines ---

static void remember(struct editor *editor) {
  if (!editor->echo_on) return;  // might be a password
  if (editor->length == 0 || editor->length > EDITOR_HISTORY_LINE_MAX) return;
  uint32_t newest = (editor->history_count - 1) % EDITOR_HISTORY;
  if (editor->history_count != 0 && editor->history_length[newest] == editor->length &&
      memcmp(editor->history[newest], editor->line, editor->length) == 0) {
    return;
  }
  uint32_t at = editor->history_count++ % EDITOR_HISTORY;
  memcpy(editor->history[at], editor->line, editor->length);
  editor->history_length[at] = (uint16_t)editor->length;
}

static void replace(struct editor *editor, const char *text, uint32_t length) {
  uint32_t columns = width(editor, 0, editor->length);
  move_to(editor, 0);
  memcpy(editor->line, text, length);
  editor->length = editor->cursor = length;
  uint32_t now = width(editor, 0, length);
  redraw(editor, 0, columns > now ? columns - now : 0);
}

static void recall(struct editor *editor, uint32_t back) {
  uint32_t kept = editor->history_count < EDITOR_HISTORY ? editor->history_count : EDITOR_HISTORY;
  if (back > kept) {
    bell(editor);
    return;
  }
  if (editor->recalled == 0) {
    memcpy(editor->draft, editor->line, editor->length);
    editor->draft_length = editor->length;
  }
  editor->recalled = back;
  if (back == 0) {
    replace(editor, editor->draft, editor->draft_length);
  } else {
    uint32_t at = (editor->history_count - back) % EDITOR_HISTORY;
    replace(editor, editor->history[at], editor->history_length[at]);
  }
}

static void recall_earlier(struct editor *editor) { recall(editor, editor->recalled + 1); }

static void recall_later(struct editor *editor) {
  if (editor->recalled != 0) recall(editor, editor->recalled - 1);
}

// --- Keys ---

static void escape_end(struct editor *editor, uint8_t byte) {
  switch (byte) {
    case 'A':
      recall_earlier(editor);
      break;
    case 'B':
      recall_later(editor);
      break;
    case 'C':
      move_right(editor);
      break;
    case 'D':
      move_left(editor);
      break;
    case 'H':
      move_to(editor, 0);
      break;
    case 'F':
      move_to(editor, editor->length);
      break;
    case '~':
      if (editor->parameter == 1 || editor->parameter == 7) move_to(editor, 0);
      if (editor->parameter == 3) erase_under(editor);
      if (editor->parameter == 4 || editor->parameter == 8) move_to(editor, editor->length);
      break;
    default:
      break;  // a key that means nothing here
  }
}

// ESC [ parameters final, or ESC O final.
static void escape_input(struct editor *editor, uint8_t byte) {
  if (editor->escape == ESCAPE) {
    editor->escape = byte == '[' || byte == 'O' ? byte : 0;
    editor->parameter = 0;
  } else if (byte >= '0' && byte <= '9') {
    editor->parameter = (uint8_t)(editor->parameter * 10 + (byte - '0'));
  } else if (byte < 0x40 && byte >= 0x20) {
    editor->parameter = 0;  // separators and intermediate bytes
  } else {
    editor->escape = 0;
    escape_end(editor, byte);
  }
}

static enum editor_event line_end(struct editor *editor) {
  remember(editor);
  editor->line[editor->length++] = '\n';
  put(editor, "\n", 1);
  return EDITOR_LINE;
}

static enum editor_event interrupt(struct editor *editor) {
  put(editor, "^C\n", 3);
  editor_clear(editor);
  return EDITOR_INTERRUPT;
}

enum editor_event editor_input(struct editor *editor, uint8_t byte) {
  if (editor->quoting) {
    editor->quoting = false;
    insert(editor, (char)byte);
    return EDITOR_NONE;
  }
  if (editor->escape != 0 && byte >= ' ' && byte < DELETE) {
    escape_input(editor, byte);
    return EDITOR_NONE;
  }
  editor->escape = 0;
  if (byte == CTRL_C && editor->signals_on) return interrupt(editor);
  switch (byte) {
    case '\r':
    case '\n':
      return line_end(editor);
    case CTRL_D:
      return EDITOR_END;
    case CTRL_H:
    case DELETE:
      erase_character(editor);
      break;
    case CTRL_V:
      editor->quoting = true;
      break;
    case CTRL_W:
      erase_word(editor);
      break;
    case CTRL_U:
      erase(editor, 0, editor->cursor);
      break;
    case CTRL_K:
      erase(editor, editor->cursor, editor->length);
      break;
    case CTRL_A:
      move_to(editor, 0);
      break;
    case CTRL_E:
      move_to(editor, editor->length);
      break;
    case CTRL_B:
      move_left(editor);
      break;
    case CTRL_F:
      move_right(editor);
      break;
    case CTRL_P:
      recall_earlier(editor);
      break;
    case CTRL_N:
      recall_later(editor);
      break;
    case ESCAPE:
      editor->escape = ESCAPE;
      break;
    default:
      insert(editor, (char)byte);
      break;
  }
  return EDITOR_NONE;
}
