// System calls. trap_entry.S calls system_call[a7] with the arguments in a0..a6 and the kernel
// lock held; a handler returns the thread to run. docs/system_calls.md is the manual.

#include "abi/syscall.h"

#include <errno.h>

#include "microkernel/boot.h"
#include "microkernel/endpoint.h"
#include "microkernel/interrupt.h"
#include "microkernel/schedule.h"
#include "microkernel/space.h"
#include "microkernel/upcall.h"

typedef uint64_t word;
typedef struct thread *system_call_handler(word a0, word a1, word a2, word a3, word a4, word a5,
                                           word a6);
#define ARGUMENTS                                                       \
  __attribute__((unused)) word a0, __attribute__((unused)) word a1,     \
      __attribute__((unused)) word a2, __attribute__((unused)) word a3, \
      __attribute__((unused)) word a4, __attribute__((unused)) word a5, \
      __attribute__((unused)) word a6

static inline struct thread *result(int64_t value) {
  current->x[REG_A0] = (uint64_t)value;
  return current;
}

static struct thread *sys_null(ARGUMENTS) { return result(0); }

static struct thread *sys_bad(ARGUMENTS) { return result(-ENOSYS); }

// --- messages ---

static struct handle *get_endpoint(word index, uint8_t right, int *error) {
  return handle_get(current->space, index, OBJECT_ENDPOINT, right, error);
}

// Why endpoint_handle found none.
static __attribute__((noinline, cold)) struct thread *refuse_endpoint(word index, uint8_t right) {
  int error = -EBADF;
  get_endpoint(index, right, &error);
  return result(error);
}

// The calls that every fault and every message makes come twice: a short way, which gives up
// wherever it would have to think, and the general one behind it.

static __attribute__((noinline)) struct thread *call_any(ARGUMENTS) {
  struct handle *handle = endpoint_handle(a0, RIGHT_CALL);
  if (!handle) return refuse_endpoint(a0, RIGHT_CALL);
  return endpoint_send(handle_named(handle), EVENT_CALL, handle->badge, a1, a2, a3, a4, a5, a6);
}

static struct thread *sys_call(ARGUMENTS) {
  const struct handle *handle = &current->space->handles_inline[a0];
  if (UNLIKELY(a0 >= HANDLES_INLINE || !handle_may_call(handle)))
    return call_any(a0, a1, a2, a3, a4, a5, a6);
  struct endpoint *endpoint = handle_named(handle);
  if (UNLIKELY(!endpoint->receivers)) return call_any(a0, a1, a2, a3, a4, a5, a6);
  return endpoint_send(endpoint, EVENT_CALL, handle->badge, a1, a2, a3, a4, a5, a6);
}

static struct thread *sys_wait(ARGUMENTS) {
  struct handle *handle = endpoint_handle(a0, RIGHT_RECEIVE);
  if (UNLIKELY(!handle)) return refuse_endpoint(a0, RIGHT_RECEIVE);
  return endpoint_wait_any(handle_named(handle), NULL);
}

// Puts the answer into a waiting caller's registers. A faulter just goes on.
static inline void answer(struct thread *thread, word r0, word r1, word r2, word r3, word r4) {
  if (token_kind(thread->token) == EVENT_CALL) {
    uint64_t *a = &thread->x[REG_A0];
    a[0] = r0;
    a[1] = r1;
    a[2] = r2;
    a[3] = r3;
    a[4] = r4;
  }
}

static __attribute__((noinline)) struct thread *reply_wait_any(ARGUMENTS) {
  struct handle *handle = endpoint_handle(a1, RIGHT_RECEIVE);
  if (!handle) return refuse_endpoint(a1, RIGHT_RECEIVE);
  struct thread *thread = token_thread(a0);
  if (thread) {
    thread_end_wait(thread);
    answer(thread, a2, a3, a4, a5, a6);
  }
  return endpoint_wait_any(handle_named(handle), thread);
}

static struct thread *sys_reply_wait(ARGUMENTS) {
  const struct handle *handle = &current->space->handles_inline[a1];
  struct thread *thread = current->caller;
  if (UNLIKELY(a1 >= HANDLES_INLINE || !handle_may_receive(handle) || !thread ||
               thread->token != a0))
    return reply_wait_any(a0, a1, a2, a3, a4, a5, a6);
  struct endpoint *endpoint = handle_named(handle);
  if (UNLIKELY(endpoint->bits || endpoint->senders.head))
    return reply_wait_any(a0, a1, a2, a3, a4, a5, a6);
  current->caller = NULL;
  answer(thread, a2, a3, a4, a5, a6);
  endpoint_add_receiver(endpoint, current);
  return dispatch(thread);
}

static struct thread *sys_reply(ARGUMENTS) {
  struct thread *thread = token_thread(a0);
  if (!thread) return result(-ESRCH);
  thread_end_wait(thread);
  answer(thread, a1, a2, a3, a4, a5);
  schedule_ready(thread);
  return result(0);
}

static int forward(token_t token, word to, word w0, word w1, word w2, word w3, word w4) {
  int error;
  struct handle *handle = get_endpoint(to, RIGHT_CALL, &error);
  if (!handle) return error;
  struct thread *thread = token_thread(token);
  if (!thread) return -ESRCH;
  struct message message = {handle->badge, EVENT_CALL, {w0, w1, w2, w3, w4, 0}};
  // A forwarded fault stays one: whoever answers it resumes the faulter.
  if (token_kind(token) != EVENT_CALL) message.kind = (uint8_t)token_kind(token);
  endpoint_send_for(thread, handle_named(handle), &message);
  return 0;
}

static struct thread *sys_forward(ARGUMENTS) { return result(forward(a0, a1, a2, a3, a4, a5, a6)); }

static __attribute__((noinline)) struct thread *forward_wait_any(ARGUMENTS) {
  struct handle *handle = endpoint_handle((uint32_t)a1, RIGHT_RECEIVE);
  if (UNLIKELY(!handle)) return refuse_endpoint((uint32_t)a1, RIGHT_RECEIVE);
  int error = forward(a0, a1 >> 32, a2, a3, a4, a5, a6);
  if (UNLIKELY(error && error != -ESRCH)) return result(error);
  return endpoint_wait_any(handle_named(handle), NULL);
}

static struct thread *sys_forward_wait(ARGUMENTS) {
  uint64_t slot = (uint32_t)a1;
  const struct handle *handle = &current->space->handles_inline[slot];
  const struct handle *to = &current->space->handles_inline[a1 >> 32];
  struct thread *thread = current->caller;
  if (UNLIKELY(slot >= HANDLES_INLINE || a1 >> 32 >= HANDLES_INLINE || !thread ||
               thread->token != a0 || thread->resume != RESUME_CALL ||
               !handle_may_receive(handle) || !handle_may_call(to)))
    return forward_wait_any(a0, a1, a2, a3, a4, a5, a6);
  struct endpoint *endpoint = handle_named(handle);
  struct endpoint *target = handle_named(to);
  struct thread *receiver = target->receivers;
  if (UNLIKELY(!receiver || endpoint->bits || endpoint->senders.head))
    return forward_wait_any(a0, a1, a2, a3, a4, a5, a6);
  hart_count(STAT_CALLS);
  current->caller = NULL;
  target->receivers = receiver->next;
  endpoint_deliver(receiver, thread, EVENT_CALL, to->badge, a2, a3, a4, a5, a6, 0);
  endpoint_add_receiver(endpoint, current);
  return dispatch(receiver);
}

static struct thread *sys_notify(ARGUMENTS) {
  int error;
  struct handle *handle = get_endpoint(a0, RIGHT_CALL, &error);
  if (!handle) return result(error);
  endpoint_notify(handle_named(handle), 1ull << (handle->badge & 63));
  return result(0);
}

// --- mappings ---

static struct handle *get_frames(word index, int *error) {
  struct handle *handle = handle_get(current->space, index, OBJECT_FRAMES, RIGHT_MANAGE, error);
  if (!handle) handle = handle_get(current->space, index, OBJECT_DEVICES, RIGHT_MANAGE, error);
  return handle;
}

// SYS_MAP's arguments from va | prot | flags on. Frames come in registers or the call buffer.
static int map(struct space *space, word frames, word where, word count, word f0, word f1,
               word f2) {
  int error;
  struct handle *authority = get_frames(frames, &error);
  if (UNLIKELY(!authority)) return error;
  struct mapping mapping = {.address = where & ~PAGE_MASK,
                            .prot = where & (PROT_R | PROT_W | PROT_X),
                            .count = (uint32_t)count,
                            .run = (frame_t)f0};
  if (UNLIKELY(count > MAP_BUFFER_MAX || (where & PAGE_MASK) > (MAP_RUN | 7))) return -EINVAL;
  uint32_t inline_frames[MAP_INLINE_MAX];
  if (count > 1 && !(where & MAP_RUN)) {
    if (count <= MAP_INLINE_MAX) {
      uint64_t packed[] = {f0, f1, f2};
      for (uint32_t i = 0; i < MAP_INLINE_MAX; i++)
        inline_frames[i] = (uint32_t)(packed[i / 2] >> (32 * (i & 1)));
      mapping.frames = inline_frames;
    } else {
      if (!current->buffer) return -EINVAL;
      mapping.frames = current->buffer;
    }
  }
  return space_map(space, authority, &mapping);
}

static __attribute__((noinline)) struct thread *map_reply_wait_any(ARGUMENTS) {
  struct handle *handle = endpoint_handle((uint32_t)a1, RIGHT_RECEIVE);
  if (UNLIKELY(!handle)) return refuse_endpoint((uint32_t)a1, RIGHT_RECEIVE);
  struct thread *thread = token_thread(a0);
  if (LIKELY(thread)) {
    int error = map(thread->space, a1 >> 32, a2, a3, a4, a5, a6);
    if (UNLIKELY(error)) return result(error);
    thread_end_wait(thread);
    answer(thread, 0, 0, 0, 0, 0);
  }
  return endpoint_wait_any(handle_named(handle), thread);
}

static struct thread *sys_map_reply_wait(ARGUMENTS) {
  uint64_t slot = (uint32_t)a1;
  const struct handle *handle = &current->space->handles_inline[slot];
  const struct handle *frames = &current->space->handles_inline[a1 >> 32];
  struct thread *thread = current->caller;
  if (UNLIKELY(slot >= HANDLES_INLINE || a1 >> 32 >= HANDLES_INLINE || a3 != 1 ||
               !handle_may_receive(handle) || !thread || thread->token != a0 ||
               thread->resume != RESUME_ALL))
    return map_reply_wait_any(a0, a1, a2, a3, a4, a5, a6);
  struct endpoint *endpoint = handle_named(handle);
  if (UNLIKELY(endpoint->bits || endpoint->senders.head ||
               !space_map_one(thread, frames, a2, (frame_t)a4)))
    return map_reply_wait_any(a0, a1, a2, a3, a4, a5, a6);
  current->caller = NULL;
  endpoint_add_receiver(endpoint, current);
  return dispatch(thread);
}

static struct thread *sys_map_reply(ARGUMENTS) {
  struct thread *thread = token_thread(a0);
  if (!thread) return result(-ESRCH);
  int error = map(thread->space, a1 >> 32, a2, a3, a4, a5, a6);
  if (error) return result(error);
  thread_end_wait(thread);
  answer(thread, 0, 0, 0, 0, 0);
  schedule_ready(thread);
  return result(0);
}

static struct space *get_space(word index, int *error) {
  return handle_object(current->space, index, OBJECT_SPACE, RIGHT_MANAGE, error);
}

static struct thread *sys_map(ARGUMENTS) {
  int error;
  struct space *space = get_space(a0, &error);
  return result(space ? map(space, a1, a2, a3, a4, a5, a6) : error);
}

static struct thread *sys_unmap(ARGUMENTS) {
  int error;
  struct space *space = get_space(a0, &error);
  return result(space ? space_unmap(space, a1, a2) : error);
}

static struct thread *sys_protect(ARGUMENTS) {
  int error;
  struct space *space = get_space(a0, &error);
  return result(space ? space_protect(space, a1, a2, (uint32_t)(a3 < 8 ? a3 : 8)) : error);
}

static struct thread *sys_harvest(ARGUMENTS) {
  int error;
  struct space *space = get_space(a0, &error);
  return result(space ? space_harvest(space, a1, a2) : error);
}

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
  if (frame_type(frame) != FRAME_OBJECT) return -EINVAL;
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
  return result(handle_copy(space, a1, current->space, a2, (uint8_t)a3, a4));
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

// --- upcalls ---

static __attribute__((noinline)) struct thread *upcall_wait_any(ARGUMENTS) {
  struct handle *handle = endpoint_handle(a1, RIGHT_RECEIVE);
  if (!handle) return refuse_endpoint(a1, RIGHT_RECEIVE);
  struct thread *thread = token_thread(a0);
  if (thread) {
    if (!upcall_fits(thread, a2)) return result(-EINVAL);
    thread_end_wait(thread);
    upcall_save(thread, a2);
  }
  return endpoint_wait_any(handle_named(handle), thread);
}

static struct thread *sys_upcall_wait(ARGUMENTS) {
  const struct handle *handle = &current->space->handles_inline[a1];
  struct thread *thread = current->caller;
  if (UNLIKELY(a1 >= HANDLES_INLINE || !handle_may_receive(handle) || !thread ||
               thread->token != a0 || !upcall_fits(thread, a2)))
    return upcall_wait_any(a0, a1, a2, a3, a4, a5, a6);
  struct endpoint *endpoint = handle_named(handle);
  if (UNLIKELY(endpoint->bits || endpoint->senders.head))
    return upcall_wait_any(a0, a1, a2, a3, a4, a5, a6);
  current->caller = NULL;
  upcall_save(thread, a2);
  endpoint_add_receiver(endpoint, current);
  return dispatch(thread);
}

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

static struct thread *sys_resume(ARGUMENTS) {
  int error = upcall_restore();
  return error ? result(error) : arch_resume(current);
}

// --- interrupts, time, the rest ---

static int check_irq(word handle, word irq) {
  int error;
  struct handle *range = handle_get(current->space, handle, OBJECT_IRQ, RIGHT_MANAGE, &error);
  if (!range) return error;
  return irq >= range->first && irq < (uint64_t)range->first + range->count ? 0 : -EACCES;
}

static struct thread *sys_irq_bind(ARGUMENTS) {
  int error = check_irq(a0, a1);
  struct handle *endpoint = error ? NULL : get_endpoint(a2, RIGHT_CALL, &error);
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
