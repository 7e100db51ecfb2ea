// By recursive descent. A function that fails has set parser->result and returns NULL.
#include "apps/sh/parser.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "apps/sh/lexer.h"
#include "apps/sh/variables.h"

#define DEPTH_MAX 200  // of nested commands

struct parser {
  const char *input;
  struct arena *arena;
  struct token token;  // the next one
  int depth;
  enum parse_result result;
  const char *message;
};

static struct node *parse_list(struct parser *parser);

static void advance(struct parser *parser) {
  parser->token = lexer_next(&parser->input, parser->arena);
}

// What is there does not belong there, or is not there yet.
static void *fail(struct parser *parser, const char *message) {
  if (parser->result != PARSE_OK) return NULL;
  bool ended = parser->token.kind == TOKEN_END || parser->token.kind == TOKEN_INCOMPLETE;
  parser->result = ended ? PARSE_INCOMPLETE : PARSE_ERROR;
  parser->message = message;
  return NULL;
}

static struct node *new_node(struct parser *parser, enum node_kind kind, struct node *first,
                             struct node *second) {
  struct node *node = arena_allocate(parser->arena, sizeof *node);
  node->kind = kind;
  node->first = first;
  node->second = second;
  return node;
}

static bool at(const struct parser *parser, enum token_kind kind) {
  return parser->token.kind == kind;
}

static bool at_word(const struct parser *parser, const char *text) {
  return at(parser, TOKEN_WORD) && strcmp(parser->token.text, text) == 0;
}

static bool accept(struct parser *parser, enum token_kind kind) {
  if (!at(parser, kind)) return false;
  advance(parser);
  return true;
}

static bool accept_word(struct parser *parser, const char *text) {
  if (!at_word(parser, text)) return false;
  advance(parser);
  return true;
}

static void skip_newlines(struct parser *parser) {
  while (accept(parser, TOKEN_NEWLINE)) continue;
}

static bool is_assignment(const char *text) {
  const char *equals = strchr(text, '=');
  return equals && variables_is_name(text, (size_t)(equals - text));
}

// A word that ends a list where a command could begin.
static bool at_closing_word(const struct parser *parser) {
  static const char *const words[] = {"then", "else", "elif", "fi", "do", "done", "}"};
  for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
    if (at_word(parser, words[i])) return true;
  }
  return false;
}

static void append_word(struct parser *parser, struct word ***end) {
  struct word *word = arena_allocate(parser->arena, sizeof *word);
  word->text = parser->token.text;
  **end = word;
  *end = &word->next;
  advance(parser);
}

// Parses a redirection if there is one, to the end of the list.
static bool parse_redirect(struct parser *parser, struct redirect ***end) {
  if (!at(parser, TOKEN_REDIRECT)) return false;
  struct redirect *redirect = arena_allocate(parser->arena, sizeof *redirect);
  redirect->kind = parser->token.redirect;
  redirect->fd = parser->token.fd;
  advance(parser);
  if (!at(parser, TOKEN_WORD)) return fail(parser, "redirection without a file") != NULL;
  redirect->target = parser->token.text;
  advance(parser);
  **end = redirect;
  *end = &redirect->next;
  return true;
}

static struct node *parse_simple(struct parser *parser) {
  struct node *node = new_node(parser, NODE_SIMPLE, NULL, NULL);
  struct word **assignments = &node->assignments, **words = &node->words;
  struct redirect **redirects = &node->redirects;
  for (;;) {
    if (at(parser, TOKEN_WORD)) {
      bool assigns = !node->words && is_assignment(parser->token.text);
      append_word(parser, assigns ? &assignments : &words);
    } else if (!parse_redirect(parser, &redirects)) {
      break;
    }
  }
  if (parser->result != PARSE_OK) return NULL;
  if (!node->words && !node->assignments && !node->redirects) {
    return fail(parser, "a command is missing");
  }
  return node;
}

// A list and the word that closes it.
static struct node *parse_closed(struct parser *parser, const char *closing) {
  struct node *list = parse_list(parser);
  if (!list) return NULL;
  return accept_word(parser, closing) ? list : fail(parser, "a list does not end");
}

// Behind "if" or "elif".
static struct node *parse_if(struct parser *parser) {
  struct node *node = new_node(parser, NODE_IF, parse_closed(parser, "then"), NULL);
  if (!node->first) return NULL;
  node->second = parse_list(parser);
  if (!node->second) return NULL;
  if (accept_word(parser, "elif")) {
    node->third = parse_if(parser);
    return node->third ? node : NULL;
  }
  if (accept_word(parser, "else")) {
    node->third = parse_closed(parser, "fi");
    return node->third ? node : NULL;
  }
  return accept_word(parser, "fi") ? node : fail(parser, "if without fi");
}

static struct node *parse_while(struct parser *parser, enum node_kind kind) {
  struct node *node = new_node(parser, kind, parse_closed(parser, "do"), NULL);
  if (!node->first) return NULL;
  node->second = parse_closed(parser, "done");
  return node->second ? node : NULL;
}

static struct node *parse_for(struct parser *parser) {
  struct node *node = new_node(parser, NODE_FOR, NULL, NULL);
  if (!at(parser, TOKEN_WORD) ||
      !variables_is_name(parser->token.text, strlen(parser->token.text))) {
    return fail(parser, "for without a name");
  }
  node->name = parser->token.text;
  advance(parser);
  skip_newlines(parser);
  node->for_arguments = !accept_word(parser, "in");
  struct word **words = &node->words;
  while (!node->for_arguments && at(parser, TOKEN_WORD)) append_word(parser, &words);
  accept(parser, TOKEN_SEMICOLON);
  skip_newlines(parser);
  if (!accept_word(parser, "do")) return fail(parser, "for without do");
  node->second = parse_closed(parser, "done");
  return node->second ? node : NULL;
}

static struct node *parse_subshell(struct parser *parser) {
  struct node *list = parse_list(parser);
  if (!list) return NULL;
  if (!accept(parser, TOKEN_CLOSE)) return fail(parser, "( without )");
  return new_node(parser, NODE_SUBSHELL, list, NULL);
}

static struct node *parse_group(struct parser *parser) {
  struct node *list = parse_closed(parser, "}");
  return list ? new_node(parser, NODE_GROUP, list, NULL) : NULL;
}

// NULL without failure: not a compound command.
static struct node *parse_compound(struct parser *parser) {
  if (accept(parser, TOKEN_OPEN)) return parse_subshell(parser);
  if (accept_word(parser, "{")) return parse_group(parser);
  if (accept_word(parser, "if")) return parse_if(parser);
  if (accept_word(parser, "while")) return parse_while(parser, NODE_WHILE);
  if (accept_word(parser, "until")) return parse_while(parser, NODE_UNTIL);
  if (accept_word(parser, "for")) return parse_for(parser);
  return NULL;
}

static struct node *parse_command(struct parser *parser) {
  if (++parser->depth > DEPTH_MAX) {
    parser->result = PARSE_ERROR;
    parser->message = "commands nested too deeply";
    return NULL;
  }
  if (at_closing_word(parser)) return fail(parser, "a command is missing");
  struct node *node = parse_compound(parser);
  if (node) {
    struct redirect **redirects = &node->redirects;
    while (parse_redirect(parser, &redirects)) continue;
  } else if (parser->result == PARSE_OK) {
    node = parse_simple(parser);
  }
  --parser->depth;
  return parser->result == PARSE_OK ? node : NULL;
}

static struct node *parse_pipeline(struct parser *parser) {
  if (accept_word(parser, "!")) {
    struct node *rest = parse_pipeline(parser);
    return rest ? new_node(parser, NODE_NOT, rest, NULL) : NULL;
  }
  struct node *node = parse_command(parser);
  while (node && accept(parser, TOKEN_PIPE)) {
    skip_newlines(parser);
    struct node *next = parse_command(parser);
    node = next ? new_node(parser, NODE_PIPE, node, next) : NULL;
  }
  return node;
}

static struct node *parse_and_or(struct parser *parser) {
  struct node *node = parse_pipeline(parser);
  while (node && (at(parser, TOKEN_AND_AND) || at(parser, TOKEN_OR_OR))) {
    enum node_kind kind = at(parser, TOKEN_AND_AND) ? NODE_AND : NODE_OR;
    advance(parser);
    skip_newlines(parser);
    struct node *next = parse_pipeline(parser);
    node = next ? new_node(parser, kind, node, next) : NULL;
  }
  return node;
}

// Adds `next` to the end of a sequence, which may be NULL.
static struct node *join(struct parser *parser, struct node *list, struct node *next) {
  return list ? new_node(parser, NODE_SEQUENCE, list, next) : next;
}

static bool at_list_end(const struct parser *parser) {
  return at(parser, TOKEN_CLOSE) || at(parser, TOKEN_END) || at(parser, TOKEN_INCOMPLETE) ||
         at_closing_word(parser);
}

// One command and, behind it, & or ; or nothing. *more: another may follow on the same line.
static struct node *parse_item(struct parser *parser, bool *more) {
  struct node *node = parse_and_or(parser);
  if (!node) return NULL;
  *more = at(parser, TOKEN_AMPERSAND) || at(parser, TOKEN_SEMICOLON);
  if (accept(parser, TOKEN_AMPERSAND)) return new_node(parser, NODE_BACKGROUND, node, NULL);
  accept(parser, TOKEN_SEMICOLON);
  return node;
}

// Commands over any number of lines, to what closes them.
static struct node *parse_list(struct parser *parser) {
  struct node *list = NULL;
  skip_newlines(parser);
  do {
    bool more;
    struct node *item = parse_item(parser, &more);
    if (!item) return NULL;
    list = join(parser, list, item);
    if (!more && !at(parser, TOKEN_NEWLINE)) break;
    skip_newlines(parser);
  } while (!at_list_end(parser));
  return list;
}

// Commands to the end of the line.
static struct node *parse_line(struct parser *parser) {
  struct node *line = NULL;
  bool more = true;
  while (more && !at(parser, TOKEN_NEWLINE) && !at(parser, TOKEN_END)) {
    struct node *item = parse_item(parser, &more);
    if (!item) return NULL;
    line = join(parser, line, item);
  }
  if (!at(parser, TOKEN_NEWLINE) && !at(parser, TOKEN_END)) {
    return fail(parser, "something unexpected follows a command");
  }
  return line;
}

enum parse_result parse(const char **input, struct arena *arena, struct node **command,
                        const char **message) {
  struct parser parser = {.input = *input, .arena = arena};
  advance(&parser);
  skip_newlines(&parser);
  if (at(&parser, TOKEN_END)) {
    *input = parser.input;
    return PARSE_END;
  }
  *command = parse_line(&parser);
  *message = parser.message;
  *input = parser.input;
  return parser.result;
}
