#include "servers/pager/core/kernel_ops.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "abi/layout.h"
#include "libsys/kcall.h"
#include "libsys/server_rt/panic.h"
#include "protocols/server.h"
#include "servers/pager/server/dispatch.h"
#include "servers/pager/server/handles.h"
#include "servers/pager/server/kernel.h"

enum { PRIORITY_SERVER = 2 };  // programs keep that of a new thread, 1

static struct pager *pager;
static uint32_t *call_buffer;
static uint32_t handles = HANDLES_INLINE;  // that the own table has

void kernel_init(struct pager *of, uint32_t *buffer) {
  pager = of;
  call_buffer = buffer;
}

// --- handles and objects -----------------------------------------------------------------------

// Grows the own table until it has this handle.
static int reserve_handle(handle_t handle) {
  while (handle >= handles) {
    uint32_t frame = pager_take_object(pager);
    if (frame == 0) return -ENOMEM;
    int64_t status =
        kcall(SYS_FUND, HANDLE_BOOT_SPACE, HANDLE_BOOT_RAM, frame, FUND_HANDLES, 0, 0, 0);
    if (status < 0) return (int)status;
    handles += HANDLES_PER_FRAME;
  }
  return 0;
}

static int create(enum object_type type, uint32_t frame, handle_t slot, uint64_t argument) {
  return (int)kcall(SYS_CREATE, type, HANDLE_BOOT_RAM, frame, slot, argument, 0, 0);
}

void kernel_create_endpoint(handle_t slot) {
  uint32_t frame = pager_take_object(pager);
  int status = frame == 0 ? -ENOMEM : create(OBJECT_ENDPOINT, frame, slot, 0);
  if (status < 0) panic("pager: no endpoint %u: error %d", slot, status);
}

void kernel_give(uint32_t slot, handle_t to, handle_t from, uint32_t rights, uint64_t badge) {
  handle_t space = slot == SLOT_NONE ? HANDLE_NONE : handle_of_space(slot);
  int64_t status = kcall(SYS_COPY, space, to, from, rights, badge, 0, 0);
  if (status < 0) panic("pager: handle %u for slot %u: error %ld", to, slot, status);
}

uint64_t kernel_stat(uint32_t number) {
  return (uint64_t)kcall(SYS_STAT, HANDLE_KERNEL, number, 0, 0, 0, 0, 0);
}

// --- spaces and threads ------------------------------------------------------------------------

int kops_space_create(uint32_t slot, uint32_t badge, uint32_t frame) {
  handle_t space = handle_of_space(slot);
  int status = reserve_handle(handle_of_thread(slot));
  if (status < 0) return status;
  status = create(OBJECT_SPACE, frame, space, badge);
  if (status < 0 || slot < SLOT_FIRST_PROGRAM) return status;
  status = (int)kcall(SYS_COPY, space, HANDLE_PAGER, HANDLE_OF_PROGRAM, RIGHT_CALL, 0,
                      HANDLE_OF_PROGRAM_LAST - HANDLE_OF_PROGRAM, 0);
  if (status < 0) kcall(SYS_DESTROY, space, 0, 0, 0, 0, 0, 0);
  return status;
}

// Repeats until the kernel is done: a thread on another hart has to leave that first, and the
// tables of a space are taken apart some at a time.
static void destroy(handle_t handle) {
  while (kcall(SYS_DESTROY, handle, 0, 0, 0, 0, 0, 0) == -EAGAIN) {
  }
}

void kops_space_destroy(uint32_t slot) {
  destroy(handle_of_thread(slot));
  destroy(handle_of_space(slot));
}

int kops_thread_create(uint32_t slot, uint32_t frame) {
  handle_t thread = handle_of_thread(slot);
  int status = create(OBJECT_THREAD, frame, thread, handle_of_space(slot));
  if (status < 0 || slot >= SLOT_FIRST_PROGRAM) return status;
  return (int)kcall(SYS_THREAD_PRIORITY, thread, PRIORITY_SERVER, 0, 0, 0, 0, 0);
}

void kops_thread_start(uint32_t slot, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1) {
  kcall(SYS_THREAD_START, handle_of_thread(slot), pc, sp, a0, a1, 0, 0);
}

int kops_thread_clone(uint32_t slot, uint32_t of, uint64_t a0) {
  return (int)kcall(SYS_THREAD_CLONE, handle_of_thread(slot), handle_of_thread(of), a0, 0, 0, 0, 0);
}

int kops_thread_buffer(uint32_t slot, uint32_t frame) {
  return (int)kcall(SYS_THREAD_BUFFER, handle_of_thread(slot), HANDLE_BOOT_RAM, frame, 0, 0, 0, 0);
}

// On other harts another upcall may be under way.
int kops_thread_upcall(uint32_t slot, uint64_t pc) {
  int64_t status;
  do {
    status = kcall_thread_upcall(handle_of_thread(slot), pc);
  } while (status == -EAGAIN);
  return (int)status;
}

int kops_fund_tables(uint32_t slot, uint32_t count, const uint32_t frames[]) {
  uint64_t more[FUND_FRAMES_MAX - 1] = {0};
  for (uint32_t i = 1; i < count; i++) more[i - 1] = frames[i];
  return (int)kcall(SYS_FUND, handle_of_space(slot), HANDLE_BOOT_RAM, frames[0], FUND_TABLE,
                    more[0] | more[1] << 32, more[2] | more[3] << 32, 0);
}

// --- memory ------------------------------------------------------------------------------------

// SYS_MAP*'s frame words: up to MAP_INLINE_MAX frames packed, more in the call buffer.
static void pack_frames(uint64_t va_prot, uint32_t count, const uint32_t *frames,
                        uint64_t packed[3]) {
  packed[0] = frames[0];
  if (count == 1 || (va_prot & (MAP_RUN | MAP_LARGE))) return;
  if (count > MAP_INLINE_MAX) {
    if (frames != call_buffer) memcpy(call_buffer, frames, count * sizeof(frames[0]));
    return;
  }
  for (uint32_t i = 1; i < count; i++) {
    packed[i / 2] = i % 2 == 0 ? frames[i] : packed[i / 2] | (uint64_t)frames[i] << 32;
  }
}

int kops_map(uint32_t slot, uint64_t va_prot, uint32_t count, const uint32_t *frames) {
  uint64_t packed[3] = {0};
  pack_frames(va_prot, count, frames, packed);
  return (int)kcall(SYS_MAP, handle_of_space(slot), HANDLE_BOOT_RAM, va_prot, count, packed[0],
                    packed[1], packed[2]);
}

struct kernel_late_map kernel_late_map;

void kops_map_with_answer(uint32_t slot, uint64_t va_prot, uint32_t frame) {
  (void)slot;  // the caller's
  kernel_late_map = (struct kernel_late_map){va_prot, frame};
}

int kops_map_device(uint32_t slot, uint64_t va_prot, uint32_t count, uint64_t first) {
  return (int)kcall(SYS_MAP, handle_of_space(slot), HANDLE_BOOT_DEVICES, va_prot | MAP_RUN, count,
                    first, 0, 0);
}

// The kernel does a bounded amount of work at a time and says where it stopped.
static void over_range(enum syscall_number call, uint32_t slot, uint64_t start, uint64_t end,
                       uint64_t argument) {
  handle_t space = handle_of_space(slot);
  while (start < end) {
    int64_t stop = kcall(call, space, start, end, argument, 0, 0, 0);
    if (stop < 0) return;
    start = (uint64_t)stop;
  }
}

void kops_unmap(uint32_t slot, uint64_t start, uint64_t end) {
  over_range(SYS_UNMAP, slot, start, end, 0);
}

void kops_protect(uint32_t slot, uint64_t start, uint64_t end, uint32_t prot) {
  over_range(SYS_PROTECT, slot, start, end, prot);
}

void kops_harvest(uint32_t slot, uint64_t start, uint64_t end) {
  over_range(SYS_HARVEST, slot, start, end, 0);
}

int kops_retype_objects(uint32_t first) {
  return (int)kcall(SYS_RETYPE, HANDLE_BOOT_RAM, first, RETYPE_OBJECT, 0, 0, 0, 0);
}

// Its answer may come much later, so what is to be mapped with it is mapped now; without a page
// table the page faults when it is used.
int64_t kops_call(const struct event *event) {
  int64_t result = dispatch_call(pager, event);
  uint64_t va_prot = kernel_late_map.va_prot;
  kernel_late_map.va_prot = 0;
  if (va_prot) {
    uint32_t slot = badge_slot(badge_origin(event->badge));
    uint64_t va = va_prot & ~PAGE_MASK;
    kops_unmap(slot, va, va + PAGE_SIZE);
    if (va_prot != va) kops_map(slot, va_prot, 1, &kernel_late_map.frame);
  }
  return result;
}

// --- answers -----------------------------------------------------------------------------------

void kops_reply(token_t token, uint64_t r0, uint64_t r1) { kcall_reply(token, r0, r1, 0, 0, 0); }

int kops_map_reply(token_t token, uint32_t slot, uint64_t va_prot, uint32_t count,
                   const uint32_t *frames) {
  (void)slot;  // the token says it
  uint64_t packed[3] = {0};
  pack_frames(va_prot, count, frames, packed);
  return (int)kcall(SYS_MAP_REPLY, token, (uint64_t)HANDLE_BOOT_RAM << 32, va_prot, count,
                    packed[0], packed[1], packed[2]);
}

void kops_reply_start(token_t token, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1) {
  kcall(SYS_REPLY_START, token, pc, sp, a0, a1, 0, 0);
}

int kops_reply_upcall(token_t token, uint64_t pc) { return (int)kcall_reply_upcall(token, pc); }

void kops_serve(token_t token, const uint64_t word[4]) {
  kcall_reply(token, word[0], word[1], word[2], word[3], 0);
}

void kops_flushed(token_t token, uint64_t then, int64_t status) {
  kcall_forward(token, HANDLE_TO_FS, then, (uint64_t)status, 0, 0, 0);
}

void kops_moved(token_t token, uint64_t then, int64_t status, uint64_t offset, uint64_t length) {
  kcall_forward(token, HANDLE_TO_FS, (uint32_t)then, then >> 32, (uint64_t)status, offset, length);
}

void kops_forward_to_proc(token_t token, const uint64_t word[5]) {
  kcall_forward(token, HANDLE_TO_PROC, word[0], word[1], word[2], word[3], word[4]);
}

uint64_t kops_now(void) { return rdtime(); }

void kops_timer(uint64_t deadline) { kcall_timer(HANDLE_SELF, deadline); }

void kops_notify_out_of_memory(void) { kcall_notify(HANDLE_TELL_OOM); }

void kops_notify_provider(void) { kcall_notify(HANDLE_NOTIFY_FS); }
