// System calls. trap_entry.S calls system_call[a7] with the arguments in a0..a6 and the kernel
// lock held; a handler returns the thread to run. docs/system_calls.md is the manual.

#include "microkernel/syscall.h"

#include <errno.h>

#include "abi/syscall.h"
#include "microkernel/upcall.h"

struct thread *sys_null(ARGUMENTS) {
  return result(0);
}

// --- messages ---

// Why endpoint_handle found none.
static COLD struct thread *refuse_endpoint(word index, uint8_t right) {
  int error = -EBADF;
  get_endpoint(index, right, &error);
  return result(error);
}

// The calls that every fault and every message makes come twice: a short way, which gives up
// wherever it would have to think, and the general one behind it.

// Whether both handles of a word are in the caller's own frame.
static inline bool are_inline(word two) {
  return !((uint32_t)(two | two >> 32) >> HANDLE_CHUNK_SHIFT);
}

static __attribute__((noinline)) struct thread *call_any(ARGUMENTS) {
  struct handle *handle = endpoint_handle(a0, RIGHT_CALL);
  if (!handle) return refuse_endpoint(a0, RIGHT_CALL);
  struct message message = {handle->badge, EVENT_CALL, {a1, a2, a3, a4, a5, a6}};
  return endpoint_send_any(handle_named(handle), &message);
}

struct thread *sys_call(ARGUMENTS) {
  const struct handle *handle = &current->space->handles_inline[a0];
  if (UNLIKELY(a0 >= HANDLES_INLINE || !handle_may_call(handle)))
    return call_any(a0, a1, a2, a3, a4, a5, a6);
  struct endpoint *endpoint = handle_named(handle);
  if (UNLIKELY(!endpoint->receivers)) return call_any(a0, a1, a2, a3, a4, a5, a6);
  return endpoint_send(endpoint, EVENT_CALL, handle->badge, a1, a2, a3, a4, a5, a6);
}

struct thread *sys_wait(ARGUMENTS) {
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

static system_call_handler map_reply_wait_any;

// Where the short way `again`, of one of two calls, gives up. If that was for the token, which
// names another thread than the one that called last, that thread takes its place for a second try;
// if it names none that may, nobody does.
static __attribute__((noinline)) struct thread *answer_other(ARGUMENTS,
                                                             system_call_handler *again) {
  if (!current->caller || current->caller->token == a0) {
    return again == sys_reply_wait ? reply_wait_any(a0, a1, a2, a3, a4, a5, a6)
                                   : map_reply_wait_any(a0, a1, a2, a3, a4, a5, a6);
  }
  struct thread *thread = token_find(a0);
  current->caller = thread && thread->receiver == current ? thread : NULL;
  return again(a0, a1, a2, a3, a4, a5, a6);
}

static __attribute__((noinline)) struct thread *reply_wait_rare(ARGUMENTS) {
  return answer_other(a0, a1, a2, a3, a4, a5, a6, sys_reply_wait);
}

struct thread *sys_reply_wait(ARGUMENTS) {
  const struct handle *handle = &current->space->handles_inline[a1];
  struct thread *thread = current->caller;
  if (UNLIKELY(a1 >= HANDLES_INLINE || !handle_may_receive(handle) || !thread ||
               thread->token != a0))
    return reply_wait_rare(a0, a1, a2, a3, a4, a5, a6);
  struct endpoint *endpoint = handle_named(handle);
  if (UNLIKELY(endpoint->bits || endpoint->senders.head))
    return reply_wait_rare(a0, a1, a2, a3, a4, a5, a6);
  current->caller = NULL;
  answer(thread, a2, a3, a4, a5, a6);
  endpoint_add_receiver(endpoint, current);
  return dispatch(thread);
}

struct thread *sys_reply(ARGUMENTS) {
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

struct thread *sys_forward(ARGUMENTS) {
  return result(forward(a0, a1, a2, a3, a4, a5, a6));
}

static __attribute__((noinline)) struct thread *forward_wait_any(ARGUMENTS) {
  struct handle *handle = endpoint_handle((uint32_t)a1, RIGHT_RECEIVE);
  if (UNLIKELY(!handle)) return refuse_endpoint((uint32_t)a1, RIGHT_RECEIVE);
  int error = forward(a0, a1 >> 32, a2, a3, a4, a5, a6);
  if (UNLIKELY(error && error != -ESRCH)) return result(error);
  return endpoint_wait_any(handle_named(handle), NULL);
}

struct thread *sys_forward_wait(ARGUMENTS) {
  uint64_t slot = (uint32_t)a1;
  const struct handle *handle = &current->space->handles_inline[slot];
  const struct handle *to = &current->space->handles_inline[a1 >> 32];
  struct thread *thread = current->caller;
  if (UNLIKELY(!are_inline(a1) || !thread || thread->token != a0 || thread->resume != RESUME_CALL ||
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
                            .run = (frame_t)f0,
                            .large = where & MAP_LARGE};
  if (UNLIKELY(count > MAP_BUFFER_MAX || (where & PAGE_MASK) > (MAP_LARGE | MAP_RUN | 7)))
    return -EINVAL;
  uint32_t inline_frames[MAP_INLINE_MAX];
  if (count > 1 && !(where & (MAP_RUN | MAP_LARGE))) {
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

// The answer with one page where the short way has found something in its place: all but the entry
// is as that has checked it.
static __attribute__((noinline)) struct thread *map_reply_wait_replace(ARGUMENTS,
                                                                       struct endpoint *endpoint) {
  struct thread *thread = current->caller;
  if (UNLIKELY(!space_replace_one(thread, a2, (frame_t)a4)))
    return map_reply_wait_any(a0, a1, a2, a3, a4, a5, a6);
  current->caller = NULL;
  endpoint_add_receiver(endpoint, current);
  answer(thread, 0, 0, 0, 0, 0);
  return dispatch(thread);
}

// The same in another leaf table than the thread faulted in last.
static __attribute__((noinline)) struct thread *map_reply_wait_elsewhere(ARGUMENTS) {
  struct thread *thread = current->caller;
  uint64_t *table = space_leaves(thread->space, a2);
  if (!table || thread->space->epoch == LEAF_EPOCH_LAST)
    return map_reply_wait_any(a0, a1, a2, a3, a4, a5, a6);
  thread_keep_leaf(thread, a2, table);
  return sys_map_reply_wait(a0, a1, a2, a3, a4, a5, a6);
}

static __attribute__((noinline)) struct thread *map_reply_wait_rare(ARGUMENTS) {
  return answer_other(a0, a1, a2, a3, a4, a5, a6, sys_map_reply_wait);
}

struct thread *sys_map_reply_wait(ARGUMENTS) {
  uint64_t slot = (uint32_t)a1;
  const struct handle *handle = &current->space->handles_inline[slot];
  const struct handle *frames = &current->space->handles_inline[a1 >> 32];
  struct thread *thread = current->caller;
  if (UNLIKELY(!are_inline(a1) || a3 != 1 || !handle_may_receive(handle) || !thread ||
               thread->token != a0))
    return map_reply_wait_rare(a0, a1, a2, a3, a4, a5, a6);
  struct endpoint *endpoint = handle_named(handle);
  if (UNLIKELY(endpoint->bits || endpoint->senders.head))
    return map_reply_wait_rare(a0, a1, a2, a3, a4, a5, a6);
  switch (space_map_one(thread, frames, a2, (frame_t)a4)) {
    case MAP_ONE_DONE:
      break;
    case MAP_ONE_REPLACES:
      return map_reply_wait_replace(a0, a1, a2, a3, a4, a5, a6, endpoint);
    case MAP_ONE_ELSEWHERE:
      return map_reply_wait_elsewhere(a0, a1, a2, a3, a4, a5, a6);
    default:
      return map_reply_wait_rare(a0, a1, a2, a3, a4, a5, a6);
  }
  current->caller = NULL;
  endpoint_add_receiver(endpoint, current);
  answer(thread, 0, 0, 0, 0, 0);
  return dispatch(thread);
}

struct thread *sys_map_reply(ARGUMENTS) {
  struct thread *thread = token_thread(a0);
  if (!thread) return result(-ESRCH);
  int error = map(thread->space, a1 >> 32, a2, a3, a4, a5, a6);
  if (error) return result(error);
  thread_end_wait(thread);
  answer(thread, 0, 0, 0, 0, 0);
  schedule_ready(thread);
  return result(0);
}

struct thread *sys_map(ARGUMENTS) {
  int error;
  struct space *space = get_space(a0, &error);
  return result(space ? map(space, a1, a2, a3, a4, a5, a6) : error);
}

struct thread *sys_unmap(ARGUMENTS) {
  int error;
  struct space *space = get_space(a0, &error);
  return result(space ? space_unmap(space, a1, a2) : error);
}

struct thread *sys_protect(ARGUMENTS) {
  int error;
  struct space *space = get_space(a0, &error);
  return result(space ? space_protect(space, a1, a2, (uint32_t)(a3 < 8 ? a3 : 8)) : error);
}

struct thread *sys_harvest(ARGUMENTS) {
  int error;
  struct space *space = get_space(a0, &error);
  return result(space ? space_harvest(space, a1, a2) : error);
}

// --- upcalls ---

static __attribute__((noinline)) struct thread *upcall_wait_any(ARGUMENTS) {
  if (!endpoint_handle(a1, RIGHT_RECEIVE)) return refuse_endpoint(a1, RIGHT_RECEIVE);
  struct thread *thread = token_thread(a0);
  if (thread) {
    if (!upcall_fits(thread, a2)) return result(-EINVAL);
    upcall_save(thread, a2);
  }
  return reply_wait_any(a0, a1, 0, 0, 0, 0, 0);  // a faulter takes no words
}

struct thread *sys_upcall_wait(ARGUMENTS) {
  const struct handle *handle = &current->space->handles_inline[a1];
  struct thread *thread = current->caller;
  if (UNLIKELY(a1 >= HANDLES_INLINE || !handle_may_receive(handle) || !thread ||
               thread->token != a0 || !upcall_fits(thread, a2)))
    return upcall_wait_any(a0, a1, a2, a3, a4, a5, a6);
  struct endpoint *endpoint = handle_named(handle);
  if (UNLIKELY(endpoint->bits || endpoint->senders.head))
    return upcall_wait_any(a0, a1, a2, a3, a4, a5, a6);
  current->caller = NULL;
  endpoint_add_receiver(endpoint, current);
  return upcall_begin(thread, a2);
}

struct thread *sys_resume(ARGUMENTS) {
  struct thread *thread = upcall_end();
  return thread ? thread : result(-EINVAL);
}
