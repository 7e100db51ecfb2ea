// Measures the operations that are named. An ordinary POSIX program: it runs on Linux as well.
#include <stdio.h>
#include <string.h>

#include "bench/posix/operations.h"

static const struct operation *const lists[] = {
    anonymous_operations, file_operations, mapping_operations,  process_operations,
    signal_operations,    swap_operations, provider_operations, growth_operations,
};
#define LISTS (sizeof lists / sizeof lists[0])

static const struct operation *find(const char *key) {
  for (size_t i = 0; i < LISTS; i++) {
    for (const struct operation *op = lists[i]; op->key; op++) {
      if (strcmp(op->key, key) == 0) return op;
    }
  }
  return NULL;
}

static void list_keys(void) {
  for (size_t i = 0; i < LISTS; i++) {
    for (const struct operation *op = lists[i]; op->key; op++) printf("%s\n", op->key);
  }
}

// argv[1]: the program that does nothing; then keys, or none to have them listed.
int main(int argc, char **argv) {
  if (argc < 2 || argv[1][0] == '-') {
    fprintf(stderr, "usage: posix_bench TINY_PROGRAM [KEY]...\n");
    return 2;
  }
  tiny_program = argv[1];
  if (argc == 2) list_keys();
  for (int i = 2; i < argc; i++) {
    const struct operation *op = find(argv[i]);
    if (!op) {
      fprintf(stderr, "posix_bench: no operation '%s'\n", argv[i]);
      return 2;
    }
    measure(op);
  }
  return 0;
}
