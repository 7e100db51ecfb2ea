// System calls on objects, threads, interrupts and the rest, and the table of all.

#include <errno.h>

#include "abi/syscall.h"
#include "microkernel/boot.h"
#include "microkernel/interrupt.h"
#include "microkernel/syscall.h"
#include "microkernel/upcall.h"

// --- objects ---

// The frame, if the handle gives authority over it and it is RAM; else 0 and *error.
static frame_t get_frame(word frames, word frame, int *error) {
  struct handle *authority = handle_get(current->space, frames, OBJECT_FRAMES, RIGHT_MANAGE, error);
  if (!authority) return 0;
  if (frame < authority->first || frame >= (uint64_t)authority->first + authority->count) {
    *error = -EACCES;
    return 0;
  }
  return (frame_t)frame;
}

static struct thread *sys_retype(ARGUMENTS) {
  int error;
  frame_t first = get_frame(a0, a1, &error);
  if (!first || !get_frame(a0, a1 + LARGE_FRAMES - 1, &error)) return result(error);
  if (a2 > RETYPE_USER) return result(-EINVAL);
  bool object = a2 == RETYPE_OBJECT;
  error =
      frame_retype(first, object ? FRAME_USER : FRAME_OBJECT, object ? FRAME_OBJECT : FRAME_USER);
  if (!error) space_window_set(boot_space, first, !object);
  return result(error);
}

static int create(word type, frame_t frame, word slot, word argument) {
  int error = 0;
  struct space *space = NULL;
  if (type == OBJECT_THREAD && !(space = get_space(argument, &error))) return error;
  if (type != OBJECT_THREAD && type != OBJECT_SPACE && type != OBJECT_ENDPOINT) return -EINVAL;
  if (type == OBJECT_SPACE && argument > UINT32_MAX) return -EINVAL;
  struct handle *handle = handle_slot(current->space, slot);
  if (!handle) return -EBADF;
  if (!frame_is_free(frame)) return -EINVAL;
  void *object = arch_frame_address(frame);
  size_t size = type == OBJECT_THREAD  ? sizeof(struct thread)
                : type == OBJECT_SPACE ? sizeof(struct space)
                                       : sizeof(struct endpoint);
  frame_set_type(frame, (uint8_t)type);
  error = handle_put(current->space, slot, (uint8_t)type, frame);
  if (!error) {
    frame_clear(frame, size);
    if (type == OBJECT_THREAD)
      thread_create(object, space);
    else if (type == OBJECT_SPACE && (error = space_create(object, (uint32_t)argument)))
      handle_drop(current->space, slot);
  }
  if (error) frame_set_type(frame, FRAME_OBJECT);
  return error;
}

static struct thread *sys_create(ARGUMENTS) {
  int error;
  frame_t frame = get_frame(a1, a2, &error);
  return result(frame ? create(a0, frame, a3, a4) : error);
}

static struct thread *sys_destroy(ARGUMENTS) {
  struct handle *slot = handle_slot(current->space, a0);
  int error = -EBADF;
  if (!slot) return result(error);
  void *object = handle_object(current->space, a0, slot->type, RIGHT_MANAGE, &error);
  if (slot->type == OBJECT_NONE || !object) return result(error);
  uint32_t key = slot->call;
  switch (slot->type) {
    case OBJECT_SPACE:
      error = space_destroy(object);
      break;
    case OBJECT_THREAD:
      error = thread_kill(object);
      break;
    case OBJECT_ENDPOINT:
      endpoint_destroy(object);
      error = 0;
      break;
    default:
      error = -EINVAL;
  }
  // While a thread was being stopped, the slot may have got another handle.
  if (!error && handle_named(slot) == object && slot->call == key) handle_drop(current->space, a0);
  return result(error);
}

static struct thread *sys_fund(ARGUMENTS) {
  int error;
  struct space *space = get_space(a0, &error);
  if (!space) return result(error);
  const uint64_t frames[] = {a2, (uint32_t)a4, a4 >> 32, (uint32_t)a5, a5 >> 32};
  uint32_t count = 1;
  while (count < sizeof frames / sizeof *frames && frames[count]) count++;
  for (uint32_t i = 0; i < count; i++)  // all or none
    if (!get_frame(a1, frames[i], &error)) return result(error);
  return result(space_fund(space, frames, count, a3 <= FUND_HANDLES ? (uint32_t)a3 : ~0u));
}

static struct thread *sys_copy(ARGUMENTS) {
  int error;
  struct space *space = a0 == HANDLE_NONE ? current->space : get_space(a0, &error);
  if (!space) return result(error);
  if (a5 >= COPY_MAX) return result(-EINVAL);
  for (uint64_t i = 0; i <= a5; i++) {
    error = handle_copy(space, a1 + i, current->space, a2 + i, (uint8_t)a3, a4);
    if (error) break;
  }
  return result(error);
}

// The slots that the kernel itself uses stay: a thread must not lose who hears of its faults.
static struct thread *sys_drop(ARGUMENTS) {
  if (a0 == HANDLE_PAGER || a0 == HANDLE_EXCEPTION) return result(-EACCES);
  return result(handle_drop(current->space, a0));
}

// --- threads ---

static struct thread *get_thread(word index, int *error) {
  return handle_object(current->space, index, OBJECT_THREAD, RIGHT_MANAGE, error);
}

static bool is_user_address(word address) { return address < USER_END; }

static struct thread *sys_thread_start(ARGUMENTS) {
  int error;
  struct thread *thread = get_thread(a0, &error);
  if (!thread) return result(error);
  if (!is_user_address(a1)) return result(-EINVAL);
  return result(thread_start(thread, a1, a2, a3, a4));
}

static struct thread *sys_thread_clone(ARGUMENTS) {
  int error;
  struct thread *thread = get_thread(a0, &error);
  struct thread *of = thread ? get_thread(a1, &error) : NULL;
  return result(of ? thread_clone(thread, of, a2) : error);
}

static struct thread *sys_reply_start(ARGUMENTS) {
  struct thread *thread = token_thread(a0);
  if (!thread) return result(-ESRCH);
  if (!is_user_address(a1)) return result(-EINVAL);
  thread_end_wait(thread);
  thread_set_start(thread, a1, a2, a3, a4);
  schedule_ready(thread);
  return result(0);
}

static struct thread *sys_thread_buffer(ARGUMENTS) {
  int error;
  struct thread *thread = get_thread(a0, &error);
  frame_t frame = thread ? get_frame(a1, a2, &error) : 0;
  if (!frame) return result(error);
  if (frame_type(frame) != FRAME_USER) return result(-EINVAL);
  if (thread->buffer) return result(-EEXIST);
  frame_entry(frame)->count++;
  thread->buffer = arch_frame_address(frame);
  return result(0);
}

static struct thread *sys_thread_priority(ARGUMENTS) {
  int error;
  struct thread *thread = get_thread(a0, &error);
  if (!thread) return result(error);
  if (a1 >= PRIORITIES) return result(-EINVAL);
  if (thread->state == THREAD_READY) schedule_remove(thread);
  thread->priority = (uint8_t)a1;
  if (thread->state == THREAD_READY) schedule_ready(thread);
  return result(0);
}

// --- upcalls, as they are seldom made ---

static struct thread *sys_reply_upcall(ARGUMENTS) {
  struct thread *thread = token_thread(a0);
  if (!thread) return result(-ESRCH);
  if (!upcall_fits(thread, a1)) return result(-EINVAL);
  thread_end_wait(thread);
  upcall_save(thread, a1);
  schedule_ready(thread);
  return result(0);
}

static struct thread *sys_thread_upcall(ARGUMENTS) {
  int error;
  struct thread *thread = get_thread(a0, &error);
  return result(thread ? upcall_send(thread, a1) : error);
}

// --- notifications, interrupts, time, the rest ---

static struct thread *sys_notify(ARGUMENTS) {
  int error;
  struct handle *handle = get_endpoint(a0, RIGHT_NOTIFY, &error);
  if (!handle) return result(error);
  endpoint_notify(handle_named(handle), 1ull << (handle->badge & 63));
  return result(0);
}

static int check_irq(word handle, word irq) {
  int error;
  struct handle *range = handle_get(current->space, handle, OBJECT_IRQ, RIGHT_MANAGE, &error);
  if (!range) return error;
  return irq >= range->first && irq < (uint64_t)range->first + range->count ? 0 : -EACCES;
}

static struct thread *sys_irq_bind(ARGUMENTS) {
  int error = check_irq(a0, a1);
  struct handle *endpoint = error ? NULL : get_endpoint(a2, RIGHT_NOTIFY, &error);
  return result(endpoint ? irq_bind((uint32_t)a1, endpoint) : error);
}

static struct thread *sys_irq_ack(ARGUMENTS) {
  int error = check_irq(a0, a1);
  if (!error) arch_irq_complete((uint32_t)a1);
  return result(error);
}

static struct thread *sys_timer(ARGUMENTS) {
  int error;
  struct handle *handle = get_endpoint(a0, RIGHT_RECEIVE, &error);
  if (!handle) return result(error);
  timer_arm(handle_named(handle), a1);
  return result(0);
}

static int check_kernel(word handle, uint8_t right) {
  int error = 0;
  handle_get(current->space, handle, OBJECT_KERNEL, right, &error);
  return error;
}

static struct thread *sys_stat(ARGUMENTS) {
  int error = check_kernel(a0, 0);
  if (error) return result(error);
  return result(a1 < STAT_COUNT ? (int64_t)stats_get(a1) : -EINVAL);
}

static struct thread *sys_putc(ARGUMENTS) {
  int error = check_kernel(a0, RIGHT_CALL);
  if (!error) arch_console_put((char)a1);
  return result(error);
}

static struct thread *sys_halt(ARGUMENTS) {
  int error = check_kernel(a0, RIGHT_MANAGE);
  if (error) return result(error);
  if (a1 > 255) return result(-EINVAL);
  arch_halt((uint32_t)a1);
}

static struct thread *sys_bad(ARGUMENTS) { return result(-ENOSYS); }

system_call_handler *const system_call[SYS_COUNT + 1] = {
    [SYS_NULL] = sys_null,
    [SYS_CALL] = sys_call,
    [SYS_WAIT] = sys_wait,
    [SYS_REPLY_WAIT] = sys_reply_wait,
    [SYS_REPLY] = sys_reply,
    [SYS_FORWARD_WAIT] = sys_forward_wait,
    [SYS_FORWARD] = sys_forward,
    [SYS_MAP_REPLY_WAIT] = sys_map_reply_wait,
    [SYS_MAP_REPLY] = sys_map_reply,
    [SYS_NOTIFY] = sys_notify,
    [SYS_MAP] = sys_map,
    [SYS_UNMAP] = sys_unmap,
    [SYS_PROTECT] = sys_protect,
    [SYS_HARVEST] = sys_harvest,
    [SYS_RETYPE] = sys_retype,
    [SYS_CREATE] = sys_create,
    [SYS_DESTROY] = sys_destroy,
    [SYS_FUND] = sys_fund,
    [SYS_COPY] = sys_copy,
    [SYS_DROP] = sys_drop,
    [SYS_THREAD_START] = sys_thread_start,
    [SYS_THREAD_CLONE] = sys_thread_clone,
    [SYS_REPLY_START] = sys_reply_start,
    [SYS_THREAD_BUFFER] = sys_thread_buffer,
    [SYS_THREAD_PRIORITY] = sys_thread_priority,
    [SYS_IRQ_BIND] = sys_irq_bind,
    [SYS_IRQ_ACK] = sys_irq_ack,
    [SYS_TIMER] = sys_timer,
    [SYS_STAT] = sys_stat,
    [SYS_PUTC] = sys_putc,
    [SYS_HALT] = sys_halt,
    [SYS_UPCALL_WAIT] = sys_upcall_wait,
    [SYS_REPLY_UPCALL] = sys_reply_upcall,
    [SYS_THREAD_UPCALL] = sys_thread_upcall,
    [SYS_RESUME] = sys_resume,
    [15] = sys_bad,
    [26] = sys_bad,
    [27] = sys_bad,
    [SYS_COUNT] = sys_bad,  // what trap_entry.S takes for numbers out of range
};
