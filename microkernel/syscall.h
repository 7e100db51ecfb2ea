// What the files of system calls share: syscall.c has those of messages and mappings, which must be
// short, syscall_objects.c the rest and the table.
#ifndef MICROKERNEL_SYSCALL_H
#define MICROKERNEL_SYSCALL_H

#include "microkernel/endpoint.h"
#include "microkernel/schedule.h"
#include "microkernel/space.h"

typedef uint64_t word;
typedef struct thread *system_call_handler(word a0, word a1, word a2, word a3, word a4, word a5,
                                           word a6);
#define ARGUMENTS                                                       \
  __attribute__((unused)) word a0, __attribute__((unused)) word a1,     \
      __attribute__((unused)) word a2, __attribute__((unused)) word a3, \
      __attribute__((unused)) word a4, __attribute__((unused)) word a5, \
      __attribute__((unused)) word a6

// What a system call that goes on returns with.
static inline struct thread *result(int64_t value) {
  current->x[REG_A0] = (uint64_t)value;
  return current;
}

// The object that a handle of the caller names, with this right; NULL with the reason in *error.
static inline struct handle *get_endpoint(word index, uint8_t right, int *error) {
  return handle_get(current->space, index, OBJECT_ENDPOINT, right, error);
}

static inline struct space *get_space(word index, int *error) {
  return handle_object(current->space, index, OBJECT_SPACE, RIGHT_MANAGE, error);
}

// syscall.c
system_call_handler sys_null, sys_call, sys_wait, sys_reply_wait, sys_reply, sys_forward_wait,
    sys_forward, sys_map_reply_wait, sys_map_reply, sys_map, sys_unmap, sys_protect, sys_harvest,
    sys_upcall_wait, sys_resume;

#endif
