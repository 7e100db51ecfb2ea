#include "apps/sh/lexer.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// Behind the closing character of what begins at `text` and may contain quotes and substitutions.
static const char *skip_nested(const char *text, char open, char close) {
  int depth = 1;
  while (*text) {
    if (*text == close && --depth == 0) return text + 1;
    if (*text == open) {
      ++depth;
      ++text;
    } else {
      text = lexer_skip(text);
      if (!text) return NULL;
    }
  }
  return NULL;
}

static const char *skip_double_quotes(const char *text) {
  while (*text && *text != '"') {
    text = *text == '\'' ? text + 1 : lexer_skip(text);
    if (!text) return NULL;
  }
  return *text ? text + 1 : NULL;
}

static const char *skip_backquotes(const char *text) {
  while (*text && *text != '`') {
    if (*text == '\\' && text[1]) ++text;
    ++text;
  }
  return *text ? text + 1 : NULL;
}

const char *lexer_skip(const char *text) {
  switch (*text) {
    case '\\':
      return text[1] ? text + 2 : NULL;
    case '\'':
      text = strchr(text + 1, '\'');
      return text ? text + 1 : NULL;
    case '"':
      return skip_double_quotes(text + 1);
    case '`':
      return skip_backquotes(text + 1);
    case '$':
      if (text[1] == '(') return skip_nested(text + 2, '(', ')');
      if (text[1] == '{') return skip_nested(text + 2, '{', '}');
      return text + 1;
  }
  return text + 1;
}

static const char *skip_blanks(const char *text) {
  for (;;) {
    if (*text == ' ' || *text == '\t' || *text == '\r') {
      ++text;
    } else if (text[0] == '\\' && text[1] == '\n') {
      text += 2;
    } else if (*text == '#') {
      text += strcspn(text, "\n");
    } else {
      return text;
    }
  }
}

static struct token take(const char **input, const char *text, size_t length,
                         enum token_kind kind) {
  *input = text + length;
  return (struct token){.kind = kind};
}

// `text` is at < or >.
static struct token take_redirect(const char **input, const char *text, int fd) {
  struct token token = {.kind = TOKEN_REDIRECT, .fd = fd};
  bool out = *text == '>';
  if (fd < 0) token.fd = out;
  if (text[1] == '&') {
    token.redirect = REDIRECT_COPY;
    ++text;
  } else if (out && text[1] == '>') {
    token.redirect = REDIRECT_APPEND;
    ++text;
  } else {
    token.redirect = out ? REDIRECT_WRITE : REDIRECT_READ;
    if (out && text[1] == '|') ++text;
  }
  *input = text + 1;
  return token;
}

static struct token take_word(const char **input, const char *text, struct arena *arena) {
  const char *end = text;
  while (*end && !strchr(" \t\r\n;&|<>()", *end)) {
    end = lexer_skip(end);
    if (!end) return (struct token){.kind = TOKEN_INCOMPLETE};
  }
  *input = end;
  return (struct token){.kind = TOKEN_WORD,
                        .text = arena_string(arena, text, (size_t)(end - text))};
}

struct token lexer_next(const char **input, struct arena *arena) {
  const char *text = skip_blanks(*input);
  switch (*text) {
    case 0:
      return take(input, text, 0, TOKEN_END);
    case '\n':
      return take(input, text, 1, TOKEN_NEWLINE);
    case ';':
      return take(input, text, 1, TOKEN_SEMICOLON);
    case '(':
      return take(input, text, 1, TOKEN_OPEN);
    case ')':
      return take(input, text, 1, TOKEN_CLOSE);
    case '|':
      return text[1] == '|' ? take(input, text, 2, TOKEN_OR_OR) : take(input, text, 1, TOKEN_PIPE);
    case '&':
      return text[1] == '&' ? take(input, text, 2, TOKEN_AND_AND)
                            : take(input, text, 1, TOKEN_AMPERSAND);
    case '<':
    case '>':
      return take_redirect(input, text, -1);
  }
  if (isdigit((unsigned char)text[0]) && (text[1] == '<' || text[1] == '>')) {
    return take_redirect(input, text + 1, text[0] - '0');
  }
  return take_word(input, text, arena);
}
