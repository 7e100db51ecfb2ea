// What a case makes: kernel objects that end with it, and children, which are spaces with the
// code of children.S and a thread.
#ifndef TESTS_KERNEL_OBJECTS_H
#define TESTS_KERNEL_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/boot.h"
#include "abi/layout.h"
#include "libsys/kcall.h"

// Where things are in a child.
#define CHILD_CODE 0x10000ul
#define CHILD_CODE_PAGES 4u
#define CHILD_DATA 0x40000000ul  // a page
#define CHILD_UNMAPPED 0x50000000ul

// Slots of a child. 1 and 2, for faults and exceptions, are the case's endpoint too.
#define CHILD_ENDPOINT 3u
#define CHILD_BADGE 7u  // of that handle
#define CHILD_OTHER 4u
#define CHILD_THIRD 5u

struct child {
  handle_t space, thread;
  uint32_t data;  // frame at CHILD_DATA
};

extern const struct boot_info *boot;

void objects_init(const struct boot_info *boot_info);
// Ends all that was made since the last end. Every case gets the same frames and slots.
void objects_end(void);
// The same, leaving what was made where it is: its frames are not used again.
void objects_abandon(void);

uint32_t object_frame(void);
uint32_t user_frame(void);  // zeroed
uint32_t user_block(void);  // first frame of an aligned block, LARGE_FRAMES
void *window(uint32_t frame);
handle_t new_slot(void);
handle_t new_space(uint32_t badge);
handle_t new_thread(handle_t space);
handle_t new_endpoint(void);
// A copy in the own table.
handle_t new_copy(handle_t from, uint64_t rights, uint64_t badge);
void fund(handle_t space, uint32_t tables);
int64_t map(handle_t space, uint64_t where, uint32_t frame);
int64_t destroy(handle_t handle);

// A child, not started, whose calls, faults and exceptions come to `endpoint`.
struct child new_child(uint32_t badge, handle_t endpoint);
// Starts it at a label of children.S.
void start(const struct child *child, const char *label, uint64_t a0, uint64_t a1);
uint64_t child_address(const char *label);
void give(const struct child *child, handle_t slot, handle_t handle, uint64_t rights);

// Waits for an event. Fails the case, with an event of kind 0, when none comes for very long.
struct event next_event(handle_t endpoint);
// Lets others run for some milliseconds.
void pause(uint32_t milliseconds);

static inline int64_t syscall3(long number, uint64_t a, uint64_t b, uint64_t c) {
  return kcall(number, a, b, c, 0, 0, 0, 0);
}

#endif
