#include "lib/options/option_word.h"

#include <stdio.h>
#include <string.h>

static const struct {
  const char *name;
  uint32_t least, greatest;
} options[] = {
#define ROW(number, name, least, greatest, initial) [number] = {name, least, greatest},
    PAGER_OPTIONS(ROW)
#undef ROW
};

static const char *const policies[] = {
#define NAME(number, name) [number] = name,
    PAGER_POLICIES(NAME)
#undef NAME
};

static bool find_option(const char *name, size_t length, enum pager_option *option) {
  for (int i = 0; i < PAGER_OPTION_COUNT; i++) {
    if (strlen(options[i].name) != length || memcmp(options[i].name, name, length) != 0) continue;
    *option = (enum pager_option)i;
    return true;
  }
  return false;
}

// Decimal digits and nothing else, or a policy's name. => false: it is no value of the option
static bool read_value(enum pager_option option, const char *text, uint32_t *value) {
  for (uint32_t i = 0; option == PAGER_POLICY && i < PAGER_POLICY_COUNT; i++) {
    if (strcmp(policies[i], text) != 0) continue;
    *value = i;
    return true;
  }
  uint64_t number = 0;
  const char *at = text;
  for (; *at >= '0' && *at <= '9' && number <= UINT32_MAX; at++) {
    number = 10 * number + (uint64_t)(*at - '0');
  }
  *value = (uint32_t)number;
  return at != text && *at == 0 && number >= options[option].least &&
         number <= options[option].greatest;
}

static void explain(enum pager_option option, const char *text, char *why, size_t size) {
  char names[64] = "";
  for (int i = 0; option == PAGER_POLICY && i < PAGER_POLICY_COUNT; i++) {
    strcat(strcat(names, policies[i]), ", ");
  }
  snprintf(why, size, "%s takes %s%lu to %lu, not '%s'", options[option].name, names,
           (unsigned long)options[option].least, (unsigned long)options[option].greatest, text);
}

bool option_word_read(const char *text, struct option_word *word, char *why, size_t size) {
  size_t length = strcspn(text, "=");
  if (!find_option(text, length, &word->option)) {
    snprintf(why, size, "there is no option '%.*s'", (int)length, text);
    return false;
  }
  word->has_value = text[length] == '=';
  if (!word->has_value || read_value(word->option, text + length + 1, &word->value)) return true;
  explain(word->option, text + length + 1, why, size);
  return false;
}

void option_word_write(enum pager_option option, uint32_t value, char *text, size_t size) {
  if (option == PAGER_POLICY && value < PAGER_POLICY_COUNT) {
    snprintf(text, size, "%s=%s", options[option].name, policies[value]);
  } else {
    snprintf(text, size, "%s=%lu", options[option].name, (unsigned long)value);
  }
}
