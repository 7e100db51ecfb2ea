// The pager's own handle table.
#ifndef SERVERS_PAGER_SERVER_HANDLES_H
#define SERVERS_PAGER_SERVER_HANDLES_H

#include "abi/handle.h"
#include "protocols/server.h"

enum {
  // To forward callers to, with VIA_PAGER. Not HANDLE_PROC: an exception of the pager itself is
  // the kernel's to report.
  HANDLE_TO_PROC = HANDLE_BOOT_FIRST_FREE,
  HANDLE_TO_FS,
  HANDLE_NOTIFY_FS,  // rings the provider
  HANDLE_TELL_OOM,   // proc: NOTIFY_OOM
  // The endpoints of the other servers, with all rights. The pager's is HANDLE_SELF.
  HANDLE_ENDPOINT_FS,
  HANDLE_ENDPOINT_PROC,
  HANDLE_ENDPOINT_CONSOLE,
  // What every program can name from HANDLE_PAGER on, and nothing else: pager, proc, fs.
  HANDLE_OF_PROGRAM,
  HANDLE_OF_PROGRAM_LAST = HANDLE_OF_PROGRAM + 2,
  // Space and thread of each process slot.
  HANDLE_SPACES = 32,
};

static inline handle_t handle_of_space(uint32_t slot) { return HANDLE_SPACES + 2 * slot; }
static inline handle_t handle_of_thread(uint32_t slot) { return HANDLE_SPACES + 2 * slot + 1; }

_Static_assert(HANDLE_SPACES + 2 * SLOTS_MAX <= HANDLES_MAX, "a table can be as large");

#endif
