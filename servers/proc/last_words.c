#include "servers/proc/last_words.h"

#include "abi/event.h"
#include "protocols/proc.h"
#include "protocols/signal.h"

struct line {
  char *text;
  size_t length;
};

static void add(struct line *line, const char *text) {
  while (*text && line->length < LAST_WORDS_MAX - 1) line->text[line->length++] = *text++;
}

static void add_number(struct line *line, uint64_t value, unsigned base) {
  char digits[24];
  char *at = digits + sizeof digits;
  *--at = 0;
  do {
    *--at = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  add(line, at);
}

static void add_hex(struct line *line, const char *before, uint64_t value) {
  add(line, before);
  add(line, "0x");
  add_number(line, value, 16);
}

static struct line begin(char *text, const char *name, uint32_t pid) {
  struct line line = {text, 0};
  add(&line, name);
  add(&line, "[");
  add_number(&line, pid, 10);
  add(&line, "]: ");
  return line;
}

static size_t end(struct line *line) {
  line->text[line->length++] = '\n';
  return line->length;
}

static const char *access_text(uint64_t access) {
  if (access & FAULT_WRITE) return ", write to ";
  if (access & FAULT_EXECUTE) return ", execution of ";
  return ", read from ";
}

static const char *reason_text(uint64_t reason) {
  switch (reason) {
    case FAULT_UNMAPPED:
      return "unmapped memory";
    case FAULT_PROTECTED:
      return "protected memory";
    case FAULT_BEYOND_END:
      return "memory behind the end of a mapped file";
    case FAULT_IO_ERROR:
      return "a page that could not be read";
    case FAULT_STACK:
      return "memory below the stack limit";
    default:
      return "memory";
  }
}

size_t last_words_of_fault(char *text, const char *name, uint32_t pid, int signal, uint64_t address,
                           uint64_t pc, uint64_t access, uint64_t reason) {
  struct line line = begin(text, name, pid);
  if (reason == FAULT_NO_MEMORY) {
    add(&line, "killed: out of memory");
    return end(&line);
  }
  add(&line, signal == SIGNAL_BUS ? "bus error" : "segmentation fault");
  add_hex(&line, " at ", address);
  add_hex(&line, ", pc ", pc);
  add(&line, access_text(access));
  add(&line, reason_text(reason));
  return end(&line);
}

// Exception codes as in signal_action.c.
static const char *access_of_exception(uint64_t scause) {
  static const char *const text[] = {
      [0] = ", misaligned jump", [1] = ", execution failed", [4] = ", misaligned read",
      [5] = ", read failed",     [6] = ", misaligned write", [7] = ", write failed",
  };
  return text[scause];
}

size_t last_words_of_exception(char *text, const char *name, uint32_t pid, uint64_t scause,
                               uint64_t stval, uint64_t pc) {
  struct line line = begin(text, name, pid);
  switch (scause) {
    case 2:
      add_hex(&line, "illegal instruction ", stval);
      add_hex(&line, ", pc ", pc);
      break;
    case 3:
      add_hex(&line, "breakpoint trap, pc ", pc);
      break;
    case 0:
    case 1:
    case 4:
    case 5:
    case 6:
    case 7:
      add_hex(&line, "bus error at ", stval);
      add_hex(&line, ", pc ", pc);
      add(&line, access_of_exception(scause));
      break;
    default:
      add(&line, "killed: exception ");
      add_number(&line, scause, 10);
      add_hex(&line, " at ", stval);
      add_hex(&line, ", pc ", pc);
      break;
  }
  return end(&line);
}

size_t last_words_of_memory(char *text, const char *name, uint32_t pid, uint64_t kib) {
  struct line line = begin(text, name, pid);
  add(&line, "killed: out of memory, largest program with ");
  add_number(&line, kib, 10);
  add(&line, " KiB");
  return end(&line);
}
