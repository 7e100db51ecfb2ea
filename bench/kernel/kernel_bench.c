// Costs of the kernel's own operations, in instructions, with nothing but the kernel in between.
// Runs in the place of the pager. Lines as of bench/posix/measure.h.
#include <stdlib.h>

#include "abi/layout.h"
#include "abi/stats.h"
#include "bench/kernel/root.h"
#include "bench/kernel/timed.h"
#include "libsys/server_rt/panic.h"
#include "libsys/server_rt/server_rt.h"

#define SAMPLES 1001u

extern const char child_echo[], child_echo_end[], child_touch[], child_touch_end[], child_walk[],
    child_walk_end[];

// What explains a figure, in the order of the report's columns.
static const uint32_t explained[] = {STAT_ENTRIES, STAT_CALLS, STAT_SWITCHES, STAT_FENCES,
                                     STAT_FAULTS};
#define EXPLAINED (sizeof explained / sizeof explained[0])

static uint32_t sample[SAMPLES];
static uint64_t before[EXPLAINED];

static uint64_t stat(uint32_t number) {
  return (uint64_t)kcall(SYS_STAT, HANDLE_KERNEL, number, 0, 0, 0, 0, 0);
}

static void begin(void) {
  for (uint32_t i = 0; i < EXPLAINED; i++) before[i] = stat(explained[i]);
}

static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void report(const char *key) {
  uint64_t after[EXPLAINED];
  for (uint32_t i = 0; i < EXPLAINED; i++) after[i] = stat(explained[i]);
  after[0] -= EXPLAINED;  // the questions themselves are entries
  qsort(sample, SAMPLES, sizeof *sample, by_value);
  debug_print("bench,%s,%u,%u,%u", key, SAMPLES, sample[SAMPLES / 2], sample[0]);
  for (uint32_t i = 0; i < EXPLAINED; i++) {
    debug_print(",%u", (uint32_t)((after[i] - before[i] + SAMPLES / 2) / SAMPLES));
  }
  debug_print(",0,0,0\n");
}

static void bench_null(void) {
  begin();
  for (uint32_t i = 0; i < SAMPLES; i++) {
    struct timed call = {{[7] = SYS_NULL}};
    sample[i] = timed_kcall(&call);
  }
  report("null_call");
}

static void bench_ipc(void) {
  handle_t endpoint = root_endpoint();
  handle_t space =
      root_child(1, child_echo, (uint32_t)(child_echo_end - child_echo), HANDLE_NONE, endpoint);
  handle_t thread = root_thread(space);
  if (kcall(SYS_THREAD_START, thread, CHILD_CODE, 0, 0, 0, 0, 0)) panic("start");
  begin();
  for (uint32_t i = 0; i < SAMPLES; i++) {
    struct timed call = {{endpoint, i, [7] = SYS_CALL}};
    sample[i] = timed_kcall(&call);
    if (call.a[0] != i) panic("ipc: %ld", (long)call.a[0]);
  }
  report("ipc");
}

// A thread in a space of its own that faults at CHILD_DATA. Its first fault is in *event.
static handle_t faulter(uint32_t badge, const char *code, const char *end, handle_t endpoint,
                        struct event *event) {
  handle_t space = root_child(badge, code, (uint32_t)(end - code), endpoint, HANDLE_NONE);
  root_fund(space, 4);
  handle_t thread = root_thread(space);
  if (kcall(SYS_THREAD_START, thread, CHILD_CODE, 0, CHILD_DATA, 0, 0, 0)) panic("start");
  kcall_wait(endpoint, event);
  return thread;
}

static void bench_fault(void) {
  handle_t endpoint = root_endpoint();
  struct event event;
  handle_t thread = faulter(2, child_touch, child_touch_end, endpoint, &event);
  struct timed call = {{event.token}};
  begin();
  for (uint32_t i = 0; i < SAMPLES; i++) {
    call.a[1] = endpoint;
    call.a[7] = SYS_REPLY_WAIT;
    sample[i] = timed_kcall(&call);
    if ((int64_t)call.a[0] < 0) panic("fault: %ld", (long)call.a[0]);
  }
  report("fault_forwarded");
  kcall(SYS_DESTROY, thread, 0, 0, 0, 0, 0, 0);
}

static void bench_map(void) {
  handle_t endpoint = root_endpoint();
  struct event event;
  handle_t thread = faulter(3, child_walk, child_walk_end, endpoint, &event);
  uint32_t frame = root_user_frame();
  struct timed call = {{event.token, [2] = event.word[0]}};
  begin();
  for (uint32_t i = 0; i < SAMPLES; i++) {
    call.a[1] = endpoint | (uint64_t)HANDLE_BOOT_RAM << 32;
    call.a[2] = (call.a[2] & ~PAGE_MASK) | PROT_R | PROT_W;
    call.a[3] = 1;
    call.a[4] = frame;
    call.a[7] = SYS_MAP_REPLY_WAIT;
    sample[i] = timed_kcall(&call);
    if ((int64_t)call.a[0] < 0) panic("map: %ld", (long)call.a[0]);
  }
  report("fault_ready_frame");
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
