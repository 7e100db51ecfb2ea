// What a new program gets from its parent besides its image: in the parent's message page when it
// calls PROC_SPAWN, at byte SPAWN_REQUEST, behind the struct exec_image. libsys makes it from the
// file actions and attributes of posix_spawn; proc takes the group, fs the descriptors, the pager
// what becomes of signals.
#ifndef PROTOCOLS_SPAWN_H
#define PROTOCOLS_SPAWN_H

#include <stdint.h>

#include "protocols/fs.h"
#include "protocols/pager.h"

#define SPAWN_REQUEST 512u

// flags
enum { SPAWN_SET_GROUP = 1 };

// spawn_request.from, .directory
enum {
  SPAWN_KEEP = 0xff,   // as the parent has it
  SPAWN_CLOSE = 0xfe,  // not open
};

struct spawn_request {
  uint32_t flags;
  uint32_t group;  // SPAWN_SET_GROUP: process group of the child, 0 for a new one
  uint64_t mask;   // signals that the child blocks, and ignores: sets as in signal.h
  uint64_t ignored;
  uint64_t changed;   // bit fd: from[fd] counts; others are as over exec
  uint8_t directory;  // descriptor of the working directory, or SPAWN_KEEP
  uint8_t unused[7];
  uint8_t from[FS_OPEN_MAX];  // the parent's descriptor that the child's is a copy of, which
                              // stays open over exec; or SPAWN_CLOSE
};

#endif
