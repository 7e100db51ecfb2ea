// From the first instruction to main, and from main's return to the end.
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "libsys/signals.h"

void _init_tls(void *block);
void __libc_init_array(void);
int main(int argc, char **argv, char **envp);

extern char __tls_block[];

// Called by crt0.S with the first stack pointer (libsys/argument_block.h).
_Noreturn void libsys_start(uint64_t *block) {
  _init_tls(__tls_block);
  int argc = (int)block[0];
  char **argv = (char **)(block + 1);
  environ = argv + argc + 1;
  __libc_init_array();
  signals_check(false);  // one may have come for a handler that exec has put an end to
  exit(main(argc, argv, environ));
}
