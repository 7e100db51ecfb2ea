// What the parser makes of a command line. Words keep their quotes; expand.h takes them away.
#ifndef APPS_SH_SYNTAX_H
#define APPS_SH_SYNTAX_H

struct word {
  const char *text;
  struct word *next;
};

enum redirect_kind {
  REDIRECT_READ,    // <
  REDIRECT_WRITE,   // >
  REDIRECT_APPEND,  // >>
  REDIRECT_COPY,    // >& and <&: the target is a descriptor or "-"
};

struct redirect {
  enum redirect_kind kind;
  int fd;
  const char *target;
  struct redirect *next;
};

enum node_kind {
  NODE_SIMPLE,      // assignments, words
  NODE_PIPE,        // first | second
  NODE_AND,         // first && second
  NODE_OR,          // first || second
  NODE_SEQUENCE,    // first ; second
  NODE_BACKGROUND,  // first &
  NODE_NOT,         // ! first
  NODE_SUBSHELL,    // ( first )
  NODE_GROUP,       // { first }
  NODE_IF,          // if first then second else third
  NODE_WHILE,       // while first do second
  NODE_UNTIL,       // until first do second
  NODE_FOR,         // for name in words do second
};

struct node {
  enum node_kind kind;
  struct node *first, *second, *third;
  struct word *assignments;  // name=value, before the words
  struct word *words;
  struct redirect *redirects;
  const char *name;
  int for_arguments;  // NODE_FOR without "in": goes through "$@"
};

#endif
