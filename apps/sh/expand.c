#include "apps/sh/expand.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/sh/arithmetic.h"
#include "apps/sh/lexer.h"
#include "apps/sh/memory.h"

// One argument in the making. Characters that were quoted and mean something to glob have a
// backslash, as has a backslash itself.
struct builder {
  struct expansion *expansion;
  struct word **end;  // where finished arguments go; NULL: one text without splitting
  char *text;
  size_t length, size;
  bool present;   // there is an argument, if only ""
  bool patterns;  // an unquoted * ? [ is in it
};

static void add_raw(struct builder *builder, char character) {
  if (builder->length + 1 >= builder->size) {
    builder->size = builder->size ? 2 * builder->size : 64;
    builder->text = reallocate(builder->text, builder->size);
  }
  builder->text[builder->length++] = character;
  builder->text[builder->length] = 0;
  builder->present = true;
}

static bool is_special(char character) { return character && strchr("*?[\\", character); }

static void add(struct builder *builder, char character, bool quoted) {
  if (is_special(character)) {
    if (quoted || character == '\\') {
      add_raw(builder, '\\');
    } else {
      builder->patterns = true;
    }
  }
  add_raw(builder, character);
}

static void add_text(struct builder *builder, const char *text, bool quoted) {
  for (; *text; ++text) add(builder, *text, quoted);
}

static char *without_backslashes(struct arena *arena, const char *text) {
  char *plain = arena_string(arena, text, strlen(text)), *to = plain;
  for (; *text; ++text) {
    if (*text == '\\' && text[1]) ++text;
    *to++ = *text;
  }
  *to = 0;
  return plain;
}

// Ends the argument, if there is one.
static void finish(struct builder *builder) {
  struct expansion *expansion = builder->expansion;
  if (!builder->present) return;
  if (!builder->text) add_raw(builder, 0);
  struct word **before = builder->end;
  if (builder->patterns) expansion->glob(builder->text, &builder->end, expansion->arena);
  if (builder->end == before) {
    struct word *word = arena_allocate(expansion->arena, sizeof *word);
    word->text = without_backslashes(expansion->arena, builder->text);
    *builder->end = word;
    builder->end = &word->next;
  }
  builder->length = 0;
  builder->text[0] = 0;
  builder->present = builder->patterns = false;
}

// Adds a value. Unquoted, blanks in it end the argument.
static void add_value(struct builder *builder, const char *value, bool quoted) {
  if (quoted || !builder->end) {
    add_text(builder, value, quoted);
    return;
  }
  for (; *value; ++value) {
    if (*value == ' ' || *value == '\t' || *value == '\n') {
      finish(builder);
    } else {
      add(builder, *value, false);
    }
  }
}

static void refuse(struct builder *builder, const char *error) {
  builder->expansion->error = error;
}

static void expand_into(struct builder *builder, const char *text, const char *end, bool quoted);

// $@ and $*: arguments of their own, unless they stand in one text.
static void add_arguments(struct builder *builder, bool quoted, bool separate) {
  const struct variables *variables = builder->expansion->variables;
  for (size_t i = 1; i <= variables->count; ++i) {
    if (i > 1) {
      if (builder->end && (separate || !quoted)) {
        finish(builder);
      } else {
        add(builder, ' ', quoted);
      }
    }
    if (quoted && separate) builder->present = true;
    add_value(builder, variables->arguments[i], quoted);
  }
}

// The value of a parameter by name; `number` has room for one. NULL: not set.
static const char *parameter(const struct expansion *expansion, const char *name, char *number,
                             size_t size) {
  const struct variables *variables = expansion->variables;
  if (isdigit((unsigned char)*name)) {
    unsigned long index = strtoul(name, NULL, 10);
    return index <= variables->count ? variables->arguments[index] : NULL;
  }
  long value;
  switch (*name) {
    case '?':
      value = expansion->status;
      break;
    case '$':
      value = expansion->shell;
      break;
    case '#':
      value = (long)variables->count;
      break;
    case '!':
      if (!expansion->background) return NULL;
      value = expansion->background;
      break;
    default:
      return variables_get(variables, name);
  }
  snprintf(number, size, "%ld", value);
  return number;
}

// How many characters at `text` name a parameter; 0: none.
static size_t name_length(const char *text) {
  if (*text && strchr("?$#!@*", *text)) return 1;
  if (isdigit((unsigned char)*text)) return 1;
  size_t length = 0;
  while (variables_is_name(text, length + 1)) ++length;
  return length;
}

static char *copy(struct builder *builder, const char *text, const char *end) {
  return arena_string(builder->expansion->arena, text, (size_t)(end - text));
}

static void add_parameter(struct builder *builder, const char *name, bool quoted) {
  char number[24];
  if (*name == '@' || *name == '*') {
    add_arguments(builder, quoted, *name == '@');
    return;
  }
  const char *value = parameter(builder->expansion, name, number, sizeof number);
  if (value) add_value(builder, value, quoted);
}

// What follows the name in ${name...}: - = + ? with or without a colon. `end` is at the }.
static void add_conditional(struct builder *builder, const char *name, const char *text,
                            const char *end, bool quoted) {
  char number[24];
  const char *value = parameter(builder->expansion, name, number, sizeof number);
  bool colon = *text == ':';
  if (colon) ++text;
  bool given = value && !(colon && !*value);
  switch (*text) {
    case '-':
      if (!given) return expand_into(builder, text + 1, end, quoted);
      break;
    case '+':
      if (given) expand_into(builder, text + 1, end, quoted);
      return;
    case '=':
      if (!given) {
        const char *assigned = expand_text(builder->expansion, copy(builder, text + 1, end));
        if (!assigned) return;
        if (variables_is_name(name, strlen(name))) {
          variables_set(builder->expansion->variables, name, assigned);
        }
        value = assigned;
      }
      break;
    case '?':
      if (!given) return refuse(builder, "parameter not set");
      break;
    default:
      return refuse(builder, "bad substitution");
  }
  add_value(builder, value, quoted);
}

// ${...}; text is behind the {, end at the }.
static void add_braced(struct builder *builder, const char *text, const char *end, bool quoted) {
  bool wants_length = *text == '#' && text + 1 < end;
  if (wants_length) ++text;
  size_t length = name_length(text);
  while (isdigit((unsigned char)*text) && isdigit((unsigned char)text[length])) ++length;
  if (length == 0 || text + length > end) return refuse(builder, "bad substitution");
  char *name = copy(builder, text, text + length);
  text += length;
  if (wants_length) {
    char number[24];
    const char *value = parameter(builder->expansion, name, number, sizeof number);
    char size[24];
    snprintf(size, sizeof size, "%zu", value ? strlen(value) : 0);
    if (text != end) return refuse(builder, "bad substitution");
    return add_value(builder, size, quoted);
  }
  if (text == end) return add_parameter(builder, name, quoted);
  add_conditional(builder, name, text, end, quoted);
}

static void add_command(struct builder *builder, const char *command, bool quoted) {
  struct expansion *expansion = builder->expansion;
  char *output = expansion->substitute(command, expansion->context);
  if (!output) return refuse(builder, "cannot run a command");
  size_t length = strlen(output);
  while (length && output[length - 1] == '\n') output[--length] = 0;
  add_value(builder, output, quoted);
  free(output);
}

static void add_arithmetic(struct builder *builder, const char *text, bool quoted) {
  const char *plain = expand_text(builder->expansion, text);
  long value;
  if (!plain) return;
  if (!arithmetic(plain, builder->expansion->variables, &value)) {
    return refuse(builder, "bad arithmetic expression");
  }
  char number[24];
  snprintf(number, sizeof number, "%ld", value);
  add_value(builder, number, quoted);
}

// Behind what begins at `text`, which must end before `end`.
static const char *skip(struct builder *builder, const char *text, const char *end) {
  const char *behind = lexer_skip(text);
  if (behind && behind <= end) return behind;
  refuse(builder, "bad substitution");
  return NULL;
}

// What begins with the $ at `text`. Returns what is behind it.
static const char *expand_dollar(struct builder *builder, const char *text, const char *end,
                                 bool quoted) {
  const char *behind = skip(builder, text, end);
  if (!behind) return end;
  if (text[1] == '{') {
    add_braced(builder, text + 2, behind - 1, quoted);
    return behind;
  }
  if (text[1] == '(') {
    if (text[2] == '(' && behind[-2] == ')') {
      add_arithmetic(builder, copy(builder, text + 3, behind - 2), quoted);
    } else {
      add_command(builder, copy(builder, text + 2, behind - 1), quoted);
    }
    return behind;
  }
  size_t length = name_length(text + 1);
  if (length == 0) {
    add(builder, '$', quoted);
    return text + 1;
  }
  add_parameter(builder, copy(builder, text + 1, text + 1 + length), quoted);
  return text + 1 + length;
}

static const char *expand_backquotes(struct builder *builder, const char *text, const char *end,
                                     bool quoted) {
  const char *behind = skip(builder, text, end);
  if (!behind) return end;
  char *command = copy(builder, text + 1, behind - 1), *to = command;
  for (const char *from = command; *from; ++from) {
    if (*from == '\\' && from[1] && strchr("\\`$", from[1])) ++from;
    *to++ = *from;
  }
  *to = 0;
  add_command(builder, command, quoted);
  return behind;
}

// A backslash: within double quotes it is itself, but before what is special there.
static const char *expand_backslash(struct builder *builder, const char *text, const char *end,
                                    bool quoted) {
  if (!skip(builder, text, end)) return end;
  if (text[1] == '\n') return text + 2;
  if (quoted && !strchr("\\\"$`", text[1])) add(builder, '\\', true);
  add(builder, text[1], true);
  return text + 2;
}

static const char *expand_single_quotes(struct builder *builder, const char *text,
                                        const char *end) {
  const char *behind = skip(builder, text, end);
  if (!behind) return end;
  builder->present = true;
  for (const char *c = text + 1; c < behind - 1; ++c) add(builder, *c, true);
  return behind;
}

static const char *expand_double_quotes(struct builder *builder, const char *text,
                                        const char *end) {
  const char *behind = skip(builder, text, end);
  if (!behind) return end;
  // "$@" without arguments is nothing, anything else at least "".
  if (strncmp(text, "\"$@\"", 4) != 0) builder->present = true;
  expand_into(builder, text + 1, behind - 1, true);
  return behind;
}

// Expands [text, end); `quoted`: within double quotes.
static void expand_into(struct builder *builder, const char *text, const char *end, bool quoted) {
  while (text < end && !builder->expansion->error) {
    switch (*text) {
      case '\\':
        text = expand_backslash(builder, text, end, quoted);
        break;
      case '$':
        text = expand_dollar(builder, text, end, quoted);
        break;
      case '`':
        text = expand_backquotes(builder, text, end, quoted);
        break;
      case '\'':
        if (quoted) {
          add(builder, *text++, true);
        } else {
          text = expand_single_quotes(builder, text, end);
        }
        break;
      case '"':
        text = expand_double_quotes(builder, text, end);
        break;
      case ' ':
      case '\t':
      case '\n':  // unquoted only within ${name:-...}
        if (quoted || !builder->end) {
          add(builder, *text, true);
        } else {
          finish(builder);
        }
        ++text;
        break;
      default:
        add(builder, *text++, quoted);
    }
  }
}

// ~ and ~/... at the beginning of a word.
static const char *expand_tilde(struct builder *builder, const char *text) {
  if (text[0] != '~' || (text[1] && text[1] != '/')) return text;
  const char *home = variables_get(builder->expansion->variables, "HOME");
  if (!home) return text;
  add_text(builder, home, true);
  return text + 1;
}

struct word *expand_words(struct expansion *expansion, const struct word *words) {
  struct word *first = NULL;
  struct builder builder = {.expansion = expansion, .end = &first};
  expansion->error = NULL;
  for (; words && !expansion->error; words = words->next) {
    const char *text = expand_tilde(&builder, words->text);
    expand_into(&builder, text, text + strlen(text), false);
    finish(&builder);
  }
  free(builder.text);
  return expansion->error ? NULL : first;
}

const char *expand_text(struct expansion *expansion, const char *text) {
  struct builder builder = {.expansion = expansion};
  expansion->error = NULL;
  text = expand_tilde(&builder, text);
  expand_into(&builder, text, text + strlen(text), false);
  char *plain = without_backslashes(expansion->arena, builder.text ? builder.text : "");
  free(builder.text);
  return expansion->error ? NULL : plain;
}
