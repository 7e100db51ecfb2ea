#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 1000
#define BLANKS 6  // the X at the end of a template

char *mkdtemp(char *template) {
  size_t length = strlen(template);
  if (length < BLANKS || strcmp(template + length - BLANKS, "XXXXXX") != 0) {
    errno = EINVAL;
    return NULL;
  }
  unsigned number = (unsigned)getpid() * TRIES;
  for (int i = 0; i < TRIES; ++i, ++number) {
    unsigned rest = number;
    for (size_t k = 1; k <= BLANKS; ++k, rest /= 26) {
      template[length - k] = (char)('a' + rest % 26);
    }
    if (mkdir(template, 0700) == 0) return template;
    if (errno != EEXIST) break;
  }
  return NULL;
}
