#include "libsys/argument_block.h"

#include <errno.h>
#include <string.h>

#define WORD sizeof(uint64_t)

// Adds the strings of `list` and a word for each. false: more than `limit`.
static int measure(char *const list[], size_t limit, size_t *count, size_t *bytes) {
  *count = 0;
  for (; list && list[*count]; ++*count) {
    size_t more = strlen(list[*count]) + 1 + WORD;
    if (more > limit - *bytes) return -E2BIG;
    *bytes += more;
  }
  return 0;
}

int argument_block_measure(char *const argv[], char *const envp[], size_t limit,
                           struct argument_block_size *size) {
  size_t bytes = 3 * WORD + 15;  // argc, two ends, rounding
  if (bytes > limit) return -E2BIG;
  if (measure(argv, limit, &size->arguments, &bytes)) return -E2BIG;
  if (measure(envp, limit, &size->environment, &bytes)) return -E2BIG;
  size->bytes = bytes & ~(size_t)15;
  return 0;
}

struct writer {
  char *block;
  uint64_t address;
  uint64_t *word;  // next pointer
  char *string;    // next string
};

static void write_list(struct writer *writer, char *const list[], size_t count) {
  for (size_t i = 0; i < count; ++i) {
    size_t bytes = strlen(list[i]) + 1;
    memcpy(writer->string, list[i], bytes);
    *writer->word++ = writer->address + (uint64_t)(writer->string - writer->block);
    writer->string += bytes;
  }
  *writer->word++ = 0;
}

void argument_block_write(void *block, uint64_t address, char *const argv[], char *const envp[],
                          const struct argument_block_size *size) {
  uint64_t *words = block;
  struct writer writer = {
      .block = block,
      .address = address,
      .word = words + 1,
      .string = (char *)(words + 3 + size->arguments + size->environment),
  };
  words[0] = size->arguments;
  write_list(&writer, argv, size->arguments);
  write_list(&writer, envp, size->environment);
}
