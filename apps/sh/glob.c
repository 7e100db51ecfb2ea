#include "apps/sh/glob.h"

#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 32  // components of a pattern

struct search {
  struct arena *arena;
  struct word **end;
};

static void search_from(struct search *search, const char *path, const char *pattern, int depth);

static bool has_pattern(const char *text) {
  for (; *text; ++text) {
    if (*text == '\\' && text[1]) {
      ++text;
    } else if (strchr("*?[", *text)) {
      return true;
    }
  }
  return false;
}

static void add(struct search *search, const char *path) {
  struct word *word = arena_allocate(search->arena, sizeof *word);
  word->text = arena_string(search->arena, path, strlen(path));
  *search->end = word;
  search->end = &word->next;
}

static void remove_backslashes(char *text) {
  char *to = text;
  for (; *text; ++text) {
    if (*text == '\\' && text[1]) ++text;
    *to++ = *text;
  }
  *to = 0;
}

// Goes on with path/name.
static void descend(struct search *search, const char *path, const char *name, const char *rest,
                    int depth) {
  char longer[PATH_MAX];
  if (snprintf(longer, sizeof longer, "%s%s", path, name) >= (int)sizeof longer - 1) return;
  if (!*rest) {
    if (access(longer, F_OK) == 0) add(search, longer);
    return;
  }
  size_t slashes = strspn(rest, "/");
  strcat(longer, "/");
  search_from(search, longer, rest + slashes, depth + 1);
}

static void search_directory(struct search *search, const char *path, const char *component,
                             const char *rest, int depth) {
  struct dirent **entries;
  int count = scandir(*path ? path : ".", &entries, NULL, alphasort);
  for (int i = 0; i < count; ++i) {
    const char *name = entries[i]->d_name;
    bool hidden = *name == '.' && *component != '.';
    if (!hidden && fnmatch(component, name, 0) == 0) descend(search, path, name, rest, depth);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
}

// Matches the components of `pattern` one by one below `path`, which is "" or ends with a slash.
static void search_from(struct search *search, const char *path, const char *pattern, int depth) {
  char component[NAME_MAX + 1];
  size_t length = strcspn(pattern, "/");
  if (length >= sizeof component || depth > DEPTH_MAX) return;
  memcpy(component, pattern, length);
  component[length] = 0;
  if (length == 0) {
    add(search, path);
  } else if (has_pattern(component)) {
    search_directory(search, path, component, pattern + length, depth);
  } else {
    remove_backslashes(component);
    descend(search, path, component, pattern + length, depth);
  }
}

void glob_words(const char *pattern, struct word ***end, struct arena *arena) {
  struct search search = {.arena = arena, .end = *end};
  size_t slashes = strspn(pattern, "/");
  search_from(&search, slashes ? "/" : "", pattern + slashes, 0);
  *end = search.end;
}
