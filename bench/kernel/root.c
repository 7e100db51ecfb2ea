#include "bench/kernel/root.h"

#include <string.h>

#include "abi/layout.h"
#include "libsys/server_rt/panic.h"

const struct boot_info *root_boot;
static uint32_t next_object, end_objects, next_user;
static handle_t next_slot = HANDLE_BOOT_FIRST_FREE;

void root_init(const struct boot_info *boot) {
  root_boot = boot;
  next_object = boot->objects.first;
  end_objects = next_object + boot->objects.count;
  // 2 MiB blocks from the second on are free as far as the archive, which is further up.
  uint32_t block = (boot->image.first + boot->image.count + LARGE_FRAMES) & ~(LARGE_FRAMES - 1);
  if (kcall(SYS_RETYPE, HANDLE_BOOT_RAM, block, RETYPE_OBJECT, 0, 0, 0, 0) == 0) {
    next_object = block;
    end_objects = block + LARGE_FRAMES;
  }
  next_user = block + LARGE_FRAMES;
}

uint32_t root_object_frame(void) {
  if (next_object == end_objects) panic("out of object frames");
  return next_object++;
}

void *root_window(uint32_t frame) {
  return (void *)(BOOT_WINDOW + ((uint64_t)frame << PAGE_SHIFT));
}

uint32_t root_user_frame(void) {
  memset(root_window(next_user), 0, PAGE_SIZE);
  return next_user++;
}

handle_t root_slot(void) { return next_slot++; }

static handle_t create(uint64_t type, uint64_t argument) {
  handle_t slot = root_slot();
  int64_t error =
      kcall(SYS_CREATE, type, HANDLE_BOOT_RAM, root_object_frame(), slot, argument, 0, 0);
  if (error) panic("create %d: %d", (int)type, (int)error);
  return slot;
}

handle_t root_space(uint32_t badge) { return create(OBJECT_SPACE, badge); }
handle_t root_endpoint(void) { return create(OBJECT_ENDPOINT, 0); }
handle_t root_thread(handle_t space) { return create(OBJECT_THREAD, space); }

void root_fund(handle_t space, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (kcall(SYS_FUND, space, HANDLE_BOOT_RAM, root_object_frame(), FUND_TABLE, 0, 0, 0))
      panic("fund");
}

handle_t root_child(uint32_t badge, const void *code, uint32_t bytes, handle_t pager,
                    handle_t other) {
  handle_t space = root_space(badge);
  root_fund(space, 4);
  uint32_t frame = root_user_frame();
  memcpy(root_window(frame), code, bytes);
  __asm__ volatile("fence.i" ::: "memory");
  if (kcall(SYS_MAP, space, HANDLE_BOOT_RAM, CHILD_CODE | PROT_R | PROT_X, 1, frame, 0, 0))
    panic("map code");
  if (pager) kcall(SYS_COPY, space, HANDLE_PAGER, pager, RIGHT_CALL, 0, 0, 0);
  if (pager) kcall(SYS_COPY, space, HANDLE_EXCEPTION, pager, RIGHT_CALL, 0, 0, 0);
  if (other) kcall(SYS_COPY, space, 3, other, RIGHT_CALL | RIGHT_RECEIVE, 7, 0, 0);
  return space;
}

void root_exit(int status) {
  kcall(SYS_HALT, HANDLE_KERNEL, (uint64_t)status, 0, 0, 0, 0, 0);
  for (;;) {
  }
}
