#include "servers/console/terminal.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "abi/layout.h"
#include "protocols/console.h"
#include "protocols/signal.h"
#include "servers/console/editor.h"
#include "servers/console/input_queue.h"
#include "servers/console/lines.h"
#include "servers/console/outside.h"
#include "servers/console/waiters.h"

_Static_assert(LINES_WRITE_MAX == MESSAGE_BYTES, "a write is at most a message");

#define MODE_ALL (CONSOLE_CANONICAL | CONSOLE_ECHO | CONSOLE_SIGNALS)

// Writers wait while more than this is on its way to the UART.
#define BACKLOG_HIGH 8192u
#define BACKLOG_LOW 1024u

// While text is held: an owner of the line that writes nothing for one to two ticks, or does not
// end its line in so many, loses it. Long, because a writer may be slow without being to blame.
#define TICK_MS 1000u
#define TICKS_MAX 5u

static struct terminal {
  uint32_t mode;
  uint32_t interrupted;  // badge of who is to learn of a Ctrl-C when it reads; 0: nobody
  bool ticking;
  uint32_t ticks;        // since text is held
  uint32_t writes_seen;  // lines.writes at the last tick
  struct lines lines;
  struct editor editor;
  struct input_queue queue;
  struct waiters readers, writers;
  char buffer[MESSAGE_BYTES];
} terminal;

static void echo(const char *bytes, size_t count) { lines_echo(&terminal.lines, bytes, count); }

void terminal_init(void) {
  terminal.ticking = false;
  terminal.interrupted = 0;
  lines_init(&terminal.lines, outside_put);
  editor_init(&terminal.editor, echo);
  input_queue_clear(&terminal.queue);
  terminal.readers.count = terminal.writers.count = 0;
  terminal_mode(MODE_ALL);
}

// --- Output ---

// What was typed so far is shown again below the text that hid it, once that has ended its line
// or somebody waits for the rest.
static void show_typed(void) {
  if (!terminal.lines.input_hidden) return;
  terminal.lines.input_hidden = false;
  editor_show(&terminal.editor);
}

static void start_ticking(void) {
  if (!lines_holding(&terminal.lines) || terminal.ticking) return;
  terminal.ticking = true;
  terminal.ticks = 0;
  terminal.writes_seen = terminal.lines.writes;
  outside_tick_after(TICK_MS);
}

static bool write_page(uint32_t origin, uint32_t length) {
  // Copied first: the page may change while it is looked at.
  memcpy(terminal.buffer, outside_page(origin), length);
  return lines_write(&terminal.lines, origin, terminal.buffer, length);
}

// Lets those writers go on that wait for the UART or for others' lines.
static void resume_writers(void) {
  while (terminal.writers.count != 0 && lines_have_room(&terminal.lines) &&
         outside_backlog() <= BACKLOG_HIGH) {
    struct waiter writer = waiters_take(&terminal.writers);
    write_page(writer.badge, writer.length);
    outside_answer(writer.token, writer.length);
  }
}

static void after_output(void) {
  resume_writers();
  if (terminal.readers.count != 0 && !terminal.lines.open) show_typed();
  start_ticking();
}

// Whether a signal is there for a process that waits or is about to.
static bool is_due(uint32_t badge) { return signal_due(signal_page_in(outside_page(badge))); }

int64_t terminal_write(token_t token, uint32_t origin, uint64_t length) {
  if (length > MESSAGE_BYTES) return -EINVAL;
  // Others may wait, but the owner of the line that they wait for must not.
  if (outside_backlog() > BACKLOG_HIGH || !write_page(origin, (uint32_t)length)) {
    struct waiter writer = {token, origin, (uint32_t)length};
    if (is_due(origin)) return -EINTR;
    return waiters_add(&terminal.writers, writer) ? TERMINAL_LATER : -EAGAIN;
  }
  after_output();
  return (int64_t)length;
}

void terminal_drained(void) {
  if (outside_backlog() <= BACKLOG_LOW) after_output();
}

void terminal_message(uint32_t origin, const char *bytes, size_t count) {
  while (!lines_write(&terminal.lines, origin, bytes, count)) lines_force(&terminal.lines);
  after_output();
}

void terminal_yield(uint32_t badge) {
  lines_release(&terminal.lines, badge);
  after_output();
}

void terminal_tick(void) {
  terminal.ticking = false;
  if (!lines_holding(&terminal.lines)) return;
  if (terminal.writes_seen == terminal.lines.writes || ++terminal.ticks == TICKS_MAX) {
    lines_force(&terminal.lines);
    after_output();
    return;
  }
  terminal.ticking = true;
  terminal.writes_seen = terminal.lines.writes;
  outside_tick_after(TICK_MS);
}

void terminal_flush(void) {
  while (lines_holding(&terminal.lines)) {
    lines_force(&terminal.lines);
    resume_writers();
  }
  outside_drain();
}

// --- Input ---

static size_t take(char *bytes, uint64_t limit) {
  if (limit > MESSAGE_BYTES) limit = MESSAGE_BYTES;
  if (terminal.mode & CONSOLE_CANONICAL) {
    return input_queue_take(&terminal.queue, bytes, limit);
  }
  return input_queue_take_raw(&terminal.queue, bytes, limit);
}

static void serve_readers(void) {
  while (terminal.readers.count != 0 && !input_queue_empty(&terminal.queue)) {
    struct waiter reader = waiters_take(&terminal.readers);
    size_t count = take(outside_page(reader.badge), reader.length);
    // Behind Ctrl-D the line is still open: the reader may go on in it.
    lines_release(&terminal.lines, LINES_INPUT);
    outside_answer(reader.token, (int64_t)count);
  }
}

int64_t terminal_read(token_t token, uint32_t origin, uint64_t length) {
  if (length == 0) return 0;
  if (terminal_take_interrupt(origin)) return -EINTR;
  if (terminal.readers.count == 0 && !input_queue_empty(&terminal.queue)) {
    terminal_yield(origin);
    return (int64_t)take(outside_page(origin), length);
  }
  if (length > MESSAGE_BYTES) length = MESSAGE_BYTES;
  struct waiter reader = {token, origin, (uint32_t)length};
  if (is_due(origin)) return -EINTR;
  if (!waiters_add(&terminal.readers, reader)) return -EAGAIN;
  lines_prompt(&terminal.lines, origin);
  show_typed();
  after_output();
  return TERMINAL_LATER;
}

int64_t terminal_interrupted(uint32_t badge) {
  struct waiter reader;
  if (!waiters_take_badge(&terminal.readers, badge, &reader)) {
    terminal.interrupted = badge;
    return 0;
  }
  outside_answer(reader.token, -EINTR);
  return 1;
}

int64_t terminal_take_interrupt(uint32_t badge) {
  if (terminal.interrupted != badge) return 0;
  terminal.interrupted = 0;
  return 1;
}

int64_t terminal_interrupt(uint32_t badge) {
  struct waiter waiter;
  if (!is_due(badge)) return 0;
  if (!waiters_take_badge(&terminal.readers, badge, &waiter) &&
      !waiters_take_badge(&terminal.writers, badge, &waiter)) {
    return 0;
  }
  outside_answer(waiter.token, -EINTR);
  return 1;
}

void terminal_ended(uint32_t badge) {
  struct waiter gone;
  terminal_take_interrupt(badge);
  while (waiters_take_badge(&terminal.readers, badge, &gone)) {
  }
  while (waiters_take_badge(&terminal.writers, badge, &gone)) {
  }
  terminal_yield(badge);
}

static void input_interrupt(void) {
  input_queue_clear(&terminal.queue);
  terminal.lines.input_hidden = false;
  outside_interrupt();
}

static void input_raw(uint8_t byte) {
  if (byte == 3 && (terminal.mode & CONSOLE_SIGNALS)) {
    if (terminal.mode & CONSOLE_ECHO) echo("^C\n", 3);
    input_interrupt();
    return;
  }
  input_queue_add(&terminal.queue, (char[]){(char)byte}, 1);
  if (terminal.mode & CONSOLE_ECHO) echo((char[]){(char)byte}, 1);
}

static void input_canonical(uint8_t byte) {
  struct editor *editor = &terminal.editor;
  show_typed();
  switch (editor_input(editor, byte)) {
    case EDITOR_LINE:
      input_queue_add(&terminal.queue, editor->line, editor->length);
      editor_clear(editor);
      break;
    case EDITOR_END:
      input_queue_add(&terminal.queue, editor->line, editor->length);
      input_queue_add_end(&terminal.queue);
      editor_clear(editor);
      break;
    case EDITOR_INTERRUPT:
      input_interrupt();
      break;
    case EDITOR_NONE:
      break;
  }
}

// There is always room for the line that is being typed, and its end.
bool terminal_takes_input(void) { return input_queue_room(&terminal.queue) > EDITOR_LINE_MAX + 1; }

void terminal_input(uint8_t byte) {
  if (terminal.mode & CONSOLE_CANONICAL) {
    input_canonical(byte);
  } else {
    input_raw(byte);
  }
  serve_readers();
  after_output();
}

int64_t terminal_mode(uint64_t mode) {
  if (mode == (uint64_t)-1) return terminal.mode;
  if (mode & ~(uint64_t)MODE_ALL) return -EINVAL;
  if (!(mode & CONSOLE_CANONICAL)) {
    // A line that is being typed becomes ready as it is.
    input_queue_add(&terminal.queue, terminal.editor.line, terminal.editor.length);
    editor_clear(&terminal.editor);
    terminal.lines.input_hidden = false;
  }
  terminal.mode = (uint32_t)mode;
  terminal.editor.echo_on = (mode & CONSOLE_ECHO) != 0;
  terminal.editor.signals_on = (mode & CONSOLE_SIGNALS) != 0;
  serve_readers();
  return (int64_t)mode;
}
