// Costs of the kernel's own operations, in instructions, with nothing but the kernel in between.
// Run in the place of the pager. One line an operation: bench,NAME,ITERATIONS,MEDIAN,MINIMUM

#include <stdlib.h>

#include "abi/layout.h"
#include "bench/kernel/root.h"
#include "libsys/server_rt/panic.h"
#include "libsys/server_rt/server_rt.h"

#define SAMPLES 1001u

extern const char child_echo[], child_echo_end[], child_touch[], child_touch_end[], child_walk[],
    child_walk_end[];

static uint32_t sample[SAMPLES];

static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void report(const char *name) {
  qsort(sample, SAMPLES, sizeof *sample, by_value);
  debug_print("bench,%s,%u,%u,%u\n", name, SAMPLES, sample[SAMPLES / 2], sample[0]);
}

static void bench_null(void) {
  for (uint32_t i = 0; i < SAMPLES; i++) {
    uint64_t start = rdinstret();
    kcall(SYS_NULL, 0, 0, 0, 0, 0, 0, 0);
    sample[i] = (uint32_t)(rdinstret() - start);
  }
  report("null kernel call");
}

static void bench_ipc(void) {
  handle_t endpoint = root_endpoint();
  handle_t space = root_child(1, child_echo, (uint32_t)(child_echo_end - child_echo), HANDLE_NONE,
                              endpoint);
  handle_t thread = root_thread(space);
  if (kcall(SYS_THREAD_START, thread, CHILD_CODE, 0, 0, 0, 0, 0)) panic("start");
  for (uint32_t i = 0; i < SAMPLES; i++) {
    uint64_t start = rdinstret();
    kcall_call(endpoint, i, 0, 0, 0, 0, 0);
    sample[i] = (uint32_t)(rdinstret() - start);
  }
  report("IPC call and reply between spaces");
}

static void bench_fault(void) {
  handle_t endpoint = root_endpoint();
  handle_t space = root_child(2, child_touch, (uint32_t)(child_touch_end - child_touch), endpoint,
                              HANDLE_NONE);
  handle_t thread = root_thread(space);
  if (kcall(SYS_THREAD_START, thread, CHILD_CODE, 0, CHILD_DATA, 0, 0, 0)) panic("start");
  struct event event;
  kcall_wait(endpoint, &event);
  for (uint32_t i = 0; i < SAMPLES; i++) {
    uint64_t start = rdinstret();
    kcall_reply_wait(event.token, endpoint, 0, 0, 0, 0, 0, &event);
    sample[i] = (uint32_t)(rdinstret() - start);
  }
  report("fault forwarded and resumed");
  kcall(SYS_DESTROY, thread, 0, 0, 0, 0, 0, 0);
}

static void bench_map(void) {
  handle_t endpoint = root_endpoint();
  handle_t space = root_child(3, child_walk, (uint32_t)(child_walk_end - child_walk), endpoint,
                              HANDLE_NONE);
  root_fund(space, 4);
  handle_t thread = root_thread(space);
  if (kcall(SYS_THREAD_START, thread, CHILD_CODE, 0, CHILD_DATA, 0, 0, 0)) panic("start");
  uint32_t frame = root_user_frame();
  struct event event;
  kcall_wait(endpoint, &event);
  for (uint32_t i = 0; i < SAMPLES; i++) {
    uint64_t start = rdinstret();
    uint64_t page = event.word[0] & ~PAGE_MASK;
    kcall_event(SYS_MAP_REPLY_WAIT, event.token, endpoint | (uint64_t)HANDLE_BOOT_RAM << 32,
                page | PROT_R | PROT_W, 1, frame, 0, 0, &event);
    sample[i] = (uint32_t)(rdinstret() - start);
    if ((int64_t)event.token < 0) panic("map: %ld", (long)event.token);
  }
  report("fault answered with a ready frame");
  kcall(SYS_DESTROY, thread, 0, 0, 0, 0, 0, 0);
}

void server_main(const struct server_info *info) {
  root_init((const struct boot_info *)(const void *)info);
  bench_null();
  bench_ipc();
  bench_fault();
  bench_map();
  root_exit(0);
}
