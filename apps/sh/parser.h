// Shell grammar: lists, pipelines, simple and compound commands.
#ifndef APPS_SH_PARSER_H
#define APPS_SH_PARSER_H

#include "apps/sh/arena.h"
#include "apps/sh/syntax.h"

enum parse_result {
  PARSE_OK,
  PARSE_END,         // nothing but blanks and comments is left
  PARSE_INCOMPLETE,  // more input could make it whole
  PARSE_ERROR,
};

// Parses one complete command, to the end of its line. *input moves behind it.
// With PARSE_ERROR *message says what is wrong.
enum parse_result parse(const char **input, struct arena *arena, struct node **command,
                        const char **message);

#endif
