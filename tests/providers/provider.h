// A provider of a memory object in a process of its own, good or bad as asked.
#ifndef TESTS_PROVIDERS_PROVIDER_H
#define TESTS_PROVIDERS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PAGE 4096ul
#define PAGES 64ul

enum behaviour {
  GOOD,            // page n holds bytes n + 1 until it is written to
  SLOW,            // the same, each after a while that is within the bound
  SILENT,          // asks for requests, never answers
  FAILING,         // answers with an error
  DIES_AT_START,   // once the object is there
  DIES_ASKED,      // with the first request in its hands
  DIES_STORING,    // with the first page-out in its hands
  LIES_ABOUT_TAG,  // answers what was not asked
  LIES_TWICE,      // answers each request twice
  TOUCHES_ITSELF,  // accesses its own object
  DETACHES,        // gives the object up when it is asked the first time
};

struct provider {
  pid_t pid;
  int fd;  // of the object, in the client
  volatile unsigned char *map;
};

// Starts a provider, opens and maps its object. False if that fails.
bool provider_start(struct provider *provider, enum behaviour behaviour, unsigned bound);
// Ends it, if it has not ended, and gives everything back. Returns its wait status.
int provider_end(struct provider *provider);
// The signal that an access ends in, 0 if it succeeds.
int provider_signal_of(volatile unsigned char *at, bool write);

#endif
