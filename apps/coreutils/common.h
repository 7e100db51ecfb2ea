// What the utilities share.
#ifndef APPS_COREUTILS_COMMON_H
#define APPS_COREUTILS_COMMON_H

#include <stdbool.h>

// Name of the program and what --help prints. Each utility defines both.
extern const char program_name[];
extern const char program_help[];

// Prints help and ends, if that is what argv[1] asks for.
void common_help(int argc, char **argv);

// Reads flags: argv elements that begin with '-', each of its letters one of `letters`, until an
// element that does not, or "--". Returns the index of the first operand; given[i] tells whether
// letters[i] was there. Ends with the help for anything else.
int common_flags(int argc, char **argv, const char *letters, bool given[]);

// "name: what: text of errno" to standard error. Returns 1.
int common_error(const char *what);

// Ends with the help on standard error and status 2.
_Noreturn void common_usage(void);

// Copies everything from one descriptor to another. false with errno.
bool common_copy(int from, int to);

// directory/name in one string, for free(). Ends with a message if there is no memory.
char *common_path(const char *directory, const char *name);

// The last component of a path.
const char *common_base_name(const char *path);

#endif
