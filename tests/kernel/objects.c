#include "tests/kernel/objects.h"

#include <errno.h>
#include <string.h>

#include "libsys/server_rt/panic.h"
#include "tests/kernel/cases.h"

#define OBJECT_BLOCKS 2u
#define PATIENCE_SECONDS 60u

const struct boot_info *boot;

static uint32_t first_object, next_object, end_objects;
static uint32_t first_user, next_user;
static handle_t first_slot, next_slot;
static uint8_t type_of[HANDLES_INLINE];  // by slot, of the objects made
static handle_t timer_endpoint;

extern const char children_start[], children_end[];
static uint32_t code_frame;

void objects_init(const struct boot_info *boot_info) {
  boot = boot_info;
  uint32_t block = (boot->image.first + boot->image.count + LARGE_FRAMES) & ~(LARGE_FRAMES - 1);
  first_object = next_object = block;
  for (uint32_t i = 0; i < OBJECT_BLOCKS; i++, block += LARGE_FRAMES)
    if (syscall3(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT)) panic("no frames");
  end_objects = block;
  code_frame = block;
  next_user = block + CHILD_CODE_PAGES;
  first_user = next_user;
  size_t bytes = (size_t)(children_end - children_start);
  if (bytes > CHILD_CODE_PAGES * PAGE_SIZE) panic("too much code");
  memcpy(window(code_frame), children_start, bytes);
  next_slot = first_slot = HANDLE_BOOT_FIRST_FREE;
  timer_endpoint = new_endpoint();
  objects_abandon();
}

void objects_abandon(void) {
  first_object = next_object;
  first_user = next_user;
  for (handle_t slot = first_slot; slot < next_slot; slot++) {
    type_of[slot] = OBJECT_NONE;
    if (slot != timer_endpoint) kcall(SYS_DROP, slot, 0, 0, 0, 0, 0, 0);
  }
  next_slot = first_slot = timer_endpoint + 1;
}

int64_t destroy(handle_t handle) {
  int64_t error;
  do {
    error = kcall(SYS_DESTROY, handle, 0, 0, 0, 0, 0, 0);
  } while (error == -EAGAIN && type_of[handle] == OBJECT_SPACE);
  if (!error) type_of[handle] = OBJECT_NONE;
  return error;
}

static void destroy_all(uint8_t type) {
  for (handle_t slot = first_slot; slot < next_slot; slot++) {
    if (type_of[slot] != type) continue;
    int64_t error = destroy(slot);
    if (error) panic("cannot end object %u of type %u: %ld", slot, type, error);
  }
}

void objects_end(void) {
  destroy_all(OBJECT_THREAD);
  destroy_all(OBJECT_SPACE);
  destroy_all(OBJECT_ENDPOINT);
  uint32_t object = first_object, user = first_user;
  objects_abandon();
  first_object = next_object = object;
  first_user = next_user = user;
}

uint32_t object_frame(void) {
  if (next_object == end_objects) panic("out of object frames");
  return next_object++;
}

uint32_t user_frame(void) {
  memset(window(next_user), 0, PAGE_SIZE);
  return next_user++;
}

uint32_t user_block(void) {
  next_user = (next_user + LARGE_FRAMES - 1) & ~(LARGE_FRAMES - 1);
  next_user += LARGE_FRAMES;
  return next_user - LARGE_FRAMES;
}

void *window(uint32_t frame) { return (void *)(BOOT_WINDOW + ((uint64_t)frame << PAGE_SHIFT)); }

handle_t new_slot(void) {
  if (next_slot == HANDLES_INLINE) panic("out of slots");
  return next_slot++;
}

static handle_t create(uint8_t type, uint64_t argument) {
  handle_t slot = new_slot();
  int64_t error = kcall(SYS_CREATE, type, HANDLE_BOOT_RAM, object_frame(), slot, argument, 0, 0);
  if (error) panic("create %u: %ld", type, error);
  type_of[slot] = type;
  return slot;
}

handle_t new_space(uint32_t badge) {
  handle_t space = create(OBJECT_SPACE, badge);
  fund(space, 6);
  return space;
}

handle_t new_thread(handle_t space) { return create(OBJECT_THREAD, space); }
handle_t new_endpoint(void) { return create(OBJECT_ENDPOINT, 0); }

handle_t new_copy(handle_t from, uint64_t rights, uint64_t badge) {
  handle_t slot = new_slot();
  if (kcall(SYS_COPY, HANDLE_NONE, slot, from, rights, badge, 0, 0)) panic("copy %u", from);
  return slot;
}

void fund(handle_t space, uint32_t tables) {
  for (uint32_t i = 0; i < tables; i++)
    if (kcall(SYS_FUND, space, HANDLE_BOOT_RAM, object_frame(), FUND_TABLE, 0, 0, 0)) panic("fund");
}

int64_t map(handle_t space, uint64_t where, uint32_t frame) {
  return kcall(SYS_MAP, space, HANDLE_BOOT_RAM, where, 1, frame, 0, 0);
}

uint64_t child_address(const char *label) {
  return CHILD_CODE + (uint64_t)(label - children_start);
}

void give(const struct child *child, handle_t slot, handle_t handle, uint64_t rights) {
  int64_t error = kcall(SYS_COPY, child->space, slot, handle, rights, CHILD_BADGE, 0, 0);
  if (error) panic("give %u: %ld", handle, error);
}

struct child new_child(uint32_t badge, handle_t endpoint) {
  struct child child = {.space = new_space(badge), .data = user_frame()};
  child.thread = new_thread(child.space);
  int64_t error = kcall(SYS_MAP, child.space, HANDLE_BOOT_RAM,
                        CHILD_CODE | PROT_R | PROT_X | MAP_RUN, CHILD_CODE_PAGES, code_frame, 0, 0);
  if (!error) error = map(child.space, CHILD_DATA | PROT_R | PROT_W, child.data);
  if (error) panic("map a child: %ld", error);
  give(&child, HANDLE_PAGER, endpoint, RIGHT_CALL);
  give(&child, HANDLE_EXCEPTION, endpoint, RIGHT_CALL);
  give(&child, CHILD_ENDPOINT, endpoint, RIGHT_CALL | RIGHT_NOTIFY);
  return child;
}

void start(const struct child *child, const char *label, uint64_t a0, uint64_t a1) {
  int64_t error = kcall(SYS_THREAD_START, child->thread, child_address(label), 0, a0, a1, 0, 0);
  if (error) panic("start: %ld", error);
}

struct event next_event(handle_t endpoint) {
  struct event event;
  syscall3(SYS_TIMER, endpoint, rdtime() + PATIENCE_SECONDS * boot->timebase, 0);
  kcall_wait(endpoint, &event);
  syscall3(SYS_TIMER, endpoint, ~0ull, 0);
  if (token_kind(event.token) == EVENT_NOTIFY && event.badge & NOTIFY_TIMER) {
    case_failed(__FILE__, __LINE__, "an event comes", 0, 0);
    event.token = 0;
  }
  return event;
}

void pause(uint32_t milliseconds) {
  struct event event;
  uint64_t end = rdtime() + milliseconds * boot->timebase / 1000;
  syscall3(SYS_TIMER, timer_endpoint, end, 0);
  kcall_wait(timer_endpoint, &event);
}
