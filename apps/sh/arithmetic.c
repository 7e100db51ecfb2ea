#include "apps/sh/arithmetic.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 100

struct evaluation {
  const char *text;
  const struct variables *variables;
  int depth;
  bool failed;
};

static long expression(struct evaluation *evaluation, int level);

static long fail(struct evaluation *evaluation) {
  evaluation->failed = true;
  return 0;
}

static void skip_blanks(struct evaluation *evaluation) {
  while (isspace((unsigned char)*evaluation->text)) ++evaluation->text;
}

static long take_variable(struct evaluation *evaluation) {
  if (*evaluation->text == '$') ++evaluation->text;
  size_t length = 0;
  while (variables_is_name(evaluation->text, length + 1)) ++length;
  char name[64];
  if (length == 0 || length >= sizeof name) return fail(evaluation);
  memcpy(name, evaluation->text, length);
  name[length] = 0;
  evaluation->text += length;
  const char *value = variables_get(evaluation->variables, name);
  return value ? strtol(value, NULL, 0) : 0;
}

static long take_operand(struct evaluation *evaluation) {
  skip_blanks(evaluation);
  char first = *evaluation->text;
  if (++evaluation->depth > DEPTH_MAX) return fail(evaluation);
  long value;
  if (first == '-' || first == '+' || first == '!') {
    ++evaluation->text;
    unsigned long operand = (unsigned long)take_operand(evaluation);
    value = first == '-' ? (long)-operand : first == '!' ? !operand : (long)operand;
  } else if (first == '(') {
    ++evaluation->text;
    value = expression(evaluation, 0);
    skip_blanks(evaluation);
    if (*evaluation->text != ')') return fail(evaluation);
    ++evaluation->text;
  } else if (isdigit((unsigned char)first)) {
    value = strtol(evaluation->text, (char **)&evaluation->text, 0);
  } else {
    value = take_variable(evaluation);
  }
  --evaluation->depth;
  return value;
}

// By rising precedence.
static const char *const operators[][4] = {
    {"||"}, {"&&"}, {"==", "!="}, {"<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}};
#define LEVELS ((int)(sizeof operators / sizeof *operators))

static const char *take_operator(struct evaluation *evaluation, int level) {
  skip_blanks(evaluation);
  for (int i = 0; i < 4 && operators[level][i]; ++i) {
    size_t length = strlen(operators[level][i]);
    if (strncmp(evaluation->text, operators[level][i], length) == 0) {
      evaluation->text += length;
      return operators[level][i];
    }
  }
  return NULL;
}

static long divide(struct evaluation *evaluation, char operation, long a, long b) {
  if (b == 0) return fail(evaluation);
  if (a == LONG_MIN && b == -1) return operation == '/' ? LONG_MIN : 0;
  return operation == '/' ? a / b : a % b;
}

static long apply(struct evaluation *evaluation, const char *operation, long a, long b) {
  switch (*operation) {
    case '|':
      return a || b;
    case '&':
      return a && b;
    case '=':
      return a == b;
    case '!':
      return a != b;
    case '<':
      return operation[1] ? a <= b : a < b;
    case '>':
      return operation[1] ? a >= b : a > b;
    case '+':
      return (long)((unsigned long)a + (unsigned long)b);
    case '-':
      return (long)((unsigned long)a - (unsigned long)b);
    case '*':
      return (long)((unsigned long)a * (unsigned long)b);
  }
  return divide(evaluation, *operation, a, b);
}

static long expression(struct evaluation *evaluation, int level) {
  if (level == LEVELS) return take_operand(evaluation);
  long value = expression(evaluation, level + 1);
  for (const char *operation;
       !evaluation->failed && (operation = take_operator(evaluation, level));) {
    long right = expression(evaluation, level + 1);
    if (!evaluation->failed) value = apply(evaluation, operation, value, right);
  }
  return value;
}

bool arithmetic(const char *text, const struct variables *variables, long *value) {
  struct evaluation evaluation = {.text = text, .variables = variables};
  *value = expression(&evaluation, 0);
  skip_blanks(&evaluation);
  return !evaluation.failed && !*evaluation.text;
}
