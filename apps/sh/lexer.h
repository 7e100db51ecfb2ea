// Splits shell input into tokens.
#ifndef APPS_SH_LEXER_H
#define APPS_SH_LEXER_H

#include "apps/sh/arena.h"
#include "apps/sh/syntax.h"

enum token_kind {
  TOKEN_END,         // of the input
  TOKEN_INCOMPLETE,  // the input ends within quotes or a substitution
  TOKEN_NEWLINE,
  TOKEN_WORD,
  TOKEN_REDIRECT,   // the target follows as a word
  TOKEN_PIPE,       // |
  TOKEN_AND_AND,    // &&
  TOKEN_OR_OR,      // ||
  TOKEN_AMPERSAND,  // &
  TOKEN_SEMICOLON,  // ;
  TOKEN_OPEN,       // (
  TOKEN_CLOSE,      // )
};

struct token {
  enum token_kind kind;
  const char *text;             // TOKEN_WORD: with its quotes
  enum redirect_kind redirect;  // TOKEN_REDIRECT
  int fd;                       // TOKEN_REDIRECT
};

// Takes the next token from *input, which moves behind it.
struct token lexer_next(const char **input, struct arena *arena);

// Behind the quoted or substituted text that begins at `text` with ', ", \, ` or $, or behind its
// one character if nothing special begins there. NULL if it does not end.
const char *lexer_skip(const char *text);

#endif
